"""Hosts that a text may lead to besides those that `find_links` reads: for lists alone.

A link that a blank or a sign breaks has more than one reading: programs that link addresses stop
there, people read on. Lists count them all, so that no allowed host is written behind another.
"""

from __future__ import annotations

import re
from typing import Final

from classifiers.text.suffixes import last_labels

_HOST: Final = re.compile(
    r"(?i)(?://(?:[^\s/?#]+@)?|(?<![\w.@-])(?=www\.))"
    r"([\w-]{1,63}(?:\s{0,2}\.[\w-]{1,63}){1,126})"
)
_BLANKS: Final = re.compile(r"\s+")


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
