"""Posts that people decided before they came here: stored as decided, announced to nobody."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction
from django.db.models import F

from moderation.deciding import decisions
from moderation.judging.history import fingerprint_of
from moderation.models import Author, Decision, Policy, Post, PostRevision, Site
from moderation.policy import Reason
from moderation.submitting import posts
from moderation.types import Draft, FeedbackLabel, Ground, Outcome, Source

SETTLE = """
UPDATE moderation_post SET
    status = 'decided', decision_id = given.decision_id, outcome = given.outcome,
    decided_at = %s, created_at = given.created_at
FROM unnest(%s::uuid[], %s::bigint[], %s::text[], %s::timestamptz[])
    AS given (id, decision_id, outcome, created_at)
WHERE moderation_post.id = given.id
"""

IMPORTED = Reason("import.label", "Imported with this label.", 0.0)


@dataclass(frozen=True, slots=True)
class HistoricalDraft:
    """A post, and what the site's own people once said it is."""

    draft: Draft
    label: FeedbackLabel


def store_historical(
    *, site: Site, drafts: Sequence[HistoricalDraft], now: datetime
) -> list[Decision | None]:
    """Store decided posts and return one decision a draft, in order.

    None stands for a draft whose external id the site has already, or that came twice. No
    machine judges these posts, no event tells of them, and no audit draws them. Exact copies
    of imported spam count as copies of spam that a person confirmed.
    """
    with transaction.atomic():
        fresh = _unknown(site, drafts)
        stored = posts.submit(site=site, drafts=[each.draft for each in fresh.values()], now=now)
        policy = Policy.objects.filter(site=site).latest("revision")
        words = {
            said.post_id: said
            for said in PostRevision.objects.filter(post__in=[post.pk for post in stored])
        }
        made = Decision.objects.bulk_create(
            _decision(post, each.label, words[post.pk], policy, now)
            for post, each in zip(stored, fresh.values(), strict=True)
        )
        _put_in_force(stored, [each.draft for each in fresh.values()], made, now)
        _count_for_authors(stored, made)
    by_place = dict(zip(fresh, made, strict=True))
    return [by_place.get(place) for place in range(len(drafts))]


def _unknown(site: Site, drafts: Sequence[HistoricalDraft]) -> dict[int, HistoricalDraft]:
    """Drafts that are new to the site, by their place."""
    named = {each.draft.external_id for each in drafts} - {None}
    known = set(
        Post.objects.filter(site=site, external_id__in=named).values_list("external_id", flat=True)
    )
    fresh = {}
    for place, each in enumerate(drafts):
        name = each.draft.external_id
        if name is None or name not in known:
            fresh[place] = each
            known.add(name)
    return fresh


def _decision(
    post: Post, label: FeedbackLabel, words: PostRevision, policy: Policy, now: datetime
) -> Decision:
    outcome = Outcome.BLOCK if label is FeedbackLabel.SPAM else Outcome.ALLOW
    return Decision(
        post=post,
        site_id=post.site_id,
        revision=post.revision,
        outcome=outcome,
        published=outcome is Outcome.ALLOW,
        source=Source.IMPORT,
        by=Ground.PERSON,
        label=label,
        fingerprint=fingerprint_of(words),
        reasons=decisions.stored_reasons([IMPORTED]),
        mode=policy.mode,
        policy=policy,
        created_at=now,
    )


def _put_in_force(
    stored: Sequence[Post], drafts: Sequence[Draft], made: Sequence[Decision], now: datetime
) -> None:
    """Imported posts are as old as the file says, and have no fingerprint of their own.

    So they do not count as what somebody wrote just now, nor as copies spread today.
    """
    rows = [
        (post.pk, decision.pk, decision.outcome, min(draft.posted_at or now, now))
        for post, draft, decision in zip(stored, drafts, made, strict=True)
    ]
    columns = [list(column) for column in zip(*rows, strict=True)]
    if rows:
        with connection.cursor() as cursor:
            cursor.execute(SETTLE, [now, *columns])


def _count_for_authors(stored: Sequence[Post], made: Sequence[Decision]) -> None:
    counts: dict[int, Counter[str]] = {}
    for post, decision in zip(stored, made, strict=True):
        if post.author_id is not None:
            counts.setdefault(post.author_id, Counter())[decision.label] += 1
    for author_id in sorted(counts):
        spam, ham = counts[author_id]["spam"], counts[author_id]["ham"]
        Author.objects.filter(pk=author_id).update(
            spam_verdicts=F("spam_verdicts") + spam, ham_verdicts=F("ham_verdicts") + ham
        )
