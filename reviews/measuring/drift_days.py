"""What drift is found from: counts of a day's posts and scores, and the day's audits.

A day is counted from rows of numbers when it is over; no text is read.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Final

from moderation import statements
from moderation.ids import first_id
from moderation.models import Site
from moderation.types import FeedbackLabel
from reviews.measuring.answers import appealed, blind
from reviews.models import DriftDay
from reviews.queue.priority import DEADLINE

DAY: Final = timedelta(days=1)

# The first decision of the machine on each post that came that day. Width_bucket makes bins of
# numbers; what is missing is a bin, too.
COUNTED: Final = """
WITH made AS (
    SELECT DISTINCT ON (d.post_id) d.post_id, d.revision, d.model, d.probability, d.would_be,
        d.community, p.type, p.created_at, p.author_id
    FROM moderation_post p JOIN moderation_decision d ON d.post_id = p.id
    WHERE p.site_id = %(site)s AND p.id >= %(first)s AND p.id < %(last)s AND d.source = 'machine'
    ORDER BY d.post_id, d.id
)
SELECT made.model, feature.name, feature.bin, count(*)
FROM made
LEFT JOIN moderation_author author ON author.id = made.author_id
LEFT JOIN moderation_postrevision words
    ON words.post_id = made.post_id AND words.revision = made.revision
LEFT JOIN LATERAL (
    SELECT unfamiliar FROM moderation_score s
    WHERE s.post_id = made.post_id AND s.model = made.model AND s.unfamiliar IS NOT NULL
    ORDER BY s.id LIMIT 1
) score ON true
CROSS JOIN LATERAL (VALUES
    ('posts', ''),
    ('score', width_bucket(ln(greatest(made.probability, 1e-6)
        / greatest(1 - made.probability, 1e-6)), -6, 6, 12)::text),
    ('would_be', made.would_be),
    ('unfamiliar', width_bucket(score.unfamiliar, 0, 0.6, 8)::text),
    ('surprise', width_bucket((made.community->>'surprise')::float, -2, 4, 8)::text),
    ('foreign', width_bucket((made.community->>'foreign')::float, 0, 1, 4)::text),
    ('contacts', CASE WHEN made.community IS NULL THEN NULL
        ELSE least(jsonb_array_length(made.community->'sightings'), 4)::text END),
    ('language', lower(left(words.language, 8))),
    ('type', made.type),
    ('author', CASE WHEN author.id IS NULL THEN NULL
        WHEN author.created_at > made.created_at - interval '1 day' THEN 'new' ELSE 'known' END)
) AS feature(name, bin)
GROUP BY 1, 2, 3
"""


AUDITED: Final = """
SELECT draw.id, decision.id, decision.model, decision.probability, draw.probability
FROM moderation_auditdraw draw JOIN moderation_decision decision ON decision.id = draw.decision_id
WHERE draw.selected AND draw.site_id = %(site)s
    AND draw.stratum IN ('allow', 'block', 'review')
    AND draw.created_at >= %(since)s AND draw.created_at < %(until)s
    AND decision.by IN ('model', 'caution') AND decision.probability IS NOT NULL
    AND decision.model IS NOT NULL
ORDER BY draw.id
"""


def count(*, site: Site, day: date) -> list[DriftDay]:
    """Count one day: a row for each model that judged."""
    begin = datetime(day.year, day.month, day.day, tzinfo=UTC)
    asked = {"site": site.pk, "first": first_id(begin), "last": first_id(begin + DAY)}
    counts: dict[str, dict[str, dict[str, int]]] = {}
    for model, feature, bin_, posts in statements.run(COUNTED, asked):
        name = "not known" if bin_ is None else bin_
        counts.setdefault(model, {}).setdefault(feature, {})[name] = posts
    # Of the day by whose answers the deadline has passed: so silence is known, too.
    audits = _audits(site, begin - DEADLINE, begin + DAY - DEADLINE)
    rows = [
        DriftDay(
            site=site,
            day=day,
            model=model,
            posts=found.pop("posts")[""],
            counts=found,
            audits=audits.get(model, []),
        )
        for model, found in counts.items()
    ]
    rows += [
        DriftDay(site=site, day=day, model=model, posts=0, counts={}, audits=said)
        for model, said in audits.items()
        if model not in counts
    ]
    fields = ["posts", "counts", "audits"]
    return DriftDay.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["site", "model", "day"],
        update_fields=fields,
    )


def _audits(site: Site, since: datetime, until: datetime) -> dict[str, list[list[float | None]]]:
    """By model, of what it decided and was drawn then: what it had said, what people say in the
    end, and the chance of the draw.

    Answers to appeals count whatever they say: blocks that nobody appeals against are more often
    right than all, and of those that somebody does no audit is answered.
    """
    asked = {"site": site.pk, "since": since, "until": until}
    rows = list(statements.run(AUDITED, asked))
    answered = appealed({row[1]: row[0] for row in rows}) | blind([row[0] for row in rows])
    said: dict[str, list[list[float | None]]] = {}
    for draw, _, model, probability, chance in rows:
        label = answered.get(draw)
        spam = None if label is None else float(label == FeedbackLabel.SPAM)
        said.setdefault(model, []).append([round(probability, 5), spam, chance])
    return said
