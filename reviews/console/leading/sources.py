"""What who leads a site is shown of where its labels come from, and whom it may trust."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib import messages
from django.db.models import Count, Window
from django.db.models.functions import RowNumber
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from classifiers import trust
from moderation.models import Site
from reviews.console import kept
from reviews.console.forms import AlarmForm
from reviews.console.leading.paging import page_of
from reviews.console.views import members_only, notice, person
from reviews.exceptions import AlarmMissing, NotPermitted
from reviews.labels import reports, sources
from reviews.models import Alarm, AlarmKind, Label, LabelSource, Reporter, ReportRecord
from reviews.notices import alarms
from reviews.people.countable import midnight
from reviews.people.permissions import sites_of
from reviews.roles import Act

REPORTERS = 30
"""Of a site, those with most labels."""
PAGES = {
    AlarmKind.SOURCE: "console:sources",
    AlarmKind.DRIFT: "console:drift",
    AlarmKind.MISSED: "console:promises",
    AlarmKind.ROLLOUT: "console:models",
}


@dataclass(frozen=True, slots=True)
class Row:
    reporter: Reporter
    key: Reporter | None
    """All who speak with the same key, who have no fewer labels."""

    @property
    def state(self) -> str:
        if self.reporter.flagged_at is not None:
            return "flagged"
        own = self.reporter.told
        whole = self.key.told if self.key else trust.Reputation()
        if not trust.weight_of(own, whole, confirmed=None):
            return "on trial"
        return "teaches" if own.is_proven else "teaches, as one with others"


@dataclass(frozen=True, slots=True)
class Member:
    """A member who reports posts, or all members with a key."""

    record: ReportRecord
    worth: float
    """The chance that a report of theirs is right, as the queue takes it."""


@dataclass(frozen=True, slots=True)
class SiteSources:
    """One site, as the page shows it."""

    site: Site
    counts: tuple[tuple[str, int], ...]
    rows: tuple[Row, ...]
    members: tuple[Member, ...]
    alarms: tuple[Alarm, ...]
    kept_out: tuple[Alarm, ...]
    """About reporters whom somebody had a look at and did not let back."""
    settles: bool
    """Whether whoever looks may answer alarms."""


@require_safe
@members_only(Act.MEASURE)
def page(request: HttpRequest) -> HttpResponse:
    user = person(request)
    pages = page_of(request, sites_of(user, Act.MEASURE), AlarmKind.SOURCE)
    may_settle = set(sites_of(user, Act.SETTLE).values_list("pk", flat=True))
    context = {
        "sites": overview(list(pages), may_settle),
        "pages": pages,
        "teaches_from": trust.TEACHES_FROM,
        "proven": trust.PROVEN,
        "here": "sources",
    }
    return render(request, "console/sources.html", context)


@require_POST
@members_only(Act.SEE)
def answer(request: HttpRequest, alarm_id: int) -> HttpResponse:
    """Note that somebody looked into an alarm; with `clear`, a reporter earns trust anew."""
    form = AlarmForm(request.POST)
    try:
        alarm = alarms.find(alarm_id=alarm_id, user=person(request))
        if not form.is_valid():
            messages.error(request, "Say in a few words what you found.")
            kept.keep(request, kept.typed(request), form=request.path)
            return redirect(PAGES[AlarmKind(alarm.kind)])
        if form.cleaned_data["clear"]:
            sources.clear(alarm_id=alarm_id, user=person(request), note=form.cleaned_data["note"])
            messages.success(request, "Noted. The source earns trust anew.")
        elif alarm.kind == AlarmKind.MISSED:
            # What it needs is large, and few pages do.
            from reviews.measuring import missed

            missed.answer(alarm_id=alarm_id, user=person(request), note=form.cleaned_data["note"])
            messages.success(request, "Noted. People are asked as before.")
        else:
            alarms.answer(alarm_id=alarm_id, user=person(request), note=form.cleaned_data["note"])
            messages.success(request, "Noted.")
    except AlarmMissing as error:
        return notice(request, "There is no such alarm", error.sentence, status=404)
    except NotPermitted as error:
        return notice(request, "Not for your role", error.sentence, status=403)
    kept.let_go(request)
    return redirect(PAGES[AlarmKind(alarm.kind)])


def overview(sites: Sequence[Site], may_settle: set[int]) -> list[SiteSources]:
    """These sites, as of midnight; a fixed number of queries, however many.

    An answer to a check makes no label, one to an ordinary case does: counts that moved at once
    would tell the two apart to whoever gave it.
    """
    counted: dict[int, dict[str, int]] = {}
    in_force = Label.objects.in_force().filter(site__in=sites, created_at__lt=midnight()).order_by()
    found = in_force.values_list("site", "source", "audit").annotate(Count("pk"))
    for site, source, audit, count in found:
        counted.setdefault(site, {})[AUDITS if audit else source] = count
    waiting: dict[int | None, list[Alarm]] = {}
    for alarm in waiting_alarms(sites, AlarmKind.SOURCE):
        waiting.setdefault(alarm.site_id, []).append(alarm)
    members = reports.of_members(sites, REPORTERS)
    place = Window(RowNumber(), partition_by="site", order_by=("-told_labels", "pk"))
    most = Reporter.objects.filter(site__in=sites).annotate(place=place)
    rows: dict[int, list[Row]] = {}
    kept_out: dict[int | None, list[Alarm]] = {}
    for alarm in sources.kept_out(sites):
        kept_out.setdefault(alarm.site_id, []).append(alarm)
    shown = list(most.filter(place__lte=REPORTERS).select_related("api_key").order_by("place"))
    keys = {reporter.api_key_id: reporter for reporter in shown if not reporter.actor_id}
    for reporter in shown:
        rows.setdefault(reporter.site_id, []).append(Row(reporter, keys.get(reporter.api_key_id)))
    return [
        SiteSources(
            site,
            tuple((label, counted.get(site.pk, {}).get(key, 0)) for key, label in NAMES.items()),
            tuple(rows.get(site.pk, ())),
            _members(members.get(site.pk, ())),
            tuple(waiting.get(site.pk, ())),
            tuple(kept_out.get(site.pk, ())),
            site.pk in may_settle,
        )
        for site in sites
    ]


def _members(rows: Sequence[ReportRecord]) -> tuple[Member, ...]:
    keys = {row.api_key_id: row for row in rows if not row.actor_id}
    return tuple(
        Member(
            row,
            reports.believed(row if row.actor_id else None, keys.get(row.api_key_id)),
        )
        for row in rows
    )


AUDITS = "audits"
NAMES = {
    LabelSource.VERDICT.value: "moderators’ verdicts",
    AUDITS: "audits, which never train",
    LabelSource.FEEDBACK.value: "feedback with a key",
    LabelSource.HISTORICAL.value: "imported history",
}


def waiting_alarms(sites: Sequence[Site], kind: AlarmKind) -> list[Alarm]:
    """Alarms that nobody has answered, newest first."""
    found = Alarm.objects.filter(site__in=sites, kind=kind, answered_at=None)
    return list(found.order_by("-pk")[:100])
