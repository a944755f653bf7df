"""The diagrams show what the method has: one shape function and one credit for each coalition."""

import matplotlib.pyplot as plt
import pytest

from na2q.book.diagrams import draw_additive_mixer, draw_framework


def texts(fig) -> list[str]:
    return [text.get_text() for text in fig.axes[0].texts]


@pytest.mark.parametrize("n", [2, 3, 4])
def test_additive_mixer_draws_every_agent_and_pair_once(n: int) -> None:
    fig = draw_additive_mixer(n)
    assert sum(text.startswith("$f_{") for text in texts(fig)) == n + n * (n - 1) // 2
    assert sum("alpha" in text for text in texts(fig)) == n + n * (n - 1) // 2
    plt.close(fig)


def test_framework_names_the_equations() -> None:
    fig = draw_framework()
    shown = " ".join(texts(fig))
    assert all(f"Eq. {number}" in shown for number in (6, 7, 8, 9))
    plt.close(fig)
