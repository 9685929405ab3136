"""Ids of posts (UUIDv7, RFC 9562) begin with the time, so that they narrow a stretch of time."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID


def first_id(moment: datetime) -> UUID:
    """Return the least id of a post made at this moment or later."""
    milliseconds = int(moment.timestamp() * 1000)
    return UUID(int=min(max(milliseconds, 0), 2**48 - 1) << 80)


def id_at(moment: datetime, number: int) -> UUID:
    """Return an id of that moment; `number`, less than 2 ** 62, is where others are random."""
    return UUID(int=first_id(moment).int | 7 << 76 | 2 << 62 | number)
