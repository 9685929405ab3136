"""Random draws with what people said of them: all that figures and certificates may stand on."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from classifiers.guarantees.certificates import Draw
from classifiers.guarantees.figures import Held, Sampled
from classifiers.guarantees.senders import FORGOTTEN
from classifiers.types import ENCODER_MISSING
from moderation import statements
from moderation.ids import first_id
from moderation.models import Post, Site
from moderation.types import FeedbackLabel, Stratum
from reviews.labels.weighing import heard
from reviews.measuring.answers import About, answers, untold
from reviews.models import Label, LabelSource

# The strata are named so that the index on site, stratum and time is used.
# Draws of one policy's threshold in one mode, and of one model. What lists, copies, the honeypot
# and people's earlier blocks decided is left out, and so is what a worker judged without the
# model's text encoder: that is another function, and never blocks by certificate.
WITHOUT: Final = json.dumps([{"code": ENCODER_MISSING}])
# Each edit of a post is thrown for. It counts once in a period, by the first throw in its stratum:
# an author, or a bot, that edits posts would else be many honest ones.
ONCE: Final = """
(decision.revision = 1 OR NOT EXISTS (
    SELECT FROM moderation_decision before
    JOIN moderation_auditdraw thrown ON thrown.decision_id = before.id
    WHERE before.post_id = decision.post_id AND before.id < decision.id
        AND thrown.stratum = draw.stratum AND thrown.created_at >= %(since)s
))
"""
# Of would-be blocks each edit counts: a later one may be wrong, or above a threshold that the first
# was not, and what is wrong more than once only makes a certificate harder to earn.
ASKED: Final = f"""
draw.site_id = %(site)s AND draw.stratum IN ('allow', 'block')
AND draw.created_at >= %(since)s AND draw.created_at < %(until)s
AND decision.model = %(model)s AND policy.mode = %(mode)s
AND (%(block_from)s::float IS NULL OR policy.block_from = %(block_from)s::float)
AND (draw.stratum = 'allow' OR (decision.by = 'model' AND decision.would_be = 'block'))
AND NOT decision.reasons @> '{WITHOUT}'
AND (draw.stratum = 'block' OR {ONCE.replace("%(since)s", "%(once_since)s")})
"""
FROM: Final = """
FROM moderation_auditdraw draw
JOIN moderation_decision decision ON decision.id = draw.decision_id
JOIN moderation_policy policy ON policy.id = decision.policy_id
"""
DRAWN: Final = f"""
SELECT draw.id, decision.id, decision.post_id, decision.revision,
    extract(epoch FROM draw.created_at)::float, draw.stratum, decision.probability,
    draw.draw, draw.probability
{FROM} WHERE draw.selected AND {ASKED}
ORDER BY draw.created_at, draw.id
"""  # noqa: S608 - constants
BY_DAY: Final = f"""
SELECT floor(extract(epoch FROM draw.created_at - %(since)s) / 86400)::int,
    count(DISTINCT decision.post_id) FILTER (
        WHERE draw.stratum = 'allow'
        AND NOT draw.created_at <@ ANY(%(but)s::text[]::tstzrange[])
    ),
    count(DISTINCT decision.post_id) FILTER (WHERE decision.outcome = 'block'),
    max(draw.probability) FILTER (WHERE decision.outcome = 'block')
{FROM} WHERE {ASKED} GROUP BY 1
"""  # noqa: S608 - constants
AUDITED: Final = f"""
SELECT draw.id, floor(extract(epoch FROM draw.created_at - %(since)s) / 86400)::int,
    draw.probability
{FROM}
WHERE draw.selected AND {ASKED} AND draw.stratum = 'allow'
    AND NOT draw.created_at <@ ANY(%(but)s::text[]::tstzrange[])
"""  # noqa: S608 - constants
# Whatever model allowed it: the probability follows the number of all of them.
LEAST_OF_ALLOWED: Final = """
SELECT floor(extract(epoch FROM created_at - %(since)s) / 86400)::int, min(probability)
FROM moderation_auditdraw
WHERE site_id = %(site)s AND stratum = 'allow'
    AND created_at >= %(since)s - interval '1 day' AND created_at < %(until)s
GROUP BY 1
"""
ABOVE: Final = f"""
SELECT count(*) {FROM}
WHERE {ASKED} AND draw.stratum = 'block' AND decision.probability >= %(threshold)s
"""
NEWEST: Final = f"""
SELECT decision.model {FROM}
WHERE draw.site_id = %s AND draw.stratum = 'allow' AND policy.mode = %s
    AND decision.arm <> 'canary'
ORDER BY draw.created_at DESC LIMIT 1
"""
# An author may send the same post again and again: it counts once, by the throw for its first
# block, whether that drew it or not.
BLOCKED: Final = f"""
SELECT id, decision_id, post_id, revision, extract(epoch FROM created_at)::float
FROM (
    SELECT DISTINCT ON (decision.post_id) draw.id, draw.decision_id, decision.post_id,
        decision.revision, draw.created_at, draw.selected
    {FROM} WHERE {ASKED} AND draw.stratum = 'block' AND decision.outcome = 'block'
    ORDER BY decision.post_id, draw.created_at, draw.id
) AS first
WHERE selected ORDER BY created_at, id
"""  # noqa: S608 - constants
SAMPLED: Final = f"""
SELECT draw.id, decision.id, decision.post_id, decision.revision, draw.stratum, draw.probability
{FROM}
WHERE draw.selected AND draw.site_id = %(site)s AND draw.stratum IN ('allow', 'block')
    AND draw.created_at >= %(since)s AND draw.created_at < %(until)s AND {ONCE}
"""
STRATA: Final = f"""
SELECT draw.stratum, count(*), min(draw.probability), max(draw.probability)
FROM moderation_auditdraw draw JOIN moderation_decision decision ON decision.id = draw.decision_id
WHERE draw.site_id = %(site)s AND draw.stratum IN ('allow', 'block')
    AND draw.created_at >= %(since)s AND draw.created_at < %(until)s AND {ONCE}
GROUP BY 1
"""  # noqa: S608 - constants

# What the machine decided to hold, by the newest of its decisions on each post: people judge them
# all, also those that were drawn to measure the next model.
HELD: Final = """
SELECT decision.post_id, decision.revision FROM (
    SELECT DISTINCT ON (made.post_id) made.id, made.post_id, made.revision, made.by
    FROM moderation_decision made
    JOIN moderation_post post ON post.id = made.post_id
    WHERE post.site_id = %(site)s AND post.id >= %(first)s AND post.id < %(last)s
      AND made.source = 'machine'
    ORDER BY made.post_id, made.id DESC
) AS decision
LEFT JOIN moderation_auditdraw draw ON draw.decision_id = decision.id
WHERE (draw.id IS NULL OR draw.stratum = 'review') AND decision.by <> 'standard_string'
"""


@dataclass(frozen=True, slots=True)
class Question:
    """Which draws: of one site, model, mode and threshold, in one stretch of time."""

    site_id: int
    model: str
    mode: str
    block_from: float | None
    """None for any."""
    since: datetime
    until: datetime
    once_since: datetime | None = None
    """From when on a post counts once, where that is before `since`: of a shorter stretch the same
    posts must count, or what was counted and what was drawn would not be of the same."""

    @property
    def values(self) -> dict[str, Any]:
        return {
            "site": self.site_id,
            "model": self.model,
            "mode": self.mode,
            "block_from": self.block_from,
            "since": self.since,
            "until": self.until,
            "once_since": self.once_since or self.since,
        }


def drawn(asked: Question, *, told_at: datetime | None = None) -> list[Draw]:
    """The draws, oldest first; with `told_at` answers are left out of which no page tells then."""
    rows = [(About(*row[:4]), row[4:]) for row in statements.run(DRAWN, asked.values)]
    said = _told([about for about, _ in rows], told_at)
    counted = {
        about.post
        for about, (_, stratum, *_) in rows
        if stratum == Stratum.ALLOW or not _is_spam(said.get(about.draw))
    }
    whose = senders(counted)
    return [
        Draw(
            at,
            stratum == Stratum.BLOCK,
            score,
            _is_spam(said.get(about.draw)),
            thrown,
            whose.get(about.post, 0),
            chance,
        )
        for about, (at, stratum, score, thrown, chance) in rows
    ]


def _told(about: Sequence[About], told_at: datetime | None) -> dict[int, str]:
    said = answers(about)
    if told_at is None:
        return said
    hidden = untold(said, told_at)
    return {draw: word for draw, word in said.items() if draw not in hidden}


def senders(posts: Collection[UUID]) -> dict[UUID, int]:
    """Whose each post is, as `classifiers.guarantees.senders` has it."""
    rows = Post.objects.filter(pk__in=posts).values_list("pk", "author", "pruned_at")
    return {
        post: author or (FORGOTTEN if pruned else 0) for post, author, pruned in rows.iterator()
    }


def by_day(
    asked: Question, uncovered: Iterable[Sequence[str]] = ()
) -> dict[int, tuple[int, int, float]]:
    """By days since its beginning, what was allowed and blocked, and the greatest chance with which
    a block was drawn.

    What was allowed in stretches that are uncovered, from and until in ISO 8601, is left out.
    """
    values = asked.values | _but(uncovered)
    return {
        day: (allowed, blocks, chance or 1.0)
        for day, allowed, blocks, chance in statements.run(BY_DAY, values)
    }


def audited(
    asked: Question, uncovered: Iterable[Sequence[str]] = ()
) -> dict[int, tuple[int, float]]:
    """By draw of an allowed post, the day since its beginning and the chance; as `by_day`."""
    rows = statements.run(AUDITED, asked.values | _but(uncovered))
    return {draw: (day, chance) for draw, day, chance in rows}


def least_of_allowed(asked: Question) -> dict[int, float]:
    """By days since its beginning and the one before, the least chance of an allowed post."""
    return dict(statements.run(LEAST_OF_ALLOWED, asked.values))


def _but(uncovered: Iterable[Sequence[str]]) -> dict[str, list[str]]:
    return {"but": [f"[{since},{until})" for since, until in uncovered]}


def above(asked: Question, threshold: float) -> int:
    """How many would-be blocks lie at or above the threshold."""
    return int(_one(ABOVE, {**asked.values, "threshold": threshold})[0])


def blocked(asked: Question) -> dict[About, float]:
    """The posts that were drawn when the model first blocked them, oldest first, and when."""
    return {About(*row[:4]): row[4] for row in statements.run(BLOCKED, asked.values)}


def authors(posts: Iterable[UUID]) -> dict[UUID, UUID]:
    """Whose each post is, by the first of those that one author sent or that say the same."""
    rows = Post.objects.filter(pk__in=set(posts)).order_by("pk")
    firsts: dict[int | bytes, UUID] = {}
    found: dict[UUID, UUID] = {}
    for post, author, words in rows.values_list("pk", "author", "fingerprint"):
        keys = [key for key in (author, words and bytes(words)) if key]
        found[post] = next((firsts[key] for key in keys if key in firsts), post)
        firsts.update(dict.fromkeys(keys, found[post]))
    return found


def newest_model(site: int, mode: str) -> str | None:
    """The model of the site's newest allowed post in this mode."""
    rows: list[tuple[str]] = list(statements.run(NEWEST, [site, mode]))
    return rows[0][0] if rows else None


@dataclass(frozen=True, slots=True)
class Selected:
    """A draw that a person was asked about."""

    about: About
    stratum: Stratum
    chance: float
    said: str | None
    """spam or ham; None without an answer."""


def selected(
    site: Site, *, since: datetime, until: datetime, told_at: datetime | None = None
) -> list[Selected]:
    """The draws of a period that were selected, whatever the decisions rested on; `told_at` as in
    `drawn`."""
    asked = {"site": site.pk, "since": since, "until": until}
    rows = [(About(*row[:4]), row[4], row[5]) for row in statements.run(SAMPLED, asked)]
    said = _told([about for about, *_ in rows], told_at)
    return [
        Selected(about, Stratum(stratum), chance, said.get(about.draw))
        for about, stratum, chance in rows
    ]


def sample(draws: Iterable[Selected], *, posts: int, least: float, greatest: float) -> Sampled:
    """The sample of one stratum: who said what, by the chance of having been drawn."""
    said: dict[str | None, list[float]] = {}
    for each in draws:
        said.setdefault(each.said, []).append(each.chance)
    return Sampled(
        posts=posts,
        honest=tuple(said.get("ham", ())),
        spam=tuple(said.get("spam", ())),
        unanswered=tuple(said.get(None, ())),
        least=least,
        greatest=greatest,
    )


def strata(
    site: Site, *, since: datetime, until: datetime, told_at: datetime | None = None
) -> dict[Stratum, Sampled]:
    """Each stratum of a period with its sample, whatever the decisions rested on; `told_at` as in
    `drawn`."""
    asked = {"site": site.pk, "since": since, "until": until}
    found = selected(site, since=since, until=until, told_at=told_at)
    return {
        Stratum(stratum): sample(
            (each for each in found if each.stratum == stratum),
            posts=posts,
            least=least,
            greatest=greatest,
        )
        for stratum, posts, least, greatest in statements.run(STRATA, asked)
    }


def held(site: Site, *, since: datetime, until: datetime) -> dict[tuple[UUID, int], str | None]:
    """The posts that were held for people, by id and revision, and what people said of them."""
    asked = {"site": site.pk, "first": first_id(since), "last": first_id(until)}
    said: dict[tuple[UUID, int], str | None] = dict.fromkeys(statements.run(HELD, asked))
    labels = Label.objects.in_force().exclude(source=LabelSource.HISTORICAL)
    rows = labels.filter(site=site, post__gte=asked["first"], post__lt=asked["last"])
    for post, revision, label in (
        heard(rows).order_by("pk").values_list("post", "revision", "label")
    ):
        if (post, revision) in said:
            said[post, revision] = label
    return said


def tally(said: Iterable[str | None]) -> Held:
    """Count what people said of held posts."""
    counts = Counter(said)
    return Held(counts["ham"], counts["spam"], counts[None])


def _is_spam(said: str | None) -> bool | None:
    return None if said is None else said == FeedbackLabel.SPAM


def _one(statement: str, values: Any) -> tuple[Any, ...]:
    rows: Iterable[tuple[Any, ...]] = statements.run(statement, values)
    return next(iter(rows))
