"""Markup that changes no word, taken away as a browser or a renderer of Markdown does it.

Only where there is much of it: what stands by itself may be quoted, and shows as it is.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Final

_INLINE: Final = (
    "b|i|u|s|em|tt|del|ins|sub|sup|big|kbd|var|cite|font|mark|samp|span|small|strike|strong|color|"
    "size"
)
_BLOCKS: Final = (
    "p|div|center|blockquote|h[1-6]|ul|ol|li|dl|dt|dd|table|thead|tbody|tfoot|tr|td|th|section|"
    "article"
)
# Attributes that lead somewhere or hide something are left for those who look for that.
_PLAIN: Final = r"(?:\s(?![^<>]{0,200}?(?:href|src|style|hidden|://))[^<>]{0,200})?"
_TAG: Final = re.compile(
    rf"<(?P<close>/?)(?P<name>{_INLINE}|{_BLOCKS}){_PLAIN}>"
    rf"|\[(?P<end>/?)(?P<code>{_INLINE})(?:=[^\[\]\s]{{0,80}})?\]",
    re.IGNORECASE,
)
_BLOCK: Final = re.compile(_BLOCKS)
_FEWEST_PAIRS: Final = 3
_NOWHERE: Final = re.compile(
    r"\[([^\[\]\n]{1,200})\]\((?:#[\w-]{0,60})?\)"
    r"|<a\s{1,9}href\s{0,9}=\s{0,9}[\"']?(?:#[\w-]{0,60})?[\"']?\s{0,9}>([^<>]{0,200})</a\s{0,9}>",
    re.IGNORECASE,
)
_ROW: Final = re.compile(r"^[ \t]*\|([^\n]*)\|[ \t]*$", re.MULTILINE)
_RULE: Final = re.compile(r"[\s|:-]*")
_FEWEST_ROWS: Final = 2
_UNDERSCORED: Final = re.compile(r"\S*_\S*")
_FEWEST_UNDERSCORES: Final = 4
_FEWEST_WORDS: Final = 3
_NO_WORD: Final = frozenset("/\\.:=")


def unmarked(text: str) -> str:
    """Return the text without markup that shows no letter and leads nowhere.

    >>> unmarked("[send](#) [cash](#)"), unmarked("<b>send</b> <b>some</b> <b>cash</b>")
    ('send cash', 'send some cash')
    >>> unmarked("| send |\\n| cash |"), unmarked("send_some_cash_to_me"), unmarked("use <b> here")
    (' send \\n cash ', 'send some cash to me', 'use <b> here')
    """
    if "](" in text or "</a" in text or "</A" in text:
        text = _NOWHERE.sub(lambda found: found[1] or found[2] or "", text)
    if ("</" in text or "[/" in text) and "`" not in text:
        text = _without_tags(text)
    if text.count("|") >= 2 * _FEWEST_ROWS and len(_ROW.findall(text)) >= _FEWEST_ROWS:
        text = _ROW.sub(_cells, text)
    if text.count("_") >= _FEWEST_UNDERSCORES and text.count("_") > 2 * text.count(" "):
        text = _UNDERSCORED.sub(_with_spaces, text)
    return text


def _without_tags(text: str) -> str:
    """Without the tags that come in pairs, if there are enough of them."""
    opened, closed = Counter[str](), Counter[str]()
    for found in _TAG.finditer(text):
        name = (found["name"] or found["code"]).lower()
        (closed if found["close"] or found["end"] else opened)[name] += 1
    paired = {name for name, count in opened.items() if closed[name] == count}
    if sum(opened[name] for name in paired) < _FEWEST_PAIRS:
        return text

    def shown(found: re.Match[str]) -> str:
        name = (found["name"] or found["code"]).lower()
        if name not in paired:
            return found[0]
        return " " if _BLOCK.fullmatch(name) else ""

    return _TAG.sub(shown, text)


def _cells(found: re.Match[str]) -> str:
    return "" if _RULE.fullmatch(found[1]) else found[1].replace("|", " ")


def _with_spaces(found: re.Match[str]) -> str:
    """Words with a line between each two; a link or a path begins with what no word holds."""
    parts = [part for part in found[0].split("_") if part]
    words = sum(any(map(str.isalpha, part)) for part in parts)
    if words < _FEWEST_WORDS or not _NO_WORD.isdisjoint(parts[0]):
        return found[0]
    return " ".join(parts)
