"""The admin of reviews: cases and what people said of them, the people, and the schedules."""

from __future__ import annotations

from reviews.admin import cases, people, records, schedules

__all__ = ["cases", "people", "records", "schedules"]
