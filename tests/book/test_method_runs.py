"""The page of a method lists what is stored of it, and every link leads to a file of the tree."""

import re

import matplotlib.pyplot as plt
import pytest

from na2q.book import stored
from na2q.book.concordance import SOURCES
from na2q.methods import METHODS
from na2q.paths import repo_root


@pytest.mark.parametrize("method", METHODS)
def test_links_lead_to_files_of_the_tree(method: str) -> None:
    for address in re.findall(r"\]\(([^)]+)\)", stored.as_markdown(method)):
        assert (repo_root() / address.removeprefix(f"{SOURCES}/")).is_file()


def test_each_run_has_its_command_and_weights_can_be_loaded_by_what_is_printed() -> None:
    text = stored.as_markdown("vdn")
    assert 0 < text.count("\nna2q train --method vdn") == text.count("[metrics.csv]")
    (path,) = re.findall(r'na2q\.load\("([^"]+)"\)', text)
    assert (repo_root() / path / "weights.safetensors").is_file()


@pytest.mark.parametrize("method", METHODS)
def test_no_two_commands_of_a_page_write_to_one_folder(method: str) -> None:
    folders = re.findall(r"^na2q train .* --run-dir (\S+)$", stored.as_markdown(method), flags=re.M)
    assert folders
    assert len(folders) == len(set(folders))
    assert all(folder.startswith("runs/") for folder in folders)


def test_where_nothing_is_stored_the_page_says_so() -> None:
    assert stored.as_markdown("nobody") == (
        "No run of this method is stored yet.\n\nNo weights of this method are stored."
    )
    (axes,) = stored.curve("nobody").axes
    assert [text.get_text() for text in axes.texts] == ["no runs yet"]
    plt.close("all")


def test_curve_is_that_of_the_method_and_others_stand_behind() -> None:
    axes = stored.curve("qplex").axes[0]
    named = [text.get_text() for text in axes.texts]
    assert named == ["QPLEX"]
    assert len(axes.lines) > 1
    plt.close("all")


@pytest.mark.parametrize("method", METHODS)
def test_names_of_curves_leave_their_panel_its_room(method: str) -> None:
    figure = stored.curve(method)
    assert all(len(text.get_text()) <= 20 for axes in figure.axes for text in axes.texts)
    figure.canvas.draw()
    assert all(axes.get_window_extent().width > 0.25 * figure.bbox.width for axes in figure.axes)
    plt.close("all")
