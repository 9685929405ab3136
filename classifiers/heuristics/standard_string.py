"""GTUBE, the generic test for unsolicited bulk e-mail (spamassassin.apache.org/gtube).

Whoever installs a filter can post it and see that the filter is there.
"""

from __future__ import annotations

from typing import Final

from classifiers.types import Content, History, Signal

DECISIVE_SIGNALS = ("standard_string.gtube",)

GTUBE: Final = "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"


def notice(content: Content, history: History) -> tuple[Signal, ...]:
    """One decisive Signal if title or text holds the string, whatever surrounds it."""
    if GTUBE not in content.text and GTUBE not in content.title:
        return ()
    sentence = "The post holds GTUBE, the standard string for testing spam filters."
    return (Signal("standard_string.gtube", sentence, decisive=True),)
