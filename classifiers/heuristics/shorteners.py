"""Links through shortening services, which hide where they lead."""

from __future__ import annotations

from classifiers.heuristics.wording import counted, grade, listed, whole_text
from classifiers.text.urls import find_links
from classifiers.types import Content, History, Signal

TEXT_SIGNALS = ("shorteners.link",)


def notice(content: Content, history: History) -> tuple[Signal, ...]:
    """One Signal if any link goes through a shortener."""
    hosts = [link.host for link in find_links(whole_text(content)) if link.is_shortener]
    if not hosts:
        return ()
    sentence = f"{counted(len(hosts), 'link')} through a shortener: {listed(hosts)}."
    return (Signal("shorteners.link", sentence, grade(len(hosts), 3)),)
