"""NA2Q's credits and values with nets of width 1, worked out by hand.

Unless a test says otherwise the utilities are q = (1, -3) and the state is s = 2, so that every such net
maps s to 2.
"""

from math import exp, sqrt
from typing import Any

import pytest
import torch
from hand_computed import assert_is, build, context, elu, mix


def na2q(**options: Any) -> Any:
    return build("na2q", shape_hidden=(1, 1), embed=1, bias_hidden=(1, 1), vae_hidden=1, **options)


def attention(relu_on: str, scale: float) -> list[float]:
    """Credits for key (3/4, -3/4, 3/2) and query diag(2, 2, -2)."""
    key, query = [0.75, -0.75, 1.5], [2.0, 2.0, -2.0]
    if relu_on == "semantics":
        key = [max(x, 0) for x in key]
    else:
        query = [max(x, 0) for x in query]
    weights = [exp(scale * k * q) for k, q in zip(key, query, strict=True)]
    return [w / sum(weights) for w in weights]


@pytest.mark.parametrize(("relu_on", "scaled"), [("semantics", True), ("state", False)])
def test_na2q(relu_on: str, scaled: bool) -> None:
    model = na2q(relu_on=relu_on, scale_credits=scaled)
    with torch.no_grad():
        model.mixer.credits.key_out.weight.copy_(torch.tensor([[1.0], [-1.0], [2.0]]))
        model.mixer.credits.query_out.weight.copy_(torch.tensor([1.0, 1.0, -1.0]).diag().reshape(9, 1))
    out = mix(model, context(semantics=[[[0.5], [0.25]]]))
    credits = attention(relu_on, 1 / sqrt(3) if scaled else 1.0)
    shapes = [elu(elu(q)) for q in (1, -3, 1 - 3)]
    assert_is(out.credits, *credits)
    assert_is(out.contributions, *shapes)
    assert_is(out.q_tot, sum(c * f for c, f in zip(credits, shapes, strict=True)) + 2)


def test_na2q_query_rows_belong_to_the_coalition_that_they_credit() -> None:
    model = na2q()
    with torch.no_grad():
        model.mixer.credits.query_out.weight.zero_()[2] = 1.0  # row 0, column 2 of the query
    out = mix(model, context(semantics=[[[0.5], [0.25]]]))
    logit = 2 * 0.75 / sqrt(3)
    assert_is(out.credits, *(x / (exp(logit) + 2) for x in (exp(logit), 1, 1)))


def test_na2q_without_semantics_in_the_context_is_an_error() -> None:
    with pytest.raises(ValueError, match="semantics"):
        mix(na2q())


def test_na2q_credits_from_the_state_ignore_semantics() -> None:
    model = na2q(credits="state")
    with torch.no_grad():
        model.mixer.credits.key_out.weight.copy_(torch.tensor([[1.0], [-1.0], [2.0]]))
        model.mixer.credits.query_out.weight.copy_(torch.eye(3).reshape(9, 1))
    weights = [exp(x / sqrt(3)) for x in (2 * 2, 0, 2 * 4)]  # key ReLU(2, -2, 4), query 2 I
    assert_is(mix(model).credits, *(w / sum(weights) for w in weights))
    assert model.vae is None


@pytest.mark.parametrize(("value", "credit"), [("one", 1.0), ("mean", 1 / 3)])
@pytest.mark.parametrize("state_bias", [True, False])
def test_na2q_uniform_credits_add_the_shape_functions(value: str, credit: float, state_bias: bool) -> None:
    out = mix(na2q(credits="uniform", uniform_credit=value, state_bias=state_bias))
    total = elu(elu(1)) + elu(elu(-3)) + elu(elu(-2))
    assert_is(out.q_tot, credit * total + 2 * state_bias)
    assert_is(out.credits, credit, credit, credit)
