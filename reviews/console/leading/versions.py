"""The pages of models: which serve and which are on their way, and what a person does about them.

The models' libraries would make every web process larger by 25 MB: only what changes something
imports them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

import classifiers
from classifiers.exceptions import RegistryError
from classifiers.models import (
    GLOBAL_SLOT,
    ModelFile,
    ModelVersion,
    Rollout,
    RolloutStage,
)
from moderation.models import Site
from reviews.console.leading.paging import page_of
from reviews.console.leading.slots import overview
from reviews.console.leading.system import operators_only
from reviews.console.views import members_only, notice, person
from reviews.models import Alarm, AlarmKind
from reviews.notices import alarms
from reviews.people.permissions import may, sites_of
from reviews.roles import Act

ALARMS = 50
CARD = "card.md"


class ReasonForm(forms.Form):
    reason = forms.CharField(
        max_length=300,
        help_text="Kept with the version.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


@require_safe
@members_only(Act.MEASURE, Act.SET)
def page(request: HttpRequest) -> HttpResponse:
    user = person(request)
    sites = sites_of(user, Act.MEASURE) | sites_of(user, Act.SET)
    waiting = alarms_waiting(list(sites.distinct()), every_site=user.is_superuser)
    own = [alarm for alarm in waiting if not alarm.site_id or may(user, Act.SETTLE, alarm.site_id)]
    pages = page_of(request, sites.distinct())
    context = {
        "own": own,
        "others": [alarm for alarm in waiting if alarm not in own],
        "slots": overview(list(pages), every_site=user.is_superuser),
        "pages": pages,
        "changes": user.is_superuser,
        "hours": settings.WINNOW_ROLLOUT_HOURS,
        "days": f"{settings.WINNOW_CANARY_MOST_HOURS / 24:.3g}",
        "posts": settings.WINNOW_SHADOW_POSTS,
        "here": "models",
    }
    return render(request, "console/models.html", context)


def alarms_waiting(sites: Sequence[Site], *, every_site: bool) -> list[Alarm]:
    """That a new model was stopped; of the model that sites share for who sees every site."""
    shared = Q(site=None) if every_site else Q()
    found = Alarm.objects.filter(Q(site__in=sites) | shared, kind=AlarmKind.ROLLOUT)
    return list(found.filter(answered_at=None).order_by("-pk")[:ALARMS])


@require_safe
@members_only(Act.MEASURE, Act.SET)
def card(request: HttpRequest, version_id: int) -> HttpResponse:
    """A model's card, as it was written when the model was made."""
    user = person(request)
    sites = sites_of(user, Act.MEASURE) | sites_of(user, Act.SET)
    slots = {GLOBAL_SLOT, *(site.slot for site in sites.distinct())}
    version = ModelVersion.objects.filter(pk=version_id, slot__in=slots).first()
    if version is None:
        return notice(request, "No such model", "It is not of your sites.", status=404)
    context = {"version": version, "card": card_of(version), "here": "models"}
    return render(request, "console/model_card.html", context)


def card_of(version: ModelVersion) -> str:
    """What is kept of it in the database, or came with the code."""
    row = ModelFile.objects.filter(digest=version.digest, name=CARD).first()
    if row is not None:
        return bytes(row.content).decode("utf-8", "replace")
    shipped = Path(classifiers.__file__).parent / "starter" / CARD
    is_shipped = isinstance(version.manifest, dict) and version.manifest.get("starter")
    return shipped.read_text(encoding="utf-8") if is_shipped else ""


@require_http_methods(["GET", "POST"])
@operators_only
def promote(request: HttpRequest, version_id: int) -> HttpResponse:
    def change(version: ModelVersion, reason: str) -> str:
        from classifiers.versions import registry

        registry.promote(name=version.name, reason=reason)
        return f"{version.name} serves from now on; workers follow within seconds."

    says = (
        "It serves at once, whatever audits, shadow and canary would say. The version that serves "
        "now is kept and can be rolled back to. A certificate for another model covers nothing of "
        "what this one blocks: where a site blocks by certificate, people judge again first."
    )
    done = "Put into service"
    return _change(request, version_id, "Put it into service", says, change, goes_on=done)


@require_http_methods(["GET", "POST"])
@operators_only
def roll_back(request: HttpRequest, version_id: int) -> HttpResponse:
    def change(version: ModelVersion, reason: str) -> str:
        from classifiers.versions import registry

        back = registry.rollback(slot=version.slot, reason=reason)
        serving = back.name if back else "the model that all sites share"
        return f"{serving} serves again; workers follow within seconds."

    says = (
        "The version that served before takes over at once. A site that has none left is served by "
        "the model that all sites share. A certificate for this version covers nothing any more."
    )
    return _change(request, version_id, "Roll back", says, change)


@require_http_methods(["GET", "POST"])
@operators_only
def try_out(request: HttpRequest, version_id: int) -> HttpResponse:
    def change(version: ModelVersion, reason: str) -> str:
        from classifiers.versions import registry

        baseline = ModelVersion.objects.serving(version.slot) or registry.ensure_starter()
        share = settings.WINNOW_CANARY_PERCENT / 100
        registry.begin_rollout(version=version, baseline=baseline, share=share, reason=reason)
        return f"{version.name} is on trial now."

    says = (
        "It is compared on stored audits as they are now, then runs in shadow, then as canary, and "
        "takes over if nothing speaks against it. One that was stopped because audits are too few "
        "goes on without them, but for a new recipe, which they must show to be better."
    )
    return _change(request, version_id, "Try it", says, change, goes_on="Tried again")


@require_http_methods(["GET", "POST"])
@operators_only
def stop(request: HttpRequest, version_id: int) -> HttpResponse:
    def change(version: ModelVersion, reason: str) -> str:
        from classifiers.versions import registry

        for rollout in Rollout.objects.open().filter(version=version):
            registry.move_rollout(rollout, RolloutStage.STOPPED, reason=reason, now=timezone.now())
        return f"{version.name} is no longer on trial."

    says = "It is a candidate as before, and judges nothing. What was measured so far is kept."
    return _change(request, version_id, "Stop the trial", says, change)


def _change(
    request: HttpRequest,
    version_id: int,
    heading: str,
    says: str,
    change: Callable[[ModelVersion, str], str],
    *,
    goes_on: str = "",
) -> HttpResponse:
    """Ask whether it is meant and why; then do it.

    `goes_on`: how, in words, a candidate goes on; that it was stopped waits for nobody then.
    """
    version = ModelVersion.objects.filter(pk=version_id).first()
    if version is None:
        return notice(request, "No such model", "There is no such version.", status=404)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        reason = f"{form.cleaned_data['reason']} (by {person(request).get_username()})"
        try:
            messages.success(request, change(version, reason))
            if goes_on:
                trials = version.rollouts.values_list("pk", flat=True)
                note = f"{goes_on}: {reason}"
                alarms.answer_trials(trials, user=person(request), note=note)
        except RegistryError as error:
            messages.error(request, str(error))
        return redirect("console:models")
    context: dict[str, Any] = {
        "heading": heading, "says": says, "version": version, "form": form, "here": "models",
    }  # fmt: skip
    return render(request, "console/model_change.html", context)
