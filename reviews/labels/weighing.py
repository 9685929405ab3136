"""What reporters' labels weigh, by the trust that `reviews.labels.sources` learns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, Value, When

from classifiers import trust
from moderation import statements
from moderation.models import Feedback, Site
from moderation.types import ActorRole, FeedbackLabel
from reviews.labels.labelling import LABEL_OF
from reviews.models import Label, LabelSource, Reporter, Verdict

FEW: Final = 20
"""Answers by moderators here, blind checks among them, below which a site counts as one that
moderates by its own means."""
TRUSTED_ROLES: Final = tuple(sorted(role.value for role in ActorRole if role.is_trusted))

Who = tuple[int, str]
"""A key and the site's id of who used it; an empty id is the key as a whole."""


@dataclass(frozen=True, slots=True)
class Weighed:
    """What a label counts in a snapshot, and why."""

    weight: float
    trust: float
    reporter: int
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


def weigh(standing: QuerySet[Label], *, caps: bool = True, shared: bool = False) -> Weighing:
    """What the reporters' labels among these weigh; with `caps`, within the shares of a snapshot.

    `standing` may be cut to one label a revision: these rows are read, and no others. Of a site
    whose people judge elsewhere, and send what they said, nothing can be compared: it is taken at
    half its word, untried, from whoever was not found wrong. But in a model that several sites
    share (`shared`) its key is a source that is tried and capped like any other.
    """
    among = Label.objects.filter(pk__in=standing.values("pk"))
    said = among.filter(source=LabelSource.FEEDBACK)
    rows = list(
        said.values_list(
            "pk", "weight", "feedback__api_key", "feedback__actor_id", "site"
        ).order_by("pk")
    )
    if not rows:
        return Weighing({})
    reporters = _standing({row[2] for row in rows})
    elsewhere = _judged_elsewhere({row[4] for row in rows})
    doubted = _doubted({row[2] for row in rows})
    found: dict[int, Weighed] = {}
    groups: dict[int, tuple[tuple[str, float], ...]] = {}
    for pk, own, key, actor, site in rows:
        reporter, trusted = reporters.get((key, actor), (0, 0.0))
        if site in elsewhere and not {(key, actor), (key, "")} & doubted:
            half = max(trust.TEACHES_FROM, trust.weight(trusted))
            of_key, _ = reporters.get((key, ""), (0, 0.0)) if shared else (0, 0.0)
            if shared and not of_key:
                continue  # Nobody has met its key yet: it could be tried under no name.
            found[pk] = Weighed(own * half, half, of_key)
            groups[pk] = ((f"key {key}", trust.MOST_OF_KEY),) if shared else ()
        elif weighs := own * trust.weight(trusted):
            of_key, _ = reporters.get((key, ""), (0, 0.0))
            found[pk] = Weighed(weighs, trust.weight(trusted), reporter, key=of_key)
            groups[pk] = (
                (f"reporter {reporter}", trust.MOST_OF_REPORTER),
                (f"key {key}", trust.MOST_OF_KEY),
            )
    if not caps:
        return Weighing(found)
    others = float(among.exclude(source=LabelSource.FEEDBACK).count())
    capped = trust.capped({pk: each.weight for pk, each in found.items()}, groups, others)
    sure = seconded(said)
    return Weighing(
        {
            pk: replace(each, weight=round(capped[pk], 4), seconded=pk in sure)
            for pk, each in found.items()
            if round(capped[pk], 4) > 0.0
        }
    )


def seconded(said: QuerySet[Label]) -> set[int]:
    """Reporters' labels that somebody else, asked blind, gave too, or whose source was cleared."""
    cleared = Reporter.objects.filter(
        api_key=OuterRef("feedback__api_key"),
        actor_id__in=(OuterRef("feedback__actor_id"), ""),
        cleared_at__gte=OuterRef("created_at"),
    )
    checked = Case(
        *(When(check_of__answer__kind=kind, then=Value(said)) for kind, said in LABEL_OF.items())
    )
    agreed = Q(label=checked, check_of__answer__undone_by=None)
    return set(said.filter(Exists(cleared) | agreed).values_list("pk", flat=True))


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
    standing, doubted = _standing(keys), _doubted(keys)
    elsewhere = bool(_judged_elsewhere([site.pk]))
    sure = [
        (key, actor)
        for key, actor in speakers
        if trust.weight(standing.get((key, actor), (0, 0.0))[1])
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


def trust_of(feedback: Feedback) -> float:
    """The trust that whoever said this has earned so far; that of a stranger at first."""
    reporters = Reporter.objects.filter(api_key=feedback.api_key_id, actor_id=feedback.actor_id)
    found = reporters.values_list("trust", flat=True).first()
    return trust.trust([]) if found is None else found


def _standing(keys: Iterable[int]) -> dict[Who, tuple[int, float]]:
    """Id and trust of each reporter whose labels may train; nobody is trusted above their key."""
    rows = Reporter.objects.filter(api_key__in=keys)
    found = {
        (key, actor): (pk, 0.0 if flagged else trusted)
        for pk, key, actor, trusted, flagged in rows.values_list(
            "pk", "api_key", "actor_id", "trust", "flagged_at"
        )
    }
    return {
        (key, actor): (pk, min(trusted, found.get((key, ""), (0, 0.0))[1]))
        for (key, actor), (pk, trusted) in found.items()
    }


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
