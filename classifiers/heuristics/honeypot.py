"""The field that people do not see, and machines fill in."""

from __future__ import annotations

from classifiers.types import Content, History, Signal

DECISIVE_SIGNALS = ("honeypot.filled",)


def notice(content: Content, history: History) -> tuple[Signal, ...]:
    """One decisive Signal if the hidden field holds anything but white space."""
    if not content.honeypot.strip():
        return ()
    sentence = "A hidden form field that people do not see was filled in."
    return (Signal("honeypot.filled", sentence, decisive=True),)
