"""Links: how many, where to, and in what disguise; also in the author's name and address."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from classifiers.heuristics.wording import counted, grade, listed, whole_text
from classifiers.text.normalize import clean
from classifiers.text.urls import Link, count_links, find_links
from classifiers.types import Content, History, Signal

TEXT_SIGNALS = (
    "links.any",
    "links.bare_domain",
    "links.defanged",
    "links.density",
    "links.ip_host",
    "links.many_domains",
    "links.markup",
    "links.punycode",
    "links.userinfo",
)
BEHAVIOUR_SIGNALS = ("links.author_name", "links.author_url")

# People seldom have a web address for a name; advertisers do, as a name is always shown.
AUTHOR_NAME_LOG_ODDS = 0.5
# An address that hides its target has no place in an honest profile, yet some do it.
AUTHOR_URL_LOG_ODDS = 0.4

_KINDS: tuple[tuple[str, Callable[[Link], bool], str], ...] = (
    ("links.bare_domain", lambda link: not (link.scheme or link.is_ip), "without http"),
    ("links.defanged", lambda link: link.is_defanged, "in disguise"),
    ("links.ip_host", lambda link: link.is_ip, "to a bare number address"),
    ("links.markup", lambda link: link.is_markup, "in HTML, BBCode or Markdown"),
    ("links.punycode", lambda link: link.is_punycode, "to an encoded international name"),
    ("links.userinfo", lambda link: link.has_userinfo, "with a user name before the host"),
)


def notice(content: Content, history: History) -> tuple[Signal, ...]:
    """Signals about links in title, text and the author's details."""
    return (*_in_text(whole_text(content)), *_in_author(content))


def _in_text(text: str) -> Iterator[Signal]:
    links = find_links(text)
    if not links:
        return
    domains = [link.domain for link in links]
    distinct, total = len(set(domains)), count_links(text)
    to = "to" if distinct == 1 else f"to {distinct} domains:"
    yield Signal(
        "links.any",
        f"{counted(total, 'link')} {to} {listed(domains)}.",
        grade(total, 10),
    )
    # Links beyond the kept ones are as long as these.
    shown = max(len(" ".join(clean(text).split())), 1)
    share = min(sum(len(link.url) for link in links) * total / len(links) / shown, 1.0)
    yield Signal("links.density", f"Links are {share:.0%} of the text.", share)
    if distinct > 1:
        sentence = f"Links lead to {distinct} different domains."
        yield Signal("links.many_domains", sentence, grade(distinct - 1, 5))
    for code, belongs, manner in _KINDS:
        hosts = [link.host for link in links if belongs(link)]
        if hosts:
            sentence = f"{counted(len(hosts), 'link')} {manner}: {listed(hosts)}."
            yield Signal(code, sentence, grade(len(hosts), 3))


def _in_author(content: Content) -> Iterator[Signal]:
    author = content.author
    named = find_links(author.name) if author.name else ()
    if named:
        sentence = f"The author's name holds a link to {listed(link.domain for link in named)}."
        yield Signal("links.author_name", sentence, log_odds=AUTHOR_NAME_LOG_ODDS)
    hidden = [
        link.domain
        for link in (find_links(author.url) if author.url else ())
        if link.is_shortener or link.is_ip or link.has_userinfo
    ]
    if hidden:
        sentence = f"The author's own address hides where it leads: {listed(hidden)}."
        yield Signal("links.author_url", sentence, log_odds=AUTHOR_URL_LOG_ODDS)
