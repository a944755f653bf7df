"""Commands on pages break between their words."""

import html
import re

from whole_commands import whole_words

START, END = '<div class="highlight-bash notranslate"><div class="highlight"><pre>', "</pre></div></div>"


def test_commands_break_between_words_and_say_what_they_said() -> None:
    gap = '<span class="w"> </span>'
    code = gap.join(["na2q", "train", "--seed", '<span class="m">1</span>'])
    text = f"""<span></span>{code} -p tasks <span class="s1">'["a", "b"]'</span>\n<span class="c1"># a comment</span>"""
    marked = whole_words(START + text + END)
    words = re.findall(r'<span class="na2q-word">((?:[^<]|<span[^>]*>[^<]*</span>)*)</span>', marked)
    assert words[:6] == ["na2q", "train", "--seed", '<span class="m">1</span>', "-p", "tasks"]
    assert html.unescape(re.sub("<[^>]+>", "", marked)) == html.unescape(re.sub("<[^>]+>", "", text))
    python = text.join((START.replace("bash", "python"), END))
    assert whole_words(python) == python
