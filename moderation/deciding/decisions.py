"""Writing down what was decided: the Decision, its Event and the Post's standing together.

Whoever writes a decision holds the lock on its Post. Decisions are only ever added; each
names the one that it supersedes, and the Post points at the one in force.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeAlias
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Greatest
from django.utils import timezone

from moderation import bulk, hidden_words, outbox, statements, trail
from moderation.deciding import audits, overtaken
from moderation.deciding.appeal_links import show_statement
from moderation.exceptions import StaleDecision
from moderation.judging.history import fingerprint_of
from moderation.models import (
    Author,
    Certificate,
    Decision,
    Event,
    Policy,
    Post,
    PostRevision,
    Score,
)
from moderation.policy import Reason, Ruling, hold_after_block, hold_hidden_words
from moderation.trail import Origin, Traced
from moderation.types import Arm, EventKind, FeedbackLabel, Ground, Mode, Outcome, Source, Status

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    # At run time it would bring the models' libraries into the web process.
    from moderation.judging.scoring import Judged

HELD_AGAIN = timedelta(hours=1)
"""For an answer, where the time of a post that is held again has run out meanwhile."""
STILL_CLAIMED = f"""
SELECT p.id, p.decision_id, p.hidden_at IS NOT NULL,
    {hidden_words.SAID.format(site="p.site_id", fingerprint="claimed.fingerprint")}
FROM moderation_post p
JOIN unnest(%s::uuid[], %s::int[], %s::int[], %s::bytea[])
    AS claimed (id, revision, attempts, fingerprint)
    ON p.id = claimed.id AND p.revision = claimed.revision AND p.attempts = claimed.attempts
WHERE p.status = 'pending'
ORDER BY p.id
FOR NO KEY UPDATE OF p
"""  # noqa: S608 - constants
SETTLE = """
UPDATE moderation_post SET
    status = 'decided', outcome = given.outcome, decision_id = given.decision_id,
    fingerprint = CASE WHEN hidden_at IS NULL THEN given.fingerprint
        ELSE moderation_post.fingerprint END,
    hold_until = given.hold_until, decided_at = %s::timestamptz, lease_until = NULL
FROM unnest(%s::uuid[], %s::text[], %s::bigint[], %s::bytea[], %s::timestamptz[])
    AS given (id, outcome, decision_id, fingerprint, hold_until)
WHERE moderation_post.id = given.id
RETURNING 1
"""

Settled: TypeAlias = "tuple[Judged, Ruling, Decision]"


def record(
    judged: Sequence[Judged], rulings: Sequence[Ruling], *, now: datetime, throw: audits.Throw
) -> list[Decision]:
    """Store the machine's rulings and return the decisions made of them.

    A post that was edited, withdrawn, decided by a person or claimed again since it was
    claimed keeps its standing: the ruling on it is dropped. Blocks by a model or a certificate that
    ended meanwhile are held.
    """
    with transaction.atomic(savepoint=False):
        claimed = _still_claimed(judged)
        settled = []
        for each, given in overtaken.hold(judged, rulings, now=now):
            if each.post.pk in claimed:
                present, hidden, as_hidden = claimed[each.post.pk]
                # Hidden since it was claimed, or in a mode that publishes what could not be judged.
                ruling = hold_after_block(given) if hidden else given
                if as_hidden and not hidden:
                    ruling = hold_hidden_words(ruling)
                decision = _decision_of(each, ruling, now, supersedes=present)
                settled.append((each, ruling, decision))
        if not settled:
            return []
        decisions = bulk.insert([decision for *_, decision in settled])
        policies = {each.policy.pk: each.policy for each, *_ in settled}.values()
        # Both sides of a trial are drawn with one chance, however their posts come in batches.
        certified = {
            each.post.site_id: each.promised.doubted
            for each, *_ in settled
            if each.promised is not None and (each.certificate or each.arm == Arm.CANARY)
        }
        certified |= _waiting(settled, now)
        draws = bulk.insert(
            audits.draw(decisions, policies, certified=certified, now=now, throw=throw)
        )
        bulk.insert(_scores(settled, now))
        _settle(settled, now)
        audited = {draw.decision_id for draw in draws if draw.selected}
        origins = {each.post.pk: each.origin for each, *_ in settled}
        under = {each.post.pk: each.policy for each, *_ in settled}
        trail.decided(
            Traced(decision, each.origin, each.post.submitted_at) for each, _, decision in settled
        )
        outbox.publish(
            [
                event_of(
                    decision,
                    under[decision.post_id],
                    audited=decision.pk in audited,
                    origin=origins[decision.post_id],
                )
                for decision in decisions
            ]
        )
    return decisions


def _waiting(settled: Sequence[Settled], now: datetime) -> dict[int, bool]:
    """Sites whose certificate waits for answers: as many are drawn as if it covered blocks.

    People who cannot answer what was drawn are not asked about every would-be block besides.
    """
    uncovered = [
        each for each, *_ in settled if each.promised is None and each.policy.mode == Mode.CERTIFIED
    ]
    if not uncovered:
        return {}
    sites = {each.post.site_id for each in uncovered}
    waiting = {one.site_id: one for one in Certificate.objects.waiting(now).filter(site__in=sites)}
    return {
        each.post.site_id: one.doubted
        for each in uncovered
        if (one := waiting.get(each.post.site_id)) is not None
        and (
            each.arm == Arm.CANARY
            or one.covers(model=each.findings.assessment.model, policy=each.policy)
        )
    }


def override(
    *,
    post_id: UUID,
    outcome: Outcome | str,
    source: Source | str,
    revision: int,
    user: User | None = None,
    actor: str = "",
    reasons: Sequence[Mapping[str, Any]] = (),
    label: FeedbackLabel | str | None = None,
    published: bool = False,
    failed: bool = False,
    expected_decision_id: int | None = None,
    held_since: datetime | None = None,
    now: datetime | None = None,
) -> Decision:
    """Store a person's decision on the revision they saw, and return it.

    `reasons` stand as `Decision.reasons` keeps them: code, sentence, weight.
    `label` is what they said the words are: only that makes copies of them known as spam
    and counts for the author. It is None for a removal for another reason and for a verdict
    that is undone. `published` matters for the outcome "review" alone, as does `failed`: that
    the question is open again because no judge could answer it. What is held again, and was
    `held_since` some moment before, is held for what is left of its time, and HELD_AGAIN at least.

    New words that came in meanwhile stay pending: they are a new question. Raises
    StaleDecision if `expected_decision_id` is given and another decision is in force, or if
    the decision in force is about later words.
    """
    now = now or timezone.now()
    outcome, source = Outcome(outcome), Source(source)
    if not source.is_person:
        raise ValueError(f"{source} is not a person.")
    with transaction.atomic():
        post = Post.objects.select_for_update(no_key=True, of=("self",)).get(pk=post_id)
        present = post.decision
        _check_in_force(post, present, revision, expected_decision_id)
        policy = Policy.objects.filter(site_id=post.site_id).latest("revision")
        decision = Decision.objects.create(
            post=post,
            site_id=post.site_id,
            revision=revision,
            outcome=outcome,
            published=outcome is Outcome.ALLOW or (outcome is Outcome.REVIEW and published),
            source=source,
            by=Ground.PERSON,
            label=label or "",
            failed=failed,
            fingerprint=_fingerprint(post_id, revision) if label else None,
            reasons=list(reasons),
            mode=policy.mode,
            policy=policy,
            supersedes=present,
            user=user,
            actor=actor,
            created_at=now,
        )
        put_in_force(post, decision, policy, now, held_since=held_since)
        _count_for_author(post, present, decision)
        origin = trail.origins_of([(post.pk, revision)]).get(post.pk, trail.NOWHERE)
        trail.decided([Traced(decision, origin, post.submitted_at)])
        outbox.publish([event_of(decision, policy, audited=False, origin=origin)])
    return decision


def stored_reasons(reasons: Iterable[Reason]) -> list[dict[str, Any]]:
    """Return reasons as `Decision.reasons` keeps them."""
    return [
        {"code": reason.code, "sentence": reason.sentence, "weight": round(reason.weight, 4)}
        for reason in reasons
    ]


def _still_claimed(judged: Sequence[Judged]) -> dict[UUID, tuple[int | None, bool, bool]]:
    """Lock the posts, by id; return those that stand as claimed.

    As what is in force, whether it is hidden, and whether a hidden post has its words.
    """
    named = ("pk", "revision", "attempts")
    columns = [[getattr(each.post, name) for each in judged] for name in named]
    rows = statements.run(STILL_CLAIMED, [*columns, [each.fingerprint for each in judged]])
    return {pk: (present, hidden, as_hidden) for pk, present, hidden, as_hidden in rows}


def _decision_of(
    judged: Judged, ruling: Ruling, now: datetime, *, supersedes: int | None
) -> Decision:
    assessment = judged.findings.assessment
    return Decision(
        post_id=judged.post.pk,
        site_id=judged.post.site_id,
        revision=judged.post.revision,
        outcome=ruling.outcome,
        published=ruling.published,
        source=Source.MACHINE,
        by=ruling.by,
        probability=assessment.probability,
        site_probability=assessment.site_probability,
        would_be=ruling.would_be,
        reasons=stored_reasons(ruling.reasons),
        failed=ruling.failed,
        capped=ruling.capped,
        mode=judged.policy.mode,
        policy_id=judged.policy.pk,
        model=assessment.model,
        arm=judged.arm,
        learner_revision=judged.learner_revision,
        community=asdict(judged.place.community) if judged.place.community else None,
        supersedes_id=supersedes,
        created_at=now,
    )


def _scores(settled: Sequence[Settled], now: datetime) -> list[Score]:
    """What each model said, and a row without a number for each judge that failed."""
    rows = []
    for judged, _, decision in settled:
        assessment = judged.findings.assessment
        said: list[tuple[str, str, float | None, float | None]] = [
            (
                score.scorer,
                score.version,
                score.probability,
                score.seen.unfamiliar if score.seen else None,
            )
            for score in assessment.scores
        ]
        said += [(s.code, assessment.model, None, None) for s in assessment.signals if s.failed]
        rows += [
            Score(
                post_id=decision.post_id,
                revision=decision.revision,
                scorer=scorer[:50],
                model=model,
                probability=probability,
                unfamiliar=unfamiliar,
                created_at=now,
            )
            for scorer, model, probability, unfamiliar in said
        ]
    return rows


def _settle(settled: Sequence[Settled], now: datetime) -> None:
    rows = [
        (
            decision.post_id,
            decision.outcome,
            decision.pk,
            judged.fingerprint,
            _hold_end(decision, judged.policy, now),
        )
        for judged, _, decision in settled
    ]
    statements.run(SETTLE, [now, *(list(column) for column in zip(*rows, strict=True))])


def _hold_end(
    decision: Decision, policy: Policy, now: datetime, *, since: datetime | None = None
) -> datetime | None:
    if decision.outcome != Outcome.REVIEW or decision.published:
        return None
    if since is None:
        return now + policy.max_hold
    return max(since + policy.max_hold, now + min(HELD_AGAIN, policy.max_hold))


def event_of(
    decision: Decision,
    policy: Policy,
    *,
    audited: bool,
    origin: Origin,
    kind: EventKind = EventKind.DECISION_RECORDED,
) -> Event:
    return Event(
        kind=kind,
        site_id=decision.site_id,
        post_id=decision.post_id,
        decision=decision,
        payload={
            "revision": decision.revision,
            "outcome": decision.outcome,
            "published": decision.published,
            "source": decision.source,
            "audited": audited,
            "request_id": origin.request_id,
            "statement": show_statement(decision, policy),
        },
        next_attempt_at=decision.created_at,
        created_at=decision.created_at,
    )


def _check_in_force(
    post: Post, present: Decision | None, revision: int, expected: int | None
) -> None:
    if expected is not None and (present is None or present.pk != expected):
        raise StaleDecision(present)
    if revision > post.revision or (present is not None and present.revision > revision):
        raise StaleDecision(present)


def _fingerprint(post_id: UUID, revision: int) -> bytes | None:
    return fingerprint_of(PostRevision.objects.get(post_id=post_id, revision=revision))


def put_in_force(
    post: Post,
    decision: Decision,
    policy: Policy,
    now: datetime,
    *,
    held_since: datetime | None = None,
) -> None:
    """Point the post at the decision; one about earlier words leaves the new ones pending."""
    post.decision = decision
    changed = ["decision"]
    if decision.revision == post.revision and post.status != Status.WITHDRAWN:
        post.status = Status.DECIDED
        post.outcome = decision.outcome
        post.hold_until = _hold_end(decision, policy, now, since=held_since)
        post.decided_at = now
        post.lease_until = None
        changed += ["status", "outcome", "hold_until", "decided_at", "lease_until"]
    post.save(update_fields=changed)


def _count_for_author(post: Post, present: Decision | None, decision: Decision) -> None:
    """Count the label, and take back the one that this decision replaces."""
    replaced = present.label if present and present.revision == decision.revision else ""
    if post.author_id is None or replaced == decision.label:
        return
    changes = {}
    for label, change in ((decision.label, 1), (replaced, -1)):
        if label:
            field = f"{label}_verdicts"
            changes[field] = Greatest(F(field) + change, 0)
    Author.objects.filter(pk=post.author_id).update(**changes)
