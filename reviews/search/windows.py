"""Stretches of time as keys of an index, so that it can be asked for those of one stretch alone.

Ids of posts (UUIDv7) begin with 48 bits of milliseconds. Dropping the last 16, 20, 24, 28 or 32 of
them names a stretch of a minute, 17 minutes, five hours, three days or fifty days; a post has the
key of each that it lies in (`reviews_search_places` in the database), and a stretch of any length
is a few neighbours of one size. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final
from uuid import UUID

SHIFTS: Final = (16, 20, 24, 28, 32)
MOST_KEYS: Final = 17
SHORTEST: Final = 1 << SHIFTS[0]
"""Milliseconds of the shortest stretch."""
FIRST: Final = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Window:
    """The posts of `keys` are those from `start` on, and some that are newer than was asked."""

    start: UUID
    keys: tuple[int, ...]


def window(*, before: UUID, length: int) -> Window:
    """Return the stretch of at least so many milliseconds that ends with this id."""
    end = milliseconds(before)
    start = max(0, end - length)
    for shift in SHIFTS:
        if (end >> shift) - (start >> shift) < MOST_KEYS:
            break
    else:
        # Longer than the longest can tell: from the beginning of time.
        return Window(FIRST, ())
    first, last = start >> shift, end >> shift
    keys = tuple((shift << 48) | number for number in range(first, last + 1))
    return Window(UUID(int=first << shift << 80), keys)


def backwards(end: int) -> Iterator[Window]:
    """Yield neighbouring stretches before this moment, each about 16 times the one after it.

    The last has no keys: it is all before the one after it.
    """
    # Clocks differ a little.
    newest = (end >> SHIFTS[1]) + 1
    for shift, wider in pairwise(SHIFTS[1:]):
        bits = wider - shift
        first = ((end >> wider) - 1) << bits
        keys = tuple((shift << 48) | number for number in range(first, newest + 1))
        yield Window(UUID(int=first << shift << 80), keys)
        newest = (first >> bits) - 1
    yield Window(FIRST, ())


def milliseconds(post: UUID) -> int:
    """Return when an id was made, in milliseconds since 1970."""
    return post.int >> 80


def site_key(site: int) -> int:
    """Return the key of a site among those of its stretches."""
    return -site
