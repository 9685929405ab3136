"""The admin of moderation: what operators set, and the history, which is read-only."""

from __future__ import annotations

from moderation.admin import history, operators

__all__ = ["history", "operators"]
