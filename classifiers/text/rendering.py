"""A text as a browser shows it: entities, formatting, the order of letters, coded links."""

from __future__ import annotations

import base64
import binascii
import html
import re
import unicodedata
from functools import lru_cache
from typing import Final
from urllib.parse import unquote

from classifiers.text import lexicon
from classifiers.text.characters import INVISIBLE, MEMORY
from classifiers.text.disguises.called import called
from classifiers.text.disguises.codes import decoded
from classifiers.text.disguises.mended_links import mended
from classifiers.text.disguises.notations import noted
from classifiers.text.disguises.spelling import is_bracketed
from classifiers.text.markup import unmarked
from classifiers.text.tags import hides

_NESTED: Final = re.compile(r"&(?:amp;|#38;|#x26;)+", re.IGNORECASE)
_ENTITY: Final = re.compile(
    r"&(?:#[0-9]{1,7};?|#[xX][0-9a-fA-F]{1,6};?|[a-zA-Z][a-zA-Z0-9]{1,31};)"
)
_INLINE: Final = (
    "b|i|u|s|q|a|em|tt|del|ins|sub|sup|big|kbd|var|abbr|bdi|bdo|cite|code|font|mark|samp|span|"
    "small|strike|strong|wbr|color|colour|size|style|url"
)
# Between letters only: what stands by itself may be quoted, and shows as it is.
_MARK: Final = re.compile(
    rf"(?<=\w)(?:<!--[^<>]{{0,80}}-->|</?(?:{_INLINE})(?:\s[^<>]{{0,200}})?/?>"
    rf"|\[/?(?:{_INLINE})(?:=[^\[\]\s]{{0,80}})?\]|(?<![*\d])\*{{4}}(?![*\d]))+(?=\w)",
    re.IGNORECASE,
)
_UNSEEN: Final = "\u00ad\u200b-\u200f\u2060-\u2064\ufeff"
_MAYBE_MARK: Final = re.compile(r"[<\[*](?<=\w.)")
# What shows nothing, and says nothing where a site shows it as it is.
_NOTHING: Final = re.compile(
    rf"(?<=[\w{_UNSEEN}])(?:<!--[^\w<>]{{0,80}}-->|<wbr\s?/?>)(?!<[a-z/])", re.IGNORECASE
)
_HIDDEN: Final = re.compile(
    r"(?<=\w)<(span|b|i|u|font|small)\s([^<>]{1,400})>[^\s<>./:@]{0,40}</\1>(?=\w)",
    re.IGNORECASE,
)
"""Within a word only, and no link: where a site shows text as it is, people read the rest."""
_OVERRIDE: Final = re.compile("([\u202d\u202e])([^\u202a-\u202e\n\r\u2029]*)\u202c?")
_ISOLATED: Final = re.compile("[\u2066-\u2068]([^\u2066-\u2069]*)\u2069|[^\u2066-\u2069]")
"""What keeps its own order within another's, or one sign; deeper ones are none of people's."""
_WORD: Final = re.compile(r"[a-z]{2,24}")
_RIGHT_TO_LEFT: Final = frozenset(("R", "AL", "AN"))
_CODE: Final = 16
_CODED: Final = re.compile(r"(?<![\w+/=%.-])[A-Za-z0-9+/_-]{16,2048}={0,2}(?![\w+/=%-])")
_LONG: Final = re.compile(rf"\S{{{_CODE},}}")
_LINK: Final = re.compile(r"(?i)(?:https?://|www\.)?[a-z0-9-]+(?:\.[a-z0-9-]+)+(?:[/?#:][!-~]*)?")
_BACKWARDS: Final = re.compile(r"(?i)(?<!\S)[!-~]{3,2000}//:s?ptth(?!\S)")
_ESCAPED: Final = re.compile(r"(?:%(?:3[0-9]|[46][1-9A-Fa-f]|[57][0-9Aa])){3,}")
_ALL_ESCAPED: Final = re.compile(r"(?:%[2-7][0-9A-Fa-f]){6,}")
_FEWEST_BLANKS: Final = 3
_RUN: Final = re.compile(r"\S+")
_OF_LINKS: Final = re.compile(r"://|[?=&]|^www\.", re.IGNORECASE)
_PHRASE: Final = re.compile(r"[A-Za-z]{2} [A-Za-z]{2}")
# RFC 3986, 2.3: what these stand for means the same unescaped.
_UNRESERVED: Final = re.compile("%(?:2[DdEe]|3[0-9]|[46][1-9A-Fa-f]|5[0-9AaFf]|7[0-9AaEe])")
_IN_LINK: Final = re.compile(r"(?i)(?:://|\bwww[.\u3002\uff0e\uff61])[^\s%]{1,300}%\S*")
_BACKSLASHED: Final = re.compile(r"\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4})")
_FEWEST_BACKSLASHED: Final = 4
"""Fewer are quoted from a program."""


@lru_cache(maxsize=MEMORY)
def rendered(text: str) -> str:
    """Return the text as it is shown, as far as that makes other words of it.

    >>> rendered("fr&#101;e m<b></b>oney"), rendered("a &lt; b <i>c</i>")
    ('free money', 'a < b <i>c</i>')
    >>> rendered("\u202eyenom eerf\u202c")
    'free money'
    """
    if "&" in text and _ENTITY.search(text):
        text = _ENTITY.sub(_entity, _NESTED.sub("&", text))
    if "\u202e" in text or "\u202d" in text:
        text = _OVERRIDE.sub(_as_shown, text)
    if "//:" in text:
        text = _BACKWARDS.sub(lambda found: found[0][::-1], text)
    if "<" in text:
        text = _HIDDEN.sub(lambda found: "" if hides(found[2]) else found[0], text)
        text = _NOTHING.sub("", text)
    text = unmarked(text)
    if _MAYBE_MARK.search(text) and not is_bracketed(text):
        text = _MARK.sub("", text)
    if text.count("%20") >= _FEWEST_BLANKS:
        text = _RUN.sub(_with_blanks, text)
    if "%" in text:
        text = _ALL_ESCAPED.sub(_unescaped, text)
        text = _ESCAPED.sub(lambda found: unquote(found[0]), text)
        text = _IN_LINK.sub(lambda found: _UNRESERVED.sub(_unreserved, found[0]), text)
    if "\\" in text and len(_BACKSLASHED.findall(text)) >= _FEWEST_BACKSLASHED:
        text = _BACKSLASHED.sub(_backslashed, text)
    text = mended(called(decoded(noted(text))))
    long = [token for token in text.split() if len(token) >= _CODE]
    coded = any(_CODED.sub(_link, token) != token for token in long)
    return _LONG.sub(_with_links, text) if coded else text


def _unescaped(found: re.Match[str]) -> str:
    """Words that were coded with the blanks between them; other signs may belong to a link."""
    plain = unquote(found[0])
    return plain if plain.isprintable() and _PHRASE.search(plain) else found[0]


def _with_blanks(found: re.Match[str]) -> str:
    """A text that was coded for a link and is none."""
    run = found[0]
    if run.count("%20") < _FEWEST_BLANKS or _OF_LINKS.search(run):
        return run
    plain = unquote(run)
    shown = plain.isprintable() and "\ufffd" not in plain
    return plain if shown and any(map(str.isalpha, plain)) else run


def _with_links(found: re.Match[str]) -> str:
    return _CODED.sub(_link, found[0])


def _entity(found: re.Match[str]) -> str:
    """The character, unless it is one that no text has."""
    char = html.unescape(found[0])
    return char if all(map(_may_stand, char)) else found[0]


def _may_stand(char: str) -> bool:
    return char.isprintable() or char.isspace() or (char in INVISIBLE and char >= "\xa0")


def _unreserved(found: re.Match[str]) -> str:
    return chr(int(found[0][1:], 16))


def _backslashed(found: re.Match[str]) -> str:
    char = chr(int(found[0][2:], 16))
    return char if char.isprintable() else found[0]


def _as_shown(found: re.Match[str]) -> str:
    """Letters that an override shows against their own order, in the order that people read."""
    control, run = found.groups()
    parts = [part[1] or part[0] for part in _ISOLATED.finditer(run)]
    kinds = [unicodedata.bidirectional(char) for char in run]
    leftwards = sum(kind in _RIGHT_TO_LEFT for kind in kinds)
    rightwards = sum(kind in ("L", "EN") for kind in kinds)
    against = rightwards > leftwards if control == "\u202e" else leftwards > rightwards
    shown, run = "".join(reversed(parts)), "".join(parts)
    return shown if against and _words(shown) >= _words(run) else run


def _words(text: str) -> int:
    """How many common words: what nobody can read as it is shown was not meant to be."""
    return sum(map(lexicon.known, _WORD.findall(text.lower())))


def _link(found: re.Match[str]) -> str:
    """What was coded in base64, if it is a link and nothing else."""
    coded = found[0].rstrip("=")
    if coded.islower() or coded.isupper() or coded.isdigit():
        return found[0]
    try:
        plain = base64.b64decode(
            coded.replace("-", "+").replace("_", "/") + "=" * (-len(coded) % 4)
        )
        text = plain.decode("ascii")
    except (binascii.Error, ValueError):
        return found[0]
    return text if _LINK.fullmatch(text) else found[0]
