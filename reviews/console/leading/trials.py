"""Every model that was tried beside the one that served, how far it came, and how it ended."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from classifiers.models import GLOBAL_SLOT, Rollout
from moderation.models import Site
from reviews.console.leading.charts import table_as_csv
from reviews.console.leading.slots import STEPS, way
from reviews.console.views import members_only, person
from reviews.people.permissions import sites_of
from reviews.roles import Act

SHOWN = 100
"""The newest; the file has MOST."""
MOST = 10_000
COLUMNS = (
    *("model", "beside", "judges_for", "began", "ended", "stage", "reached", "share_of_authors"),
    *("audits_judged", "audits_only_new_wrong", "audits_only_old_wrong"),
    *("audits_errors_more_at_least", "audits_errors_more_at_most"),
    *("shadow_posts", "shadow_differ"),
    *("canary_posts", "canary_authors_wrong", "control_posts", "control_authors_wrong", "why"),
)


@dataclass(frozen=True, slots=True)
class Tried:
    rollout: Rollout
    judges_for: str
    reached: str
    """The last stage that it came to, in words."""


@require_safe
@members_only(Act.MEASURE, Act.SET)
def page(request: HttpRequest) -> HttpResponse:
    user = person(request)
    sites = (sites_of(user, Act.MEASURE) | sites_of(user, Act.SET)).distinct().order_by("name")
    as_file = request.GET.get("as") == "csv"
    tried = trials(list(sites), most=MOST if as_file else SHOWN)
    if as_file:
        return table_as_csv(COLUMNS, map(_row, tried), "trials")
    shown = list(tried)
    context = {"trials": shown, "full": len(shown) == SHOWN, "here": "models"}
    return render(request, "console/trials.html", context)


def trials(sites: Sequence[Site], *, most: int) -> Iterator[Tried]:
    """Those of the shared model and of these sites' own, the newest first; one query."""
    names = {GLOBAL_SLOT: "all sites without a model of their own"}
    names |= {site.slot: site.name for site in sites}
    rollouts = Rollout.objects.filter(slot__in=names).select_related("version", "baseline")
    for rollout in rollouts.order_by("-pk")[:most]:
        steps = zip(STEPS, way(rollout), strict=True)
        *_, reached = (label for (_, label), state in steps if state not in ("ahead", "skipped"))
        yield Tried(rollout, names[rollout.slot], reached)


def _row(tried: Tried) -> tuple[object, ...]:
    rollout = tried.rollout
    audits, shadow, canary = rollout.audits, rollout.shadow, rollout.canary
    return (
        rollout.version.name,
        rollout.baseline.name,
        tried.judges_for,
        _moment(rollout.started_at),
        _moment(rollout.ended_at),
        rollout.stage,
        tried.reached,
        rollout.share,
        *(audits.get(name) for name in ("judged", "worse", "better", "at_least", "at_most")),
        *(shadow.get(name) for name in ("posts", "differ")),
        *_side(canary, "canary"),
        *_side(canary, "control"),
        rollout.reason,
    )


def _side(canary: dict[str, Any], name: str) -> tuple[object, object]:
    side = canary.get(name, {})
    return side.get("posts"), side.get("wrong")


def _moment(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
