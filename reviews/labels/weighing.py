"""What reporters' labels weigh, by the trust that `reviews.labels.sources` learns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from classifiers import trust
from classifiers.trust import Reputation
from moderation import statements
from moderation.models import Feedback, Site
from moderation.types import ActorRole, FeedbackLabel
from reviews.labels.labelling import LABEL_OF
from reviews.models import Label, LabelSource, Reporter, Verdict
from reviews.states import VerdictKind

FEW: Final = 20
"""Answers by moderators here, blind checks among them, below which a site counts as one that
moderates by its own means."""
TRUSTED_ROLES: Final = tuple(sorted(role.value for role in ActorRole if role.is_trusted))

Who = tuple[int, str]
"""A key and the site's id of who used it; an empty id is the key as a whole."""
NOBODY: Final = (0, Reputation())


@dataclass(frozen=True, slots=True)
class Weighed:
    """What a label counts in a snapshot, and why."""

    weight: float
    trust: float
    reporter: int
    """Who stands for it: its key as a whole, where whoever gave it is not proven."""
    seconded: bool = False
    """Whether a person has looked: a moderator, asked blind, said the same, or whoever cleared the
    reporter afterwards."""
    key: int = 0
    """Its key as a whole, which is a reporter, too."""

    @property
    def source(self) -> str:
        """As `classifiers.training.gates.influence` takes it."""
        own = f"{LabelSource.FEEDBACK.value}:{self.reporter}"
        return f"{own}/{self.key}" if self.key not in (0, self.reporter) else own


@dataclass(frozen=True, slots=True)
class Weighing:
    """The labels of reporters that may train, by label; others of theirs may not.

    What is no reporter's weighs what the label says.
    """

    of_reporters: Mapping[int, Weighed]

    def of(self, label: Label) -> Weighed | None:
        """None for a reporter's label that may not train."""
        if label.source == LabelSource.FEEDBACK:
            return self.of_reporters.get(label.pk)
        return Weighed(label.weight, 1.0, 0)

    def weight_of(self, label: Label) -> float:
        """Raises LookupError for a label that may not train."""
        found = self.of(label)
        if found is None:
            raise LookupError(f"label {label.pk} may not train")
        return found.weight


def weigh(labels: QuerySet[Label], *, caps: bool = True, shared: bool = False) -> Weighing:
    """What the reporters' labels among these weigh; with `caps`, within the shares of a snapshot.

    `labels` may be cut to one label a revision: these rows are read, and no others. Of a site
    whose people judge elsewhere, and send what they said, nothing can be compared: it is taken at
    half its word, untried, from whoever was not found wrong. But in a model that several sites
    share (`shared`) its key is a source that is tried and capped like any other.
    """
    among = Label.objects.filter(pk__in=labels.values("pk"))
    said = among.filter(source=LabelSource.FEEDBACK)
    rows = list(
        said.values_list(
            "pk", "weight", "feedback__api_key", "feedback__actor_id", "site"
        ).order_by("pk")
    )
    if not rows:
        return Weighing({})
    reporters = _reputations({row[2] for row in rows})
    elsewhere = _judged_elsewhere({row[4] for row in rows})
    doubted = _doubted({row[2] for row in rows})
    checked = _checked(said)
    found: dict[int, Weighed] = {}
    groups: dict[int, tuple[tuple[str, float], ...]] = {}
    for pk, own, key, actor, site in rows:
        reporter, earned = reporters.get((key, actor), NOBODY)
        of_key, of_all = reporters.get((key, ""), NOBODY)
        weighs = trust.weight_of(earned, of_all, confirmed=checked.get(pk))
        if site in elsewhere and not {(key, actor), (key, "")} & doubted:
            half = max(trust.TEACHES_FROM, trust.weight(min(earned.trusted, of_all.trusted)))
            if shared and not of_key:
                continue  # Nobody has met its key yet: it could be tried under no name.
            found[pk] = Weighed(own * half, half, of_key if shared else 0)
            groups[pk] = ((f"site {site}", trust.MOST_OF_SITE),) if shared else ()
        elif weighs and of_key:
            proven = earned.is_proven
            trusted = trust.weight(earned.trusted) if proven else trust.TEACHES_FROM
            found[pk] = Weighed(own * weighs, trusted, reporter if proven else of_key, key=of_key)
            groups[pk] = trust.caps(
                earned,
                reporter=f"reporter {reporter}",
                site=f"site {site}",
                confirmed=checked.get(pk),
            )
    if not caps:
        return Weighing(found)
    others = float(among.exclude(source=LabelSource.FEEDBACK).count())
    capped = trust.capped({pk: each.weight for pk, each in found.items()}, groups, others)
    sure = _seconded(said)
    return Weighing(
        {
            pk: replace(each, weight=round(capped[pk], 4), seconded=pk in sure)
            for pk, each in found.items()
            if round(capped[pk], 4) > 0.0
        }
    )


def agreed_blind(said: QuerySet[Label]) -> set[int]:
    """Reporters' labels that a moderator who was asked blind gave too."""
    return {pk for pk, agrees in _checked(said).items() if agrees}


def _seconded(said: QuerySet[Label]) -> set[int]:
    """These, and those whose source was cleared since: enough to doubt the model that contradicts
    them, but whoever clears a source has not judged what it said.
    """
    cleared = Reporter.objects.filter(
        api_key=OuterRef("feedback__api_key"),
        actor_id__in=(OuterRef("feedback__actor_id"), ""),
        cleared_at__gte=OuterRef("created_at"),
    )
    return agreed_blind(said) | set(said.filter(Exists(cleared)).values_list("pk", flat=True))


def _checked(said: QuerySet[Label]) -> dict[int, bool]:
    """Whether a moderator who was asked blind said the same, of labels of which one was."""
    answered = said.filter(check_of__answer__kind__in=LABEL_OF, check_of__answer__undone_by=None)
    rows = answered.values_list("pk", "label", "check_of__answer__kind")
    return {pk: label == LABEL_OF[VerdictKind(kind)] for pk, label, kind in rows}


def heard(said: QuerySet[Label]) -> QuerySet[Label]:
    """Those of these labels that nobody gave who may not teach: a stranger, or who was flagged."""
    feedback = said.filter(source=LabelSource.FEEDBACK)
    mute = set(feedback.values_list("pk", flat=True)) - weigh(said, caps=False).of_reporters.keys()
    return said.exclude(pk__in=mute)


VOUCH: Final = """
UPDATE moderation_feedback f SET vouched = NOT f.vouched
FROM moderation_post post
WHERE post.id = f.post_id AND post.site_id = %(site)s
    AND (%(posts)s::uuid[] IS NULL OR post.id = ANY(%(posts)s::uuid[]))
    AND f.label = 'spam' AND f.actor_role = ANY(%(roles)s)
    AND f.vouched <> (
        (f.api_key_id, f.actor_id) IN (SELECT * FROM unnest(%(keys)s::bigint[], %(actors)s::text[]))
        OR coalesce((
            SELECT bool_and(v.kind = 'spam')
            FROM reviews_verdict v JOIN reviews_case c ON c.id = v.case_id
            WHERE c.post_id = f.post_id AND c.revision = f.revision
                AND v.kind IN ('spam', 'not_spam')
                AND NOT EXISTS (SELECT FROM reviews_verdict u WHERE u.undoes_id = v.id)
        ), false)
    )
RETURNING f.id
"""


def vouch(*, site: Site, posts: Sequence[UUID] | None = None) -> None:
    """Note which calls of spam with a key are a confirmed person's word, so that copies follow.

    Of who may teach, by the rule of `weigh`, and what moderators called spam as well. Of `posts`
    alone, or of all that the site has.
    """
    said = Feedback.objects.filter(
        post__site=site, label=FeedbackLabel.SPAM, actor_role__in=TRUSTED_ROLES
    )
    if posts is not None:
        said = said.filter(post__in=posts)
    speakers: set[Who] = set(said.values_list("api_key", "actor_id").distinct())
    if not speakers:
        return
    keys = {key for key, _ in speakers}
    reputations, doubted = _reputations(keys), _doubted(keys)
    elsewhere = bool(_judged_elsewhere([site.pk]))
    sure = [
        (key, actor)
        for key, actor in speakers
        if _teaches(reputations, key, actor)
        or (elsewhere and not {(key, actor), (key, "")} & doubted)
    ]
    statements.run(
        VOUCH,
        {
            "site": site.pk,
            "posts": None if posts is None else list(posts),
            "roles": list(TRUSTED_ROLES),
            "keys": [key for key, _ in sure],
            "actors": [actor for _, actor in sure],
        },
    )


def chance_of_check(feedback: Feedback) -> float:
    """The chance with which a moderator is asked, blind, about what somebody said."""
    if feedback.api_key_id is None:
        return 0.0
    reputations = _reputations([feedback.api_key_id], actors=[feedback.actor_id])
    return trust.chance_of_check(*(
        reputations.get((feedback.api_key_id, who), NOBODY)[1] for who in (feedback.actor_id, "")
    ))  # fmt: skip


def _reputations(
    keys: Iterable[int], *, actors: Sequence[str] | None = None
) -> dict[Who, tuple[int, Reputation]]:
    """Id and reputation of each reporter, or of these and their keys."""
    rows = Reporter.objects.filter(api_key__in=keys)
    if actors is not None:
        rows = rows.filter(actor_id__in=(*actors, ""))
    return {(row.api_key_id, row.actor_id): (row.pk, row.reputation) for row in rows}


def _teaches(reputations: Mapping[Who, tuple[int, Reputation]], key: int, actor: str) -> bool:
    """Whether what nobody checked of a reporter teaches."""
    (_, own), (_, whole) = (reputations.get((key, who), NOBODY) for who in (actor, ""))
    return trust.weight_of(own, whole, confirmed=None) > 0.0


def is_judged_elsewhere(site: int) -> bool:
    """Whether moderators of ours have hardly judged anything on a site."""
    return site in _judged_elsewhere([site])


def _judged_elsewhere(sites: Iterable[int]) -> set[int]:
    """The sites of these where moderators of ours have hardly judged anything."""
    verdicts = Verdict.objects.filter(kind__in=sorted(LABEL_OF), undone_by=None).order_by()
    return {
        site
        for site in sites
        if len(verdicts.filter(case__site=site).values_list("pk", flat=True)[:FEW]) < FEW
    }


def _doubted(keys: Iterable[int]) -> set[Who]:
    """Sources that were flagged, or found wrong even once."""
    rows = Reporter.objects.filter(api_key__in=keys)
    wrong = rows.filter(Q(flagged_at__isnull=False) | Q(agreed__lt=F("compared")))
    return set(wrong.values_list("api_key", "actor_id"))
