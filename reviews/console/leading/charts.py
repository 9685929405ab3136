"""Bars over time as drawn by the server: a chart is its table, and a drawing of it."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from io import StringIO
from typing import Final

from django.http import HttpResponse
from django.template.defaultfilters import floatformat
from django.utils import timezone

from classifiers.tables.cells import guarded
from reviews.console.templatetags.winnow import duration

HEIGHT: Final = 100.0
FILLED: Final = 0.8
"""Of the width that a bar has, what it takes."""


DAY: Final = timedelta(days=1)


def _lasting(length: timedelta) -> str:
    now = timezone.now()
    return duration(now - length, now)


@dataclass(frozen=True, slots=True)
class Series:
    """One kind of thing that is counted: its column of the table, its colour in the chart."""

    key: str
    words: str
    link: str = ""
    """To what was counted."""
    column: str = ""
    """Its name in a file, where its words alone do not say what is counted, or in which unit."""

    @property
    def header(self) -> str:
        return self.column or self.words.lower().replace(" ", "_")


@dataclass(frozen=True, slots=True)
class Row:
    """One bar: a value for each series, None where nothing is known."""

    start: datetime
    values: Sequence[float | None]
    link: str = ""
    """To all that it stands for."""
    links: Sequence[str] = ()
    """To what each value counts; none for all."""

    @property
    def cells(self) -> list[tuple[float | None, str]]:
        """Each value with its link, where there is something behind it."""
        links = self.links or [""] * len(self.values)
        return [
            (value, link if value else "") for value, link in zip(self.values, links, strict=True)
        ]

    @property
    def height(self) -> float:
        return sum(value or 0 for value in self.values)

    @property
    def leads_to(self) -> str:
        """To what the bar stands for, where all of it is in one list."""
        return (self.link or (self.links[0] if len(self.links) == 1 else "")) if self.height else ""


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a bar; lengths in hundredths of the chart's width and height."""

    key: str
    x: str
    y: str
    width: str
    height: str


@dataclass(frozen=True, slots=True)
class Chart:
    """Values that are stacked on each other, the first series lowest, in rows of equal length."""

    key: str
    title: str
    series: Sequence[Series]
    rows: Sequence[Row]
    unit: str
    """What is counted, in the plural, or `%`."""
    note: str = ""
    missing: str = "Not counted yet."
    """What is said where nothing is known."""
    behind: str = "cases"
    """What the link of a chart that is not summed lists."""
    summed: bool = True
    """Whether adding up a column makes sense."""
    highest: float = field(init=False)

    def __post_init__(self) -> None:
        highest = max((row.height for row in self.rows), default=0)
        object.__setattr__(self, "highest", highest)

    @property
    def at_most(self) -> str:
        return self._with_unit(self.highest)

    @property
    def bars(self) -> list[tuple[Row, str]]:
        """Each row with what its bar says: `7 posts: 4 waits, 3 withdrawn`."""
        return [(row, self._said(row)) for row in self.rows]

    def _said(self, row: Row) -> str:
        if all(value is None for value in row.values):
            return "not known"
        known = zip(self.series, row.values, strict=True)
        of = ", ".join(
            f"{floatformat(value, 'g')} {one.words.lower()}" for one, value in known if value
        )
        return self._with_unit(row.height) + (f": {of}" if of and len(self.series) > 1 else "")

    def _with_unit(self, value: float) -> str:
        """Return a bar's height with its unit: `7 cases`, `1 case`, `44.4 %`; hours in words."""
        if self.unit == "hours" and value >= 1:
            return _lasting(timedelta(hours=value))
        unit = self.unit.removesuffix("s") if value == 1 else self.unit
        said = f"{floatformat(value, 'g')}\xa0{unit}"
        lasts = timedelta(minutes=value)
        return f"{said} ({_lasting(lasts)})" if self.unit == "minutes" and lasts > DAY else said

    @property
    def start(self) -> datetime:
        return self.rows[0].start

    @property
    def end(self) -> datetime:
        """When the last bar ends."""
        first, second = self.rows[0].start, self.rows[1].start
        return self.rows[-1].start + (second - first)

    @property
    def is_known(self) -> bool:
        """Whether anything was counted at all, be it nothing."""
        return any(value is not None for row in self.rows for value in row.values)

    @property
    def totals(self) -> list[tuple[Series, float]]:
        columns = zip(*(row.values for row in self.rows), strict=True)
        sums = (sum(value or 0 for value in column) for column in columns)
        return list(zip(self.series, sums, strict=True))

    @property
    def parts(self) -> list[Part]:
        width = 100.0 / len(self.rows)
        parts: list[Part] = []
        for place, row in enumerate(self.rows):
            top = HEIGHT
            for one, value in zip(self.series, row.values, strict=True):
                height = HEIGHT * (value or 0) / (self.highest or 1)
                top -= height
                if height:
                    x = f"{width * (place + (1 - FILLED) / 2):.3f}"
                    size = f"{width * FILLED:.3f}", f"{height:.3f}"
                    parts.append(Part(one.key, x, f"{top:.3f}", *size))
        return parts


def as_csv(chart: Chart, name: str) -> HttpResponse:
    """Return the chart's table as a file; what is not known is left empty."""
    text = StringIO()
    rows = csv.writer(text)
    rows.writerow(["start", *(one.header for one in chart.series)])
    for row in chart.rows:
        values = ("" if value is None else value for value in row.values)
        rows.writerow([row.start.isoformat(), *values])
    return _csv_answer(text.getvalue(), name)


def table_as_csv(
    columns: Sequence[str], rows: Iterable[Sequence[object]], name: str
) -> HttpResponse:
    """Return a table as a file; None is left empty, and no cell is a formula."""
    text = StringIO()
    table = csv.writer(text)
    table.writerow(columns)
    for row in rows:
        table.writerow([guarded(cell) if isinstance(cell, str) else cell for cell in row])
    return _csv_answer(text.getvalue(), name)


def _csv_answer(text: str, name: str) -> HttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return HttpResponse(text, content_type="text/csv; charset=utf-8", headers=headers)
