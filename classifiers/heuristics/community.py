"""How a post stands beside the others of its site and beside what it answers.

Nobody has to label anything for this, and it means the same in every community, where words do
not. It is evidence and no more: what is new or strange here is mostly honest, so the weights are
small, set by hand, and fade in with what the site has seen; a site's own learner finds out what
they are worth there.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from classifiers.heuristics import contact
from classifiers.heuristics.wording import counted, grade, listed, whole_text
from classifiers.talk import words
from classifiers.text.characters import scripts_of
from classifiers.text.urls import Link, find_links
from classifiers.text.written_hosts import onward
from classifiers.types import Community, Content, History, Sighting, Signal

BEHAVIOUR_SIGNALS = (
    "community.new_contact",
    "community.off_topic",
    "community.on_topic",
    "community.own_contact",
    "community.sudden_contact",
    "community.unusual_script",
    "community.unusual_talk",
    "community.usual_contact",
)

# Most links that nobody posted before are honest finds; advertisers have little else.
NEW_CONTACT_LOG_ODDS = 0.4
# A blog's author does bring the blog again and again.
OWN_CONTACT_LOG_ODDS = 0.3
# News spread like this too, and so do lists and quoted hosts: measured on mail, more ham than
# spam brings such a contact, on other sets somewhat more spam.
SUDDEN_CONTACT_LOG_ODDS = 0.1
# Hosts that everybody uses are used by spammers too.
USUAL_CONTACT_LOG_ODDS = -0.3
# Newcomers and visitors talk otherwise, and of other things: much on SMS, nothing on X.
UNUSUAL_TALK_LOG_ODDS = 0.2
# Honest visitors on X, spam in mail: what it is worth, only the site's own learner can tell.
UNUSUAL_SCRIPT_LOG_ODDS = 0.0
# Whoever answers may be brief or drift off; machines copy what they answer.
OFF_TOPIC_LOG_ODDS = 0.3
ON_TOPIC_LOG_ODDS = -0.2

UNTRIED: Final = 50
"""Posts before which nothing is told of what is new."""
TRIED: Final = 500
"""Posts from which on it is told in full."""
MOST: Final = 12
"""Contacts of one post that are looked up."""
SUDDEN_DAYS: Final = 3.0
SUDDEN_AUTHORS: Final = 3
USUAL_DAYS: Final = 14.0
USUAL_AUTHORS: Final = 5
STRANGE: Final = 2.0
"""Standard deviations from which on talk is unusual; full strength at twice as many."""
FOREIGN: Final = 0.3
TELLING: Final = 5
"""Letters from which on a word tells what is talked of."""
NO_SPACES: Final = "\u0e00"
"""From Thai on, most scripts write no spaces, or many words of two letters."""
ENOUGH: Final = 30
"""Letters of telling words that post and answered text need, or nothing is said."""


def notice(content: Content, history: History) -> tuple[Signal, ...]:
    """Signals from what the site saw before, as far as that is known, and from the context."""
    about = (*_answering(content),)
    here = history.community
    if here is None:
        return about
    return (*_contacts(content, here), *_talk(here), *about)


def brought(content: Content) -> tuple[str, ...]:
    """The domains, addresses and numbers that a post and its author's link lead to, each once.

    Also those that a link names, as its site may lead on to them. Links to messengers and
    shorteners count with their path, as everybody's have one domain.
    """
    text = whole_text(content)
    links = (*_links(text), *_links(content.author.url))
    found = [
        f"link {link.url.partition('://')[2] or link.url}"
        if link.is_shortener or contact.is_messenger(link)
        else f"domain {link.domain}"
        for link in links
    ]
    found += [f"contact {way}" for way in contact.ways(text)]
    return tuple(dict.fromkeys(found))[:MOST]


def _links(text: str) -> tuple[Link, ...]:
    found = find_links(text)
    if not found:
        return ()
    hosts = {link.host for link in found}
    return (*found, *(link for link in find_links(onward(text)) if link.host not in hosts))


def _contacts(content: Content, here: Community) -> Iterator[Signal]:
    known = _grown(here.counted)
    if not here.sightings or not known:
        return
    named = brought(content)
    new = _places(here, lambda one: one.days is None)
    if new:
        value = known * grade(len(new), 3)
        sentence = f"Never seen on this site before: {_shown(named, new)}."
        yield Signal("community.new_contact", sentence, value, value * NEW_CONTACT_LOG_ODDS)
    own = _places(here, lambda one: one.own and not one.others)
    if own:
        value = known * grade(len(own), 3)
        sentence = f"Nobody but this author ever brings {_shown(named, own)}."
        yield Signal("community.own_contact", sentence, value, value * OWN_CONTACT_LOG_ODDS)
    sudden = _places(here, _is_sudden)
    if sudden:
        authors = max(here.sightings[place].others for place in sudden)
        value = known * grade(authors, 10)
        sentence = f"{counted(authors, 'other author')} brought {_shown(named, sudden)} of late."
        yield Signal("community.sudden_contact", sentence, value, value * SUDDEN_CONTACT_LOG_ODDS)
    if len(_places(here, _is_usual)) == len(here.sightings):
        sentence = "What it links to is often linked to in honest posts here."
        yield Signal("community.usual_contact", sentence, known, known * USUAL_CONTACT_LOG_ODDS)


def _is_sudden(one: Sighting) -> bool:
    fresh = one.days is not None and one.days < SUDDEN_DAYS
    return fresh and one.others >= SUDDEN_AUTHORS and 2 * one.trusted <= one.others


def _is_usual(one: Sighting) -> bool:
    return one.days is not None and one.days >= USUAL_DAYS and one.trusted >= USUAL_AUTHORS


def _places(here: Community, holds: Callable[[Sighting], bool]) -> list[int]:
    return [place for place, one in enumerate(here.sightings) if holds(one)]


def _shown(named: Sequence[str], places: Sequence[int]) -> str:
    return listed(named[place].partition(" ")[2] for place in places if place < len(named))


def _grown(posts: int) -> float:
    """0 for a site that has seen too little to find anything new, 1 for one that knows itself."""
    return min(max((posts - UNTRIED) / (TRIED - UNTRIED), 0.0), 1.0)


def _talk(here: Community) -> Iterator[Signal]:
    if here.surprise is not None and here.surprise > STRANGE:
        value = min((here.surprise - STRANGE) / STRANGE, 1.0)
        sentence = "Its words are unlike what is usually written on this site."
        yield Signal("community.unusual_talk", sentence, value, value * UNUSUAL_TALK_LOG_ODDS)
    if here.foreign is not None and here.foreign > FOREIGN:
        value = min(here.foreign, 1.0)
        sentence = f"{value:.0%} of its letters are of scripts that are seldom used on this site."
        yield Signal("community.unusual_script", sentence, value, value * UNUSUAL_SCRIPT_LOG_ODDS)


def _answering(content: Content) -> Iterator[Signal]:
    """Whether the post has anything to do with what it answers."""
    if not content.context:
        return
    text = whole_text(content)
    said, asked = _telling(text), _telling(content.context)
    if min(sum(map(len, said)), sum(map(len, asked))) < ENOUGH:
        return
    if not scripts_of(text) & scripts_of(content.context):
        return  # Who answers in another language may well be at the matter.
    # Words in common, and their parts: endings and compounds differ.
    share = len(said & asked) / len(said)
    parts = _parts(said), _parts(asked)
    alike = len(parts[0] & parts[1]) / math.sqrt(len(parts[0]) * len(parts[1]))
    near = max(share, alike)
    if near < 0.05:
        value = 1.0 - 10.0 * near
        sentence = "It has hardly a word in common with what it answers."
        yield Signal("community.off_topic", sentence, value, value * OFF_TOPIC_LOG_ODDS)
    elif near > 0.15:
        value = min(2.0 * near, 1.0)
        sentence = "It takes up words of what it answers."
        yield Signal("community.on_topic", sentence, value, value * ON_TOPIC_LOG_ODDS)


def _telling(text: str) -> set[str]:
    return {word for word in words(text) if len(word) >= TELLING or word >= NO_SPACES}


def _parts(said: set[str]) -> set[str]:
    """Runs of four letters; what is shorter as it is."""
    return {word[at : at + 4] for word in said for at in range(max(len(word) - 3, 1))}
