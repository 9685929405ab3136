"""Drift of a site's posts, scores and errors: each day is compared with what was usual.

The first days of a model on a site are its reference. What is tested, and how often it is wrong,
says `classifiers.drift`. Answering an alarm says that what is now is usual: the reference begins
anew.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import numpy as np
from django.db.models import QuerySet
from django.utils import timezone

from classifiers import drift
from classifiers.arrays import Numbers
from classifiers.training.reliability import noise
from moderation.alone import alone
from moderation.models import Site
from reviews.measuring.drift_days import DAY, count
from reviews.models import Alarm, AlarmKind, DriftDay, DriftReport
from reviews.notices import alarms

Audit = Sequence[float | None]
"""As in `DriftDay.audits`."""

KEPT: Final = timedelta(days=400)
"""Days of models that serve no more. Of one that does all stay: were its first days to go, each day
would be compared with a reference of its own, and every alarm that any of them gives would come.
"""
BACK: Final = timedelta(days=35)
"""Days that are counted of a site that was never counted before."""
NAMED: Final = 12
"""Bins of a feature of names, the most usual; all others are one."""
SHOWN: Final = 60
"""Days of the chart."""
AUDITS: Final = timedelta(days=56)
CALIBRATION: Final = "calibration"
NAMES: Final[Mapping[str, str]] = {
    "score": "scores, in steps of log-odds",
    "would_be": "what the thresholds say",
    "unfamiliar": "words that the model never met",
    "surprise": "words unusual on the site",
    "foreign": "letters of scripts unusual on the site",
    "contacts": "links and other contacts in a post",
    "language": "language, as the site says it",
    "type": "kind of post",
    "author": "authors new that day",
    CALIBRATION: "probabilities against audits",
}
"""The features, and how the page calls them."""

WIDTHS: Final[Mapping[str, tuple[float, float, str]]] = {
    "unfamiliar": (0.0, 7.5, " %"),
    "foreign": (0.0, 25.0, " %"),
}
"""Where the bins of shares begin, and how wide they are; as counted."""


def follow_due(*, now: datetime | None = None, keep: Callable[[], None] = lambda: None) -> int:
    """Count the days that are over and compare them, site by site; how many days were counted.

    One site's failure is no other's. `keep` is called before each.
    """
    now = now or timezone.now()
    counted = 0
    for site in Site.objects.order_by("pk"):
        keep()
        with alone(f"watching site {site.pk} for drift"):
            counted += follow(site=site, now=now)
    return counted


def follow(*, site: Site, now: datetime) -> int:
    """Count what is over of one site, compare, and sound the alarm where it is due."""
    today = now.astimezone(UTC).date()
    known = DriftReport.objects.filter(site=site).values_list("counted_to", flat=True).first()
    first = known + DAY if known else max(site.created_at.astimezone(UTC).date(), today - BACK)
    days = [first + n * DAY for n in range((today - first).days)]
    if not days:
        return 0
    for day in days:
        count(site=site, day=day)
    old = DriftDay.objects.filter(site=site, day__lt=today - KEPT)
    old.exclude(model__in=_newest(site).values("model")[:1]).delete()
    figures = compare(site)
    DriftReport.objects.update_or_create(
        site=site, defaults={"figures": figures, "counted_to": days[-1], "measured_at": now}
    )
    if figures.get("alarm"):
        alarms.sound(
            site_id=site.pk,
            kind=AlarmKind.DRIFT,
            subject=f"model {figures['model']}"[:150],
            sentence=_sentence(figures),
            facts={"day": figures["to"], "model": figures["model"], "moved": figures["moved"][:3]},
            now=now,
        )
    return len(days)


def compare(site: Site) -> dict[str, Any]:
    """The days of the model in use, compared with its first ones; what the page shows."""
    newest = _newest(site).first()
    if newest is None:
        return {}
    rows = list(DriftDay.objects.filter(site=site, model=newest.model).order_by("day"))
    answered = Alarm.objects.filter(
        site=site, kind=AlarmKind.DRIFT, answered_at__isnull=False
    ).order_by("-answered_at")
    since = answered.values_list("answered_at", flat=True).first()
    if since is not None:
        rows = [row for row in rows if row.day >= since.date()] or rows[-1:]
    days = _together(rows)
    split = _reference_ends(days)
    figures: dict[str, Any] = {
        "model": newest.model,
        "from": rows[0].day.isoformat(),
        "to": rows[-1].day.isoformat(),
        "reference_to": days[split - 1]["day"] if split else None,
        "posts": sum(row.posts for row in rows),
        "calibration": _calibration(rows),
    }
    if not split:
        return {**figures, "moved": [], "days": [], "evidence": 0.0, "alarm": False}
    return {**figures, **_watched(days[:split], days[split:])}


def _newest(site: Site) -> QuerySet[DriftDay]:
    """Days with posts, the last first, of the model that most of these were judged by."""
    return DriftDay.objects.filter(site=site, posts__gt=0).order_by("-day", "-posts")


def _together(rows: Sequence[DriftDay]) -> list[dict[str, Any]]:
    """The days, each with LEAST_A_DAY posts at least: smaller ones are joined to the next."""
    found: list[dict[str, Any]] = []
    waiting: list[dict[str, Any]] = []
    for row in rows:
        waiting.append({"posts": row.posts, "counts": row.counts, "audits": row.audits})
        joined = _joined(waiting)
        if joined["posts"] >= drift.LEAST_A_DAY:
            found.append({**joined, "day": row.day.isoformat()})
            waiting = []
    return found


def _reference_ends(days: Sequence[Mapping[str, Any]]) -> int:
    """How many days are the reference; 0 while there are too few."""
    posts = 0
    for number, day in enumerate(days, start=1):
        posts += day["posts"]
        if number >= drift.REFERENCE_DAYS and posts >= drift.LEAST_POSTS:
            return number
    return 0


def _watched(
    before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    features = sorted({feature for day in before for feature in day["counts"]} & set(NAMES))
    bins = {feature: _bins(before, feature) for feature in features}
    usual = {
        feature: drift.reference([_counts(day, feature, bins[feature]) for day in before])
        for feature in features
    }
    shifts = _usual_shifts(before)
    detectors: dict[str, float] = {}
    shown: list[dict[str, Any]] = []
    for day in after:
        moved = {
            feature: drift.moved(usual[feature], _counts(day, feature, bins[feature]))
            for feature in features
        }
        evidences = {feature: drift.evidence(each.p) for feature, each in moved.items()}
        if shifts is not None and any(each[1] is not None for each in _once(day["audits"])):
            evidences[CALIBRATION] = drift.calibration_evidence(*_said(day["audits"]), shifts)
        else:
            # Nothing was asked, or nobody knows what was usual: the detector waits.
            evidences[CALIBRATION] = 1.0
        detectors = drift.follow(detectors, evidences)
        shown.append(
            {
                "day": day["day"],
                "posts": day["posts"],
                "evidence": round(drift.whole(detectors), 2),
                "psi": {feature: round(each.psi, 4) for feature, each in moved.items()},
            }
        )
    together = _of_windows(after, usual, bins)
    whole = max([drift.whole(detectors), *together.values()])
    latest = _joined(after[-7:])
    rows = []
    for feature in features if after else ():
        counts = _counts(latest, feature, bins[feature])
        each = drift.moved(usual[feature], counts)
        rows.append(
            {
                "feature": feature,
                "name": NAMES[feature],
                "psi": round(each.psi, 4),
                "ks": round(each.ks, 4),
                "evidence": round(max(detectors.get(feature, 0.0), together[feature]), 2),
                "most": _most(feature, usual[feature].counts, counts, bins[feature]),
            }
        )
    rows.sort(key=lambda row: (-float(row["evidence"]), -float(row["psi"])))
    return {
        "moved": rows,
        "days": shown[-SHOWN:],
        "evidence": round(whole, 2),
        "evidence_of_calibration": round(detectors.get(CALIBRATION, 0.0), 2),
        "alarm": whole >= drift.ALARM,
    }


def _of_windows(
    days: Sequence[Mapping[str, Any]],
    usual: Mapping[str, drift.Reference],
    bins: Mapping[str, Sequence[str]],
) -> dict[str, float]:
    """The most evidence that any whole window since the reference gave, by feature."""
    found = dict.fromkeys(usual, 0.0)
    for length in drift.WINDOWS:
        for first in range(0, len(days) - length + 1, length):
            window = _joined(days[first : first + length])
            for feature, before in usual.items():
                counts = _counts(window, feature, bins[feature])
                evidence = drift.of_window(before, counts, length, len(usual))
                found[feature] = max(found[feature], evidence)
    return found


def _joined(days: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for day in days:
        for feature, found in day["counts"].items():
            counts[feature].update(found)
    return {
        "posts": sum(day["posts"] for day in days),
        "counts": counts,
        "audits": [each for day in days for each in day["audits"]],
    }


def _bins(days: Sequence[Mapping[str, Any]], feature: str) -> list[str]:
    """The bins of a feature, numbers in order, names by how usual they are; the last is `other`."""
    found = _joined(days)["counts"].get(feature, {})
    numbers = sorted((name for name in found if name.isdecimal()), key=int)
    if len(numbers) > 1:
        last = int(numbers[-1])
        numbers = [str(n) for n in range(max(last + 1, 2))]
    names = sorted((n for n in found if not n.isdecimal()), key=lambda n: (-found[n], n))
    return [*numbers, *names[:NAMED], "other"]


def _counts(day: Mapping[str, Any], feature: str, bins: Sequence[str]) -> Numbers:
    places = {name: place for place, name in enumerate(bins)}
    counts = np.zeros(len(bins))
    for name, posts in day["counts"].get(feature, {}).items():
        counts[places.get(name, len(bins) - 1)] += posts
    return counts


def _most(feature: str, usual: Numbers, now: Numbers, bins: Sequence[str]) -> dict[str, Any]:
    """The slice whose share moved most."""
    shares = [counts / max(counts.sum(), 1.0) for counts in (usual, now)]
    place = int(np.abs(shares[1] - shares[0]).argmax())
    return {
        "bin": bin_words(feature, bins[place]),
        "usual": round(float(shares[0][place]), 4),
        "now": round(float(shares[1][place]), 4),
    }


def bin_words(feature: str, name: str) -> str:
    """What a bin holds, as people read it.

    >>> bin_words("score", "12"), bin_words("unfamiliar", "2"), bin_words("language", "")
    ('99.3 % to 99.8 %', '8 % to 15 %', 'not said')
    """
    if not name.isdecimal():
        return name or "not said"
    number = int(name)
    if feature == "score":
        ends = [100.0 / (1.0 + math.exp(6.0 - n)) for n in (number - 1, number)]
        return f"{ends[0]:.1f} % to {ends[1]:.1f} %"
    if feature in WIDTHS:
        least, width, unit = WIDTHS[feature]
        low = least + (number - 1) * width
        return f"{low:.0f}{unit} to {low + width:.0f}{unit}"
    return name


def _once(audits: Sequence[Audit]) -> list[Audit]:
    """Without what was counted before chances were kept: by the day of the answer, so that the
    same audits came again by the day of the draw.
    """
    return [each for each in audits if len(each) == 3]


def _said(audits: Sequence[Audit]) -> tuple[Numbers, Any]:
    judged = [each[:2] for each in _once(audits) if each[1] is not None]
    said = np.array(judged, dtype=np.float64)
    said = said.reshape(-1, 2)
    return said[:, 0], said[:, 1] > 0.5


def _usual_shifts(days: Sequence[Mapping[str, Any]]) -> tuple[drift.Off, drift.Off] | None:
    """None where only what is left out was counted."""
    audits = _joined(days)["audits"]
    return None if audits and not _once(audits) else drift.usual_shifts(*_said(audits))


def _calibration(rows: Sequence[DriftDay]) -> dict[str, Any]:
    """The calibration error on what was drawn in the last weeks, less what noise explains.

    Each weighs as many as it was drawn for: so it is the site's, but for posts that none is drawn
    of.
    """
    since = rows[-1].day - AUDITS
    drawn = [each for row in rows if row.day > since for each in _once(row.audits)]
    judged = [each for each in drawn if each[1] is not None]
    found: dict[str, Any] = {"audits": len(judged), "drawn": len(drawn), "days": AUDITS.days}
    if not judged:
        return found
    weights = 1.0 / np.array([each[2] for each in judged], dtype=np.float64)
    for name, value in noise(*_said(judged), weights=weights).items():
        found[name] = None if value is None else round(float(value), 4)
    return found


def _sentence(figures: Mapping[str, Any]) -> str:
    rows = figures["moved"]
    told = [
        f"{row['name']} (PSI {row['psi']:.2f}; {row['most']['bin']}: "
        f"{100 * row['most']['usual']:.0f} % of the posts, now {100 * row['most']['now']:.0f} %)"
        for row in rows[:3]
        if row["evidence"] >= drift.ALARM / 10.0
    ]
    if figures.get("evidence_of_calibration", 0.0) > (rows[0]["evidence"] if rows else 0.0):
        told.insert(0, NAMES[CALIBRATION])
    return f"Posts are no longer what they were when {figures['model']} began: {'; '.join(told)}."
