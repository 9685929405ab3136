"""Hosts that a text may lead to besides those that `find_links` reads: for lists alone.

A link that a blank or a sign breaks has more than one reading: programs that link addresses stop
there, people read on. Lists count them all, so that no allowed host is written behind another.
A site may lead on to what a link to it names: that is read as a link of its own.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote

from classifiers.text.suffixes import last_labels
from classifiers.text.urls import unbroken

_HOST: Final = re.compile(
    r"(?i)(?://(?:[^\s/?#]+@)?|(?<![\w.@-])(?=www\.))"
    r"([\w-]{1,63}(?:\s{0,2}\.[\w-]{1,63}){1,126})"
)
_BLANKS: Final = re.compile(r"\s+")
_ONWARD: Final = re.compile(r"(?i)[=?&#]|(?<=[^\s\"'(\[<>])(?=(?:https?|ftp):)|(?<=[^:/\s])//")
_MAYBE_ONWARD: Final = re.compile(r"\S[=?%#]|[^:/\s]//|[\w/](?:https?|ftp):", re.IGNORECASE)
# Where a visitor comes from, by a standard of advertisers: nobody leads on to it.
_SOURCE: Final = re.compile(r"(?<=[?&;])utm_[a-z]{1,16}=[^\s&;#]{0,500}", re.IGNORECASE)
_TIMES: Final = 3
"""How often an address may be written in percent signs, one over the other."""
# Browsers leave these out.
_BREAKS: Final = re.compile("%(?:25){0,2}0[9ad]", re.IGNORECASE)


def written_hosts(text: str) -> tuple[str, ...]:
    """Return the public hosts behind `//` or `www.`, up to and beyond each break.

    >>> written_hosts("http://evil.com_x .example.org/ and www.example.org")
    ('evil.com', 'evil.com_x.example.org', 'www.example.org')
    """
    if "//" not in text and "www." not in text.lower():
        return ()
    return tuple(dict.fromkeys(host for found in _HOST.finditer(text) for host in _of(found[1])))


def _of(written: str) -> list[str]:
    found: list[str] = []
    labels: list[str] = []
    for piece in _BLANKS.split(written.lower()):
        new = piece.removeprefix(".").split(".")
        labels += new
        for place, label in enumerate(new, len(labels) - len(new)):
            # No name that was registered has a line below; dashes end none.
            ends = "_" in label or place == len(labels) - 1
            ending = label.partition("_")[0].rstrip("-")
            if ends and place and ending in last_labels():
                found.append(".".join((*labels[:place], ending)))
    return found


def onward(text: str) -> str:
    """Return the words that name an address within a link, with such addresses set apart.

    >>> onward("see https://example.com/?to=https%3A%2F%2Fevil.com/a%26b and https://example.org/c")
    'https://example.com/ ; to ;  ; https://evil.com/a ; b'
    """
    text = unbroken(text)
    words = [word for word in text.split() if "." in word and _MAYBE_ONWARD.search(word)]
    text = " ".join(words)
    for _ in range(_TIMES if "%" in text else 0):
        text = unquote(_BREAKS.sub("", text))
    return _ONWARD.sub(" ; ", _SOURCE.sub("", text))
