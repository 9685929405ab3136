"""Markup that changes no word, taken away as a browser or a renderer of Markdown does it.

What parts the words of a text, or decorates them, is no part of them, whichever renderer a site
has. What leads somewhere stays, and so does code.
"""

from __future__ import annotations

import re
from typing import Final

from classifiers.text import lexicon
from classifiers.text.leaders import without_leaders
from classifiers.text.tags import NOWHERE, outside_code, without_tags

_TITLE: Final = r"(?:\s{1,3}(?:\"[^\"\n]{0,99}\"|'[^'\n]{0,99}'|\([^()\n]{0,99}\)))?"
# What follows a name or a bracket is an index.
_DEAD: Final = re.compile(
    rf"(?<![\w\])])\[([^\[\]\n]{{1,200}})\](?:\(\s{{0,3}}{NOWHERE}{_TITLE}\s{{0,3}}\)|\[\])"
    rf"|\[url=[\"']?{NOWHERE}[\"']?\]([^\[\]]{{0,200}})\[/url\]"
    r"|\[\[(?:[^\[\]|\n]{1,99}\|)?(\w[\w .,'-]{0,199})\]\]",
    re.IGNORECASE,
)
_STRESSED: Final = re.compile(
    r"(?<![^\s(\"'*_~\[])(?<!\*)(\*{1,3}(?!\*)|~~(?!~)|(?<!_)_{1,3}(?!_))(?=\S)"
    r"([^\n*~]{1,200}?)(?<=\S)\1(?![^\W_]|(?<=\*)\*|(?<=~)~)"
    r"|(?<=[^\W\d_])\*\*([^\W\d_]{1,24})\*\*(?=[^\W\d_]|$|\s)"
    r"|(?<![\w*\\])\*\*([^\W\d_]{1,24})\*\*(?=[^\W\d_])"
)
# These looks beforehand begin with a sign that is rare: of plain text they skip the most.
_MAYBE_STRESSED: Final = re.compile(
    r"[*_~](?:(?<![^\s(\"'*_~\[].)(?<!\*\*)(?<!__)"
    r"(?:(?<=\*)\*{0,2}+(?!\*)|(?<=~)~(?!~)|(?<=_)_{0,2}+(?!_))\S|(?<=\*)\*[^\W\d_])"
)
_SPANS: Final = re.compile(r"(?<![\w`])(`{1,3})(?=[^\s`])([\w \n.,:;!?'$£€%+-]{1,200})\1(?![\w`])")
_NESTED: Final = 3
"""Kinds of emphasis about one word, at most."""
# A line of a quotation, a heading, a list.
_LED: Final = re.compile(
    r"^(?:[ \t]{0,3}(?:>(?=[\s>\"'(\[*]|[^\W_])|(?:#{1,6}|[-*])(?=[ \t])))+[ \t]{0,3}(?=\S)",
    re.MULTILINE,
)
_WORDS_LED: Final = 8
"""Words to such a line, on average; longer ones are quoted from letters, and show it."""
_ROW: Final = re.compile(r"^[ \t]*\|([^\n]*)\|[ \t]*$", re.MULTILINE)
_RULE: Final = re.compile(r"[\s|:-]*")
_FEWEST_ROWS: Final = 2
_QUOTED: Final = re.compile(r"(?<!\S)[“„«\"]([^\s“”„«»\"]{1,40})[”“»\"]([.,!?;:]{0,3})(?!\S)")
_FEWEST_QUOTED: Final = 4
_UNDERSCORED: Final = re.compile(r"(?<!\S)[^\s_]*+_\S*+")
_FEWEST_UNDERSCORES: Final = 4
_FEWEST_WORDS: Final = 3
_SHORTEST: Final = 3
"""Letters of the longest part; lines between single letters part one word."""
_ENDS: Final = "#.,;:!?'\"()"
_NO_WORDS: Final = re.compile(r"[/~]|.*(?:\\|@\w)")
_LINK: Final = re.compile(
    r"(?:https?|ftps?)://|www\.|(?<![a-z0-9.-])[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,9}/",
    re.IGNORECASE,
)


def unmarked(text: str) -> str:
    """Return the text without markup that shows no letter and leads nowhere.

    >>> unmarked("[send](#) [cash](/)"), unmarked("<b>send</b> <b>some</b> **cash**")
    ('send cash', 'send some cash')
    >>> unmarked("| send |\\n| cash |"), unmarked("send_some_cash_to_me"), unmarked("use <b> here")
    (' send \\n cash ', 'send some cash to me', 'use <b> here')
    """
    if "<" in text or "[/" in text:
        text = without_tags(text)
    if "\n" in text:
        text = without_leaders(text)
    led = [text[mark.end() :].split("\n", 1)[0] for mark in _LED.finditer(text)]
    if sum(len(line.split()) for line in led) < _WORDS_LED * len(led):
        text = _LED.sub("", text)
    if "*" in text or "_" in text or "~~" in text or "`" in text:
        text = _plain(text)
    if "](" in text or "][]" in text or "[/" in text or "[[" in text:
        text = _DEAD.sub(lambda found: next(filter(None, found.groups()), ""), text)
    if text.count("|") >= 2 * _FEWEST_ROWS and len(_ROW.findall(text)) >= _FEWEST_ROWS:
        text = _ROW.sub(_cells, text)
    if any(text.count(sign) >= _FEWEST_QUOTED for sign in '“„«"'):
        text = _unquoted(text)
    return _spaced(text) if "_" in text else text


def _unquoted(text: str) -> str:
    """Without quotation marks about single words, where most words have them."""
    read, count = _QUOTED.subn(r"\1\2", text)
    return read if count >= _FEWEST_QUOTED and 2 * count > len(text.split()) else text


def _plain(text: str) -> str:
    """Without what stresses words, but for code."""
    if "`" in text:
        text = _SPANS.sub(r"\2", text)
    parts = outside_code(text)
    for _ in range(_NESTED):
        before = parts[:]
        parts[::2] = [
            _STRESSED.sub(lambda found: found[2] or found[3] or found[4], part)
            if _MAYBE_STRESSED.search(part)
            else part
            for part in parts[::2]
        ]
        if parts == before:
            break
    return "".join(parts)


def _cells(found: re.Match[str]) -> str:
    return "" if _RULE.fullmatch(found[1]) else found[1].replace("|", " ")


def _spaced(text: str) -> str:
    """With spaces for the lines between words: common ones, or wherever most gaps are lines."""
    lines = text.count("_")
    mostly = lines >= _FEWEST_UNDERSCORES and lines >= len(text.split())

    def words(found: re.Match[str]) -> str:
        token = found[0]
        if _NO_WORDS.match(token):
            return token
        link = _LINK.search(token)
        end = link.start() if link else len(token)
        parts = [part for part in token[:end].split("_") if part]
        bare = [part.strip(_ENDS).lower() for part in parts]
        if len(max(bare, key=len, default="")) < _SHORTEST or lexicon.known("".join(bare)):
            return token
        known = all(lexicon.known(one) or one.isdecimal() for one in bare)
        if not known and not (mostly and sum(map(str.isalpha, bare)) >= _FEWEST_WORDS):
            return token
        return " ".join((*parts, token[end:])).rstrip()

    return _UNDERSCORED.sub(words, text)
