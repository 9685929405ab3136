"""Whom a site always allows or never wants: what entries look like, and which of them match."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from itertools import chain
from typing import Final
from urllib.parse import urlsplit

import idna

from classifiers.text.urls import MAX_LINKS, Link, count_links, find_links
from classifiers.text.written_hosts import onward, written_hosts
from classifiers.types import Content
from moderation import statements
from moderation.exceptions import InvalidListEntry
from moderation.types import ListKind, ListVerdict

MAX_AUTHOR: Final = 200
MAX_VALUE: Final = 320
_TOO_LONG: Final = MAX_VALUE + 1
PARTS: Final = 12
"""Parts that a domain may have whose entry is also about the names below it."""

KINDS_IN_USE = """
SELECT site.id, kind.name FROM unnest(%s::bigint[]) AS site (id),
    (VALUES ('author'), ('domain'), ('address')) AS kind (name)
WHERE EXISTS (
    SELECT FROM moderation_listentry e WHERE e.site_id = site.id AND e.kind = kind.name
)
"""

MATCHING = """
SELECT e.site_id, e.kind, e.value, e.verdict
FROM unnest(%s::bigint[], %s::text[], %s::text[]) AS asked (site_id, kind, value)
JOIN moderation_listentry e USING (site_id, kind, value)
"""

Key = tuple[int, str, str]


@dataclass(frozen=True, slots=True)
class Subject:
    """What of a post can stand on a list."""

    site_id: int
    author: str = ""
    email: str = ""
    ip: str = ""
    links: tuple[str, ...] = ()
    """Hosts that the post and its author link to, in every reading of a broken link, and those
    that such a link names, as its site may lead on to them."""
    has_more_links: bool = False
    """Whether it links to more than were read, so that not all are known to be allowed."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A sentence for each entry that matches a post."""

    denied: tuple[str, ...] = field(default=())
    allowed: tuple[str, ...] = field(default=())


def normalize(kind: ListKind | str, value: str) -> str:
    """Return an entry's value as it is stored and compared.

    Raises InvalidListEntry with a sentence for the person who typed it.

    >>> normalize("domain", "https://www.Example.com/offers")
    'example.com'
    >>> normalize("address", "203.0.113.7/24")
    '203.0.113.0/24'
    """
    value = value.strip()
    if not value or len(value) > MAX_VALUE:
        raise InvalidListEntry(f"An entry has 1 to {MAX_VALUE} characters.")
    match ListKind(kind):
        case ListKind.AUTHOR:
            if len(value) > MAX_AUTHOR:
                raise InvalidListEntry(f"An author's id has at most {MAX_AUTHOR} characters.")
            return value
        case ListKind.DOMAIN:
            return _domain(value)
        case ListKind.ADDRESS:
            return _email(value) if "@" in value else _network(value)


def subject_of(*, site_id: int, author: str | None, content: Content) -> Subject:
    """Return what of a post can stand on a list."""
    links, more = hosts_in((content.title, content.text, content.author.url))
    return Subject(
        site_id=site_id,
        author=author or "",
        email=content.author.email.strip().lower(),
        ip=content.author.ip,
        links=links,
        has_more_links=more,
    )


def hosts_in(texts: Iterable[str]) -> tuple[tuple[str, ...], bool]:
    """Return the hosts that texts link to or that their links name, and whether there are more."""
    texts = tuple(filter(None, texts))
    texts += tuple(filter(None, (onward(text) for text in texts if find_links(text))))
    read = [host_of(link) for text in texts for link in find_links(text)]
    written = [written_hosts(text) for text in texts]
    hosts = chain(read, *(map(canonical_host, some[:MAX_LINKS]) for some in written))
    cut = any(count_links(text) > MAX_LINKS for text in texts)
    return tuple(dict.fromkeys(hosts)), cut or any(len(some) > MAX_LINKS for some in written)


def match(subjects: Sequence[Subject]) -> list[Listed]:
    """Return what is listed of each subject, in order; two queries for all together.

    An author or address is allowed by its entry; a post is allowed for its domains only if
    every link in it is.
    """
    in_use = _kinds_in_use({subject.site_id for subject in subjects})
    asked = {
        (subject.site_id, kind, value)
        for subject in subjects
        if any(site_id == subject.site_id for site_id, _ in in_use)
        for kind, value in candidates(subject)
        if (subject.site_id, kind) in in_use
    }
    found = _matching(list(asked))
    return [_listed(subject, found) for subject in subjects]


def host_of(link: Link) -> str:
    """Return the host of a link as entries name it; addresses have many spellings."""
    return link.domain if link.is_ip else canonical_host(link.host)


def canonical_host(host: str) -> str:
    """Return a host in small letters, in its ASCII form where it has one, as browsers make it.

    >>> canonical_host("Faß.de."), canonical_host("fass.de"), canonical_host("a_b.com")
    ('xn--fa-hia.de', 'fass.de', 'a_b.com')
    """
    host = host.strip().strip(".").lower()
    if host.isascii():
        return host
    try:
        return idna.encode(host, uts46=True).decode("ascii")
    except idna.IDNAError:
        pass
    try:
        # Names that were never registered may have a line below, or signs.
        return host.encode("idna").decode("ascii")
    except UnicodeError:
        return host


def _domain(value: str) -> str:
    written = value if "://" in value else f"//{value.removeprefix('*.')}"
    try:
        host = canonical_host(urlsplit(written).hostname or "")
    except ValueError as error:
        raise InvalidListEntry(f"{value!r} is not a domain.") from error
    host = host.removeprefix("www.")
    labels = host.split(".")
    plain = all(label and label.replace("-", "").replace("_", "").isalnum() for label in labels)
    if "@" in value or ":" in host or len(labels) < 2 or not plain:
        raise InvalidListEntry(f"{value!r} is not a domain.")
    return host


def _email(value: str) -> str:
    name, _, domain = value.lower().rpartition("@")
    if not name or "@" in name or "." not in domain or any(char.isspace() for char in value):
        raise InvalidListEntry(f"{value!r} is not an e-mail address.")
    return f"{name}@{domain}"


def _network(value: str) -> str:
    try:
        network = ip_network(value, strict=False)
    except ValueError as error:
        raise InvalidListEntry(
            f"{value!r} is not an IP address, a network such as 192.0.2.0/24 or an e-mail address."
        ) from error
    mapped = network.network_address.ipv4_mapped if isinstance(network, IPv6Network) else None
    if mapped is not None and network.prefixlen >= 96:
        network = ip_network(f"{mapped}/{network.prefixlen - 96}")
    return _shown(network)


def _shown(network: IPv4Network | IPv6Network) -> str:
    whole = network.prefixlen == network.max_prefixlen
    return str(network.network_address) if whole else str(network)


def candidates(subject: Subject) -> Iterable[tuple[str, str]]:
    """Every entry that could match, so that an index finds those that do."""
    if subject.author:
        yield ListKind.AUTHOR.value, subject.author
    if subject.email:
        yield ListKind.ADDRESS.value, subject.email
    for host in (*subject.links, subject.email.rpartition("@")[2]):
        for domain in _and_parents(host):
            yield ListKind.DOMAIN.value, domain
    if subject.ip:
        for network in _networks_around(subject.ip):
            yield ListKind.ADDRESS.value, network


def _and_parents(host: str) -> list[str]:
    labels = host.split(".") if host else []
    # A name may have so many parts that all their tails are a hundred times its length.
    parents = range(max(len(labels) - PARTS, 1), len(labels) - 1)
    return [host[:_TOO_LONG], *(".".join(labels[i:]) for i in parents)] if labels[1:] else []


def _networks_around(ip: str) -> list[str]:
    address = ip_address(ip)
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    network = ip_network(address)
    return [_shown(network.supernet(new_prefix=n)) for n in range(network.prefixlen, -1, -1)]


def _kinds_in_use(site_ids: set[int]) -> set[tuple[int, str]]:
    return {(site, kind) for site, kind in statements.run(KINDS_IN_USE, [sorted(site_ids)])}


def _matching(asked: list[Key]) -> dict[Key, ListVerdict]:
    if not asked:
        return {}
    columns = [list(column) for column in zip(*asked, strict=True)]
    found = statements.run(MATCHING, columns)
    return {(site, kind, value): ListVerdict(verdict) for site, kind, value, verdict in found}


def _listed(subject: Subject, found: dict[Key, ListVerdict]) -> Listed:
    if not found:
        return Listed()
    matches = [
        (kind, value, found[(subject.site_id, kind, value)])
        for kind, value in dict.fromkeys(candidates(subject))
        if (subject.site_id, kind, value) in found
    ]
    denied = [_sentence(*match) for match in matches if match[2] is ListVerdict.DENY]
    allowed = [
        _sentence(*match)
        for match in matches
        if match[2] is ListVerdict.ALLOW and match[0] != ListKind.DOMAIN
    ]
    known = subject.links and not subject.has_more_links
    if known and all(_allows(subject.site_id, host, found) for host in subject.links):
        allowed.append("Every link leads to a domain on this site's allow list.")
    return Listed(tuple(denied), tuple(allowed))


def _allows(site_id: int, host: str, found: dict[Key, ListVerdict]) -> bool:
    keys = ((site_id, ListKind.DOMAIN.value, domain) for domain in _and_parents(host))
    return any(found.get(key) is ListVerdict.ALLOW for key in keys)


def _sentence(kind: str, value: str, verdict: ListVerdict) -> str:
    return f"The {kind} {value} is on this site's {verdict.value} list."


def entries(subject: Subject) -> dict[tuple[str, str], ListVerdict]:
    """Return what the site's lists say of what is in a post, by kind and value; one query."""
    asked = [(subject.site_id, kind, value) for kind, value in dict.fromkeys(candidates(subject))]
    return {(kind, value): verdict for (_, kind, value), verdict in _matching(asked).items()}
