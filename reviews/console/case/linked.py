"""Links taken apart, so that nobody takes one for another; none of them can be clicked. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import idna

from classifiers.heuristics.wording import listed
from classifiers.text.characters import scripts_of
from classifiers.text.confusables import look_alikes
from classifiers.text.urls import Link, find_links
from classifiers.text.written_hosts import onward
from moderation import lists
from reviews.console.case.marks import name

SHOWN: Final = 8
_ONE_IN: Final = 4
"""One letter in so many of a name that poses may look like no Latin one, at most."""


@dataclass(frozen=True, slots=True)
class Linked:
    """One host that is linked to."""

    before: str
    """What stands before the registered domain and belongs to its owner, too."""
    domain: str
    remarks: tuple[str, ...]
    """What makes it look like something else, in sentences."""
    key: str
    """The domain as lists and search know it."""
    url: str
    """The first address at it, as written without disguise."""


def links_of(texts: Iterable[str]) -> tuple[list[Linked], int]:
    """Return the hosts that these texts link to, in order, the first SHOWN, and how many more.

    >>> found, more = links_of(["see https://paypal.com.evil.example.com/x"])
    >>> [(one.before, one.domain) for one in found]
    [('paypal.com.evil.', 'example.com')]
    """
    found: dict[str, Link] = {}
    named: dict[str, list[str]] = {}
    for text in texts:
        for link in find_links(text):
            found.setdefault(link.host, link)
            named.setdefault(link.host, []).extend(_onward(link))
    shown = list(found.values())[:SHOWN]
    return [_taken_apart(link, named[link.host]) for link in shown], len(found) - len(shown)


def _onward(link: Link) -> Iterable[str]:
    """The hosts that a link names behind its own."""
    return (other.host for other in find_links(onward(link.url)) if other.host != link.host)


def _taken_apart(link: Link, named: list[str]) -> Linked:
    before = link.host.removesuffix(link.domain)
    return Linked(
        before=before if before != link.host else "",
        domain=link.domain if before != link.host else link.host,
        remarks=tuple(_remarks(link, named)),
        key="" if link.is_ip else lists.canonical_host(link.domain),
        url=link.url,
    )


def _remarks(link: Link, named: list[str]) -> Iterable[str]:
    if named:
        yield f"May lead on to {listed(named)}, which it names."
    if link.has_userinfo:
        yield "What stands before the @ is no address: it leads here."
    if link.is_shortener:
        yield "A shortener: where it leads is not known."
    if link.is_ip:
        yield "A bare IP address."
    if link.is_defanged:
        yield "Written so that programs overlook it."
    if strange := _in_other_letters(link):
        yield strange


def _in_other_letters(link: Link) -> str:
    """Say what an international name shows in a browser, and which letters may be taken for others.

    A name that is all in one alphabet and looks like none in Latin letters is only shown.
    """
    shown = link.host
    if link.is_punycode:
        try:
            shown = _decoded(link.host)
        except UnicodeError:
            return "A name in other letters that cannot be read."
    if shown.isascii():
        return ""
    posing = "".join(filter(_may_pose, shown.split(".")))
    others = [char for char in dict.fromkeys(posing) if not char.isascii()]
    named = ", ".join(name(char).capitalize() for char in others[:3])
    with_letters = f", with {named}{' and others' if len(others) > 3 else ''}" if others else ""
    return f"Shown as {shown}{with_letters}."


def _decoded(host: str) -> str:
    """Raises UnicodeError."""
    try:
        return idna.decode(host)
    except idna.IDNAError:
        # It knows no names with signs, which some are registered with.
        return host.encode("ascii").decode("idna")


def _may_pose(label: str) -> bool:
    """Whether a part of a name could be taken for one in Latin letters."""
    if "LATIN" in scripts_of(label):
        return True
    latin = look_alikes()["LATIN"]
    letters = [char for char in label if char.isalpha() and not char.isascii()]
    return _ONE_IN * sum(char not in latin for char in letters) <= len(letters)
