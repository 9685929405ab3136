"""Emoji in a text."""

from __future__ import annotations

import re

_EMOJI = re.compile(
    "(?:[\U0001f1e6-\U0001f1ff]{2}"
    "|[\u203c\u2049\u2139\u231a-\u23ff\u2600-\u27bf\u2b05-\u2b55\U0001f000-\U0001faff]"
    "[\ufe0f\U0001f3fb-\U0001f3ff]*(?:\u200d[\u2600-\u27bf\U0001f000-\U0001faff]\ufe0f?){0,8})"
)


def count_emoji(text: str) -> int:
    """Return how many emoji a text shows; flags and joined families count once.

    >>> count_emoji("ok \U0001f44d\U0001f3fd \U0001f1e9\U0001f1ea")
    2
    """
    return 0 if text.isascii() else len(_EMOJI.findall(text))
