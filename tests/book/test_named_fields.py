"""Fields of named tuples are described by the comments of their lines."""

import named_fields

from na2q.evaluation.igm import Counted
from na2q.nets.slots import Slots


def test_comment_of_a_field_is_found_and_other_comments_are_not() -> None:
    assert named_fields.remarks(Counted)["joint_actions"] == "tried for each weight set"
    assert "weight_sets" not in named_fields.remarks(Counted)
    assert set(named_fields.remarks(Slots)) == set(Slots._fields)


def test_text_of_python_gives_way_and_a_text_of_ours_stays() -> None:
    for field, said in (("joint_actions", ["Tried for each weight set.", ""]), ("weight_sets", [])):
        lines = ["Alias for field number 1"]
        named_fields.describe(None, "attribute", f"na2q.evaluation.igm.Counted.{field}", None, None, lines)
        assert lines == said
    lines = ["Loss of the best fixed mask, the empty code."]
    named_fields.describe(None, "attribute", "na2q.theory.rate.Price.empty", None, None, lines)
    assert lines == ["Loss of the best fixed mask, the empty code."]


def test_signs_of_a_comment_are_no_markup() -> None:
    assert named_fields.sentence("index[p] of x_i * 2, see `a_b`") == r"Index[p] of x\_i \* 2, see ``a_b``."
