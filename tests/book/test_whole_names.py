"""Names of tasks, options, short code and formulas with their full stop do not break at the end of a line."""

import pytest
import whole_names


def whole(text: str) -> str:
    return f'<span class="na2q-whole">{text}</span>'


@pytest.mark.parametrize("name", ["lbf-3p-3f", "battle-2s3z", "Foraging-8x8-2p-2f-coop-v3", "--total-steps", "-p"])
def test_a_name_is_kept_whole_in_text(name: str) -> None:
    assert whole_names.kept_whole(f"<p>On {name}, then.</p>") == f"<p>On {whole(name)}, then.</p>"


@pytest.mark.parametrize(
    "html",
    [
        "<p>a well-known team of 3</p>",
        f"<p>run-{'long-' * 6}1</p>",
        '<a href="lbf-3p-3f.html" title="lbf-3p-3f">here</a>',
        "<svg><text>lbf-3p-3f</text></svg>",
        "<script>const task = 'lbf-3p-3f';</script>",
        "<p>lbf-3p-3f.csv and well.known-1</p>",
        "<p>from 3 - 2 to &#45;1</p>",
        r'<p><span class="math notranslate nohighlight">\(n-1\)</span> of</p>',
        r'<div class="math notranslate nohighlight"><span class="eqno">(1)</span>\[n-1\]</div>',
    ],
)
def test_all_else_is_left_as_it_was(html: str) -> None:
    assert whole_names.kept_whole(html) == html


def test_a_path_may_break_behind_its_bars_only() -> None:
    path = f"runs/{whole('lbf-3p-3f')}/na2q_released/{whole('seed-1')}"
    assert whole_names.kept_whole("<pre>runs/lbf-3p-3f/na2q_released/seed-1</pre>") == f"<pre>{path}</pre>"


def test_short_code_is_kept_whole_and_long_code_is_not() -> None:
    for length in (8, 60):
        code = "x" * length
        marked = ' na2q-whole"' if length == 8 else '"'
        assert whole_names.kept_whole(f'<span class="pre">{code}</span>') == f'<span class="pre{marked}>{code}</span>'
    assert whole_names.kept_whole("<td><code>lbf-3p-3f</code></td>") == (
        '<td><code class="na2q-whole">lbf-3p-3f</code></td>'
    )


def test_a_number_keeps_what_it_counts_except_in_code() -> None:
    said = "n = 3, 0.84 ± 0.08, 5 \xd7 5, 95 %"
    assert whole_names.kept_whole(f"<td>{said}</td>") == (
        "<td>n\xa0=\xa03, 0.84\xa0±\xa00.08, 5\xa0\xd7\xa05, 95\xa0%</td>"
    )
    for code in (f"<pre># {said}</pre>", f'<code class="x">{said}</code>', "<p>lr = 3, mean ± deviation</p>"):
        assert whole_names.kept_whole(code) == code


def test_a_reference_keeps_its_number_and_a_module_in_a_heading_breaks_behind_dots() -> None:
    assert whole_names.kept_whole('<p>(Figure 3, Eq. <a href="#x">(8)</a>)</p>') == (
        '<p>(Figure\xa03, Eq.\xa0<a href="#x">(8)</a>)</p>'
    )
    assert whole_names.kept_whole("<h2>explain.credits.games<a>#</a></h2>") == (
        "<h2>explain.<wbr>credits.<wbr>games<a>#</a></h2>"
    )


def test_a_link_does_not_begin_with_a_space() -> None:
    assert whole_names.kept_whole('<p>Solution to<a href="#x"> it</a></p>') == '<p>Solution to <a href="#x">it</a></p>'


def test_a_formula_keeps_its_brackets_and_its_full_stop() -> None:
    formula = r'<span class="math notranslate nohighlight">\(f_k\)</span>'
    assert whole_names.kept_whole(f"<p>of the {formula}, and</p>") == f"<p>of the {whole(formula + ',')} and</p>"
    assert whole_names.kept_whole(f"<p>of {formula}”, and</p>") == f"<p>of {whole(formula + '”,')} and</p>"
    assert whole_names.kept_whole(f"<p>of ({formula})</p>") == f"<p>of {whole('(' + formula + ')')}</p>"
    assert whole_names.kept_whole(f"<p>of {formula} and</p>") == f"<p>of {formula} and</p>"


def test_what_stands_before_a_member_breaks_between_its_words() -> None:
    before = '<span class="sig-prename descclassname"><span class="pre">on_explanations.Test.</span></span>'
    assert "on_<wbr>explanations.<wbr>Test.<wbr></span>" in whole_names.kept_whole(before)
    assert "<wbr>" not in whole_names.kept_whole(
        '<span class="sig-name descname"><span class="pre">of_battles</span></span>'
    )
