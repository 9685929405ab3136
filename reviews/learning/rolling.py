"""A candidate's way into service: stored audits, then shadow, then canary, then all.

Each turn looks at every open rollout, does a little of its work, and moves it on or stops it with
the reason in words. What a rollout waits for is in its row, so a turn that is killed loses nothing
and any worker takes the next (docs/adr/0024-candidates-earn-their-place.md).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from classifiers.exceptions import NotPromotable
from classifiers.guarantees import sequences
from classifiers.guarantees.replayed import spent
from classifiers.models import GLOBAL_SLOT, ModelVersion, Rollout, RolloutStage
from classifiers.versions import lineup, registry
from classifiers.versions import rollout as trials
from classifiers.versions.lineup import Lineup
from moderation import leases
from moderation.alone import alone
from moderation.models import Certificate, Policy, Site
from moderation.types import Mode
from reviews.learning import audit_trial, certifying, checking, live_trial, rescoring
from reviews.learning.audit_trial import MARGIN
from reviews.learning.rescoring import BATCH
from reviews.measuring import promises
from reviews.models import AlarmKind
from reviews.notices import alarms

FAILS: Final = 0.01
"""Share of posts in shadow that a candidate may fail on."""
SLOWER: Final = 2.0
"""Times the processor time of the serving model that a candidate may take."""
DIFFERS: Final = 0.25
"""Share of posts whose outcome may change: more is another filter, and for a person to decide."""
NO_AUDITS: Final = (
    "no audits are stored yet that could show it. Until there are, an operator may put it into "
    "service by hand."
)
WHERE: Final = {
    RolloutStage.AUDITS.value: "on stored audits",
    RolloutStage.SHADOW.value: "in shadow",
    RolloutStage.CANARY.value: "as canary",
}
TIMED: Final = 50
"""Posts before its speed is judged."""


def begin(*, version: ModelVersion, baseline: ModelVersion) -> Rollout:
    """Raises RolloutRunning while another candidate of the slot is on its way."""
    share = settings.WINNOW_CANARY_PERCENT / 100
    return registry.begin_rollout(version=version, baseline=baseline, share=share)


def follow(
    *,
    seconds: float,
    now: datetime | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Go on with every open rollout, for so long at most; one that fails holds up no other.

    Raises LeaseTaken when another process is at it.
    """
    if not Rollout.objects.open().exists():
        return
    end = clock() + seconds
    with leases.hold("rollout") as lease:
        for rollout in Rollout.objects.open().select_related("version", "baseline").order_by("pk"):
            lease.keep()
            with alone(f"following the rollout of {rollout.version}"):
                _follow(rollout, now or timezone.now(), lambda: clock() < end)


def _follow(rollout: Rollout, now: datetime, goes_on: Callable[[], bool]) -> None:
    if ModelVersion.objects.serving(rollout.slot) != rollout.baseline:
        said = f"Another model took over than {rollout.baseline}, its measure."
        registry.move_rollout(rollout, RolloutStage.STOPPED, reason=said, now=now)
        return
    new, old = (lineup.of_version(each) for each in (rollout.version, rollout.baseline))
    if new is None or old is None:
        broken = rollout.version if new is None else rollout.baseline
        _stop(rollout, f"{broken} could not be loaded: {broken.problem}", now)
    elif rollout.stage == RolloutStage.AUDITS:
        _by_audits(rollout, new, old, now, goes_on)
    elif rollout.stage == RolloutStage.SHADOW:
        _in_shadow(rollout, new, old, now, goes_on)
    else:
        _as_canary(rollout, new, old, now, goes_on)


def _by_audits(
    rollout: Rollout, new: Lineup, old: Lineup, now: datetime, goes_on: Callable[[], bool]
) -> None:
    """Score what is left to score, and judge once nothing is."""
    for_new, for_old = audit_trial.wanted(rollout, now)
    for used, posts in ((new, for_new), (old, for_old)):
        # What a worker without the encoder scored, one that has it scores again.
        done = rescoring.known(used.model, posts, complete=used.has_encoders)
        left = [words for words in posts if words not in done]
        while left:
            if not goes_on():
                rollout.reason = f"{len(left)} stored posts are still to be scored again."
                rollout.save(update_fields=["reason"])
                return
            rescoring.score(left[:BATCH], [used], keep=[used.model])
            left = left[BATCH:]
    judged, why = judge_on_audits(rollout, now)
    rollout.audits = judged
    if why:
        rollout.save(update_fields=["audits"])
        _stop(rollout, why, now)
        return
    rollout.cursor = live_trial.newest()
    rollout.save(update_fields=["audits", "cursor"])
    said = f"{judged['says']} It is scored beside {rollout.baseline} now."
    registry.move_rollout(rollout, RolloutStage.SHADOW, reason=said, now=now)


def judge_on_audits(rollout: Rollout, now: datetime) -> tuple[dict[str, Any], str]:
    """What stored audits say, and in words why they stop the candidate, if they do."""
    found = audit_trial.compare(rollout, now)
    trial = audit_trial.trial_of(rollout, now)
    delta = spent(trial)
    most, least = found.at_most(delta), found.at_least()
    is_new = is_new_recipe(rollout.version, rollout.baseline)
    margin = 0.0 if is_new else MARGIN
    figures: dict[str, Any] = {
        "posts": found.posts,
        "judged": found.judged,
        "worse": len(found.worse),
        "better": len(found.better),
        "at_most": most,
        "at_least": least,
        "margin": margin,
        "new_recipe": is_new,
        "certified": {},
    }
    counted = f"of {found.judged:,} judged audits it alone gets {len(found.worse)} wrong, and "
    counted += f"{rollout.baseline} alone {len(found.better)}"
    shown = f"{counted}: at most {100 * most:.1f} points more errors"
    if trial > 1:
        shown += f" (as number {trial} of the candidates tried on these draws)"
    if is_new or found.can_say(margin, delta):
        figures["trial"] = trial
    if least > 0.0:
        return figures, f"It is worse: {counted}, at least {100 * least:.1f} points more errors."
    if is_new and most > 0.0:
        why = f"it is not shown: {shown}." if found.judged else NO_AUDITS
        figures["lacking"] = not found.judged
        return figures, f"A new recipe has to be better, and {why}"
    figures["decided"] = most <= margin
    if not figures["decided"] and found.can_say(margin, delta):
        return figures, f"Not shown to be as good: {shown}, and {100 * margin:g} are allowed."
    figures["says"] = (
        f"On stored audits, {shown} (allowed: {100 * margin:g})."
        if figures["decided"]
        else _too_few(found.judged, found.needed(margin, delta))
    )
    sites = audit_trial.served(rollout.version)
    promising = certifying.promising(sites)
    if len(promising) < len(sites):
        where = f"only on {len(promising)} of {len(sites)} sites" if promising else "not"
        figures["says"] += (
            f" Posts that were held for people are {where} compared: they are drawn only where "
            "blocks need a certificate."
        )
    checks = checking.checks(rollout, now)
    figures["checks"] = [check.as_dict() for check in checks]
    # What certifies comes first: a candidate that is stopped for less has spent its trial.
    for site in promising:
        figures["certified"][str(site.pk)] = certifying.certify(rollout, site, now)
    found_worse = [check for check in checks if check.is_worse]
    if found_worse:
        check = found_worse[0]
        return figures, f"On stored audits it is clearly worse: {check.what}, {check.says}."
    if held := uncertified(rollout, figures["certified"]):
        asked = (figures["certified"].get(str(site.pk), {}) for site in held)
        figures["lacking"] = not any("trial" in said for said in asked)
        return figures, _not_certified(rollout, held)
    if figures["decided"]:
        return figures, ""
    before = Rollout.objects.filter(version=rollout.version, pk__lt=rollout.pk)
    if not before.filter(audits__decided=False).exclude(audits__has_key="trial").exists():
        figures["lacking"] = True
        return figures, f"{figures['says']} Tried again, it would go on without them."
    figures["says"] += " An operator had it tried again: the labels held back decided."
    return figures, ""


def _too_few(judged: int, needed: int) -> str:
    said = f"{judged:,} judged; some {needed:,} drawn alike are needed"
    if judged < needed:
        return f"Stored audits are too few to say ({said})."
    return (
        f"Stored audits cannot say: {judged:,} are judged, but were not drawn alike, as where many "
        f"posts came at once; of such as were, some {needed:,} are enough."
    )


def _not_certified(rollout: Rollout, held: Sequence[Site]) -> str:
    """Names no site: a shared model's trials are seen by people of each."""
    sites = "one site" if len(held) == 1 else f"{len(held)} sites"
    return (
        f"What certifies {sites} is for {rollout.baseline} alone, and stored audits do not carry "
        "it over yet."
    )


def uncertified(rollout: Rollout, certified: dict[str, Any]) -> list[Site]:
    """Sites whose certificate in force would end with the candidate, and begin with nothing."""
    held = Certificate.objects.current(timezone.now()).filter(model=rollout.baseline.name)
    return [
        each.site
        for each in held.select_related("site").order_by("site")
        if "certificate" not in certified.get(str(each.site_id), {})
    ]


def is_new_recipe(version: ModelVersion, baseline: ModelVersion) -> bool:
    """Whether it is of another kind, or brings another encoder in the place of the baseline's.

    That the first of a slot's models finds use for the encoder is no new recipe: each training
    tries it, and keeps its part where it earns its place.
    """

    def made(of: ModelVersion) -> tuple[Any, Any, bool]:
        encoder = (of.manifest.get("encoder") or {}).get("digest")
        tuned = bool((of.manifest.get("training") or {}).get("transformer"))
        return of.manifest.get("kind"), encoder, tuned

    (kind, encoder, tuned), (kind_before, encoder_before, tuned_before) = map(
        made, (version, baseline)
    )
    other = None not in (encoder, encoder_before) and encoder != encoder_before
    return kind != kind_before or other or (tuned and not tuned_before)


def _in_shadow(
    rollout: Rollout, new: Lineup, old: Lineup, now: datetime, goes_on: Callable[[], bool]
) -> None:
    if goes_on():
        live_trial.shadow(rollout, new, old)
    found = {**live_trial.NOTHING, **rollout.shadow}
    if why := shadow_stops(found, timed=is_timed(rollout)):
        _stop(rollout, why, now)
        return
    waited = now - rollout.stage_since
    is_seen = found["posts"] >= settings.WINNOW_SHADOW_POSTS
    enough = settings.WINNOW_SHADOW_HOURS if is_seen else settings.WINNOW_ROLLOUT_HOURS
    if waited >= timedelta(hours=enough):
        registry.move_rollout(
            rollout,
            RolloutStage.CANARY,
            reason=f"In shadow {found['differ']} of {found['posts']} posts would have come out "
            f"otherwise. It judges {100 * rollout.share:g} % of the authors now.",
            now=now,
        )


def is_timed(rollout: Rollout) -> bool:
    """Whether its processor time may stop it: not where one of the two alone has an encoder, as in
    `training.gates.against_parent`, or no model could ever be the first to have one.
    """
    new, old = (bool(each.manifest.get("encoder")) for each in (rollout.version, rollout.baseline))
    return new == old


def shadow_stops(found: dict[str, Any], *, timed: bool = True) -> str:
    """Why a candidate does not leave the shadow; empty for none."""
    posts, tried = found["posts"], found["posts"] + found["failed"]
    if tried and sequences.floor(found["failed"], tried, 0.05) > FAILS:
        return f"It failed on {found['failed']} of {tried:,} posts in shadow."
    if timed and posts >= TIMED and found["seconds"] > SLOWER * found["seconds_before"]:
        times = found["seconds"] / max(found["seconds_before"], 1e-9)
        return f"It takes {times:.1f} times the processor time; {SLOWER:g} times is allowed."
    if posts and sequences.lower(found["differ"], posts, 0.05) > DIFFERS:
        return (
            f"{found['differ']:,} of {posts:,} posts would come out otherwise: too many for it to "
            "take over by itself."
        )
    return ""


def _as_canary(
    rollout: Rollout, new: Lineup, old: Lineup, now: datetime, goes_on: Callable[[], bool]
) -> None:
    if goes_on():
        live_trial.shadow(rollout, new, old)
    found = live_trial.canary(rollout, audit_trial.served(rollout.version))
    rollout.canary = found
    rollout.save(update_fields=["canary"])
    beside = {**live_trial.NOTHING, **rollout.shadow}
    why = canary_stops(found) or shadow_stops(beside, timed=is_timed(rollout))
    if why:
        _stop(rollout, why, now)
        return
    waited = now - rollout.stage_since
    posts, wrong = found["canary"]["posts"], found["canary"]["wrong"]
    if posts >= settings.WINNOW_CANARY_POSTS and waited >= timedelta(
        hours=settings.WINNOW_CANARY_HOURS
    ):
        said = f"As canary it judged {posts:,} posts; {wrong} authors' were decided wrongly, and "
        said += f"{found['control']['wrong']} among the others. Nothing speaks against it."
        _finish(rollout, said, now)
    elif waited >= timedelta(hours=settings.WINNOW_CANARY_MOST_HOURS):
        said = f"As canary it judged only {posts} posts in {waited / timedelta(hours=1):.0f} hours"
        _finish(rollout, f"{said}, and nothing spoke against it.", now)


def canary_stops(found: dict[str, Any]) -> str:
    """Why a canary is stopped; empty for none."""
    for what, words in (
        ("wrong", "authors' posts were decided wrongly"),
        ("failed", "authors' posts were not judged at all"),
    ):
        if found["evidence"][what] >= trials.STOPPED:
            own, others = found["canary"], found["control"]
            return (
                f"It does harm: {own[what]} {words} among {own['posts']} of the canary, and "
                f"{others[what]} among {others['posts']} others."
            )
    return ""


@transaction.atomic
def _finish(rollout: Rollout, reason: str, now: datetime) -> None:
    """Put it into service, with the certificates that it earned; or stop, where one is missing.

    One transaction: no worker sees the model without its certificates.
    """
    certified = rollout.audits.get("certified", {})
    if held := uncertified(rollout, certified):
        _stop(rollout, _not_certified(rollout, held), now)
        return
    Rollout.objects.filter(pk=rollout.pk).update(reason=reason)
    try:
        registry.promote(name=rollout.version.name, reason=reason)
    except NotPromotable as error:
        _stop(rollout, str(error), now)
        return
    _certify(rollout, certified, now)


def _certify(rollout: Rollout, certified: dict[str, Any], now: datetime) -> None:
    """The certificates that stored audits carried, where nothing changed since."""
    sites = Site.objects.filter(pk__in=[int(key) for key in certified])
    broken = Certificate.objects.filter(broken=True, ended_at__gte=rollout.started_at)
    spoilt = set(broken.values_list("site", flat=True))
    for policy in _promising(sites):
        shown = certified[str(policy.site_id)].get("certificate")
        if shown and policy.site_id not in spoilt and shown["bound"] <= policy.promise:
            promises.issue_replayed(policy, rollout.version.name, shown, now)


def _promising(sites: Iterable[Site]) -> list[Policy]:
    rows = Policy.objects.filter(site__in=sites).in_force()
    return [policy for policy in rows if policy.mode == Mode.CERTIFIED]


def _stop(rollout: Rollout, reason: str, now: datetime) -> None:
    """Stop it, and leave a task for a person: of the site whose model it is, or of nobody's.

    None where nothing speaks against it but that draws are lacking, as they were the last time: a
    young site would have such a task each night.
    """
    at = rollout.stage
    registry.move_rollout(rollout, RolloutStage.STOPPED, reason=reason, now=now)
    before = Rollout.objects.filter(slot=rollout.slot, pk__lt=rollout.pk).order_by("-pk").first()
    lack = [each is not None and each.audits.get("lacking") for each in (before, rollout)]
    if at not in WHERE or all(lack):
        return
    own = rollout.slot != GLOBAL_SLOT
    sites = [site.pk for site in audit_trial.served(rollout.version)] if own else [None]
    for site_id in sites:
        alarms.sound(
            site_id=site_id,
            kind=AlarmKind.ROLLOUT,
            subject=rollout.slot,
            sentence=f"{rollout.version} was stopped {WHERE[at]}. {reason}",
            facts={"rollout": rollout.pk, "stage": at},
            now=now,
        )
