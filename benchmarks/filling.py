"""Fills a database as years of use would: posts with all that hangs on them, by SQL alone.

    filling.fill(connection, posts=1_000_000)

Sites, their policies, users and API keys are there already; see `benchmarks.queue`. Sites and
authors are skewed as in life: one site has 70 % of the posts, one 10 %, the rest share the
others; a few authors write much. One post in five waits for a person. Of every hundred open
cases one is French and one in no known language, the others are English; two are leased, one of
them by a lease that has ended, and one was passed over by a moderator: those that come first in
the queue.
"""

import random
from collections.abc import Callable
from typing import Any, Final

import psycopg

from benchmarks import texts

DAYS: Final = 60
SLICE: Final = 100_000
TEXTS: Final = 2_500
SALT: Final = 20_000
"""Longest text that may begin at the last start."""

FACTS: Final = """
CREATE TEMP TABLE fact ON COMMIT DROP AS
SELECT n, u.id, uuid_extract_timestamp(u.id) AS created_at,
    CASE WHEN n / 5 %% 10 < 7 THEN 1 WHEN n / 5 %% 10 = 7 THEN 2 ELSE 3 + n / 50 %% 48 END
        AS site_id,
    floor(%(posts)s / 10.0 * power(random(), 3))::bigint + 1 AS member,
    (ARRAY['comment', 'comment', 'comment', 'post', 'review', 'message'])[1 + floor(random() * 6)]
        AS type,
    CASE WHEN n %% 5 = 0 THEN 'open'
        WHEN r < 0.05 THEN 'judged' WHEN r < 0.07 THEN 'withdrawn' WHEN r < 0.30 THEN 'block'
        ELSE 'allow' END AS fate,
    random() AS probability, least(4000, 20 + floor(exp(4.6 + 1.0 * (random() + random() + random()
        + random() - 2) * 1.7)))::int AS length,
    1 + floor(random() * %(salt)s)::int AS start, random() AS thrown,
    nextval('moderation_decision_id_seq') AS decision_id,
    nextval('moderation_decision_id_seq') AS answer_id,
    nextval('moderation_auditdraw_id_seq') AS draw_id,
    nextval('reviews_case_id_seq') AS case_id,
    nextval('reviews_verdict_id_seq') AS verdict_id
FROM (SELECT n, random() AS r FROM generate_series(%(first)s::bigint, %(last)s::bigint) n) AS given,
    LATERAL (SELECT uuidv7(((n - %(posts)s) * interval '%(days)s days' / %(posts)s)) AS id) AS u
"""
SHARPEN: Final = """
UPDATE fact SET probability = CASE fate WHEN 'block' THEN 0.95 + probability / 20
    WHEN 'allow' THEN probability * 0.3 ELSE 0.3 + probability * 0.65 END
"""
AUTHORS: Final = """
INSERT INTO moderation_author (site_id, external_id, name, email, url, registered_at, created_at,
    spam_verdicts, ham_verdicts)
SELECT site_id, 'member-' || member, 'Member ' || member, 'member-' || member || '@mail.example',
    '', min(created_at) - interval '30 days', min(created_at), 0, 0
FROM fact GROUP BY site_id, member
ON CONFLICT (site_id, external_id) DO NOTHING
"""
POSTS: Final = """
INSERT INTO moderation_post (id, site_id, external_id, author_id, type, ip, revision, status,
    outcome, decision_id, fingerprint, hold_until, attempts, created_at, submitted_at, decided_at)
SELECT f.id, f.site_id, 'item-' || f.n, a.id, f.type,
    ('198.51.' || f.member %% 250 || '.' || f.n %% 250)::inet, 1,
    CASE fate WHEN 'withdrawn' THEN 'withdrawn' ELSE 'decided' END,
    CASE fate WHEN 'open' THEN 'review' WHEN 'judged' THEN
        CASE WHEN probability > 0.6 THEN 'block' ELSE 'allow' END
        WHEN 'withdrawn' THEN 'allow' ELSE fate END,
    CASE fate WHEN 'judged' THEN answer_id ELSE decision_id END,
    CASE WHEN f.length > 60 THEN sha256(
        (CASE WHEN f.n %% 20 = 0 THEN f.n %% 1000 ELSE f.n END)::text::bytea) END,
    NULL, 1, f.created_at, f.created_at, f.created_at + interval '1 second'
FROM fact f JOIN moderation_author a
    ON a.site_id = f.site_id AND a.external_id = 'member-' || f.member
"""
REVISIONS: Final = """
INSERT INTO moderation_postrevision (post_id, revision, text, title, permalink, context, language,
    author_name, author_email, author_url, user_agent, honeypot, metadata, digest, created_at)
SELECT id, 1, convert_from(substr(%(words)s::bytea, start, length), 'UTF8'), '',
    'https://forum.example/threads/' || n / 20 || '#post-' || n, '', '', 'Member ' || member,
    'member-' || member || '@mail.example', '',
    'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', '', '{}',
    encode(sha256(n::text::bytea), 'hex'), created_at
FROM fact
"""
DECISIONS: Final = """
INSERT INTO moderation_decision (id, post_id, site_id, revision, outcome, published, source, by,
    label, fingerprint, probability, would_be, reasons, failed, capped, mode, policy_id, model,
    learner_revision, created_at, actor)
SELECT decision_id, id, site_id, 1, o.outcome, o.outcome <> 'block', 'machine', 'model', '', NULL,
    probability, o.outcome, %(reasons)s, false, false, 'provisional',
    (SELECT min(p.id) FROM moderation_policy p WHERE p.site_id = fact.site_id), 'starter-1', 0,
    created_at + interval '1 second', ''
FROM fact, LATERAL (SELECT CASE WHEN fate IN ('open', 'judged') THEN 'review'
    WHEN fate = 'withdrawn' THEN 'allow' ELSE fate END AS outcome) AS o
"""
ANSWERS: Final = """
INSERT INTO moderation_decision (id, post_id, site_id, revision, outcome, published, source, by,
    label, fingerprint, probability, would_be, reasons, failed, capped, mode, policy_id, model,
    learner_revision, supersedes_id, user_id, created_at, actor)
SELECT answer_id, id, site_id, 1, CASE WHEN probability > 0.6 THEN 'block' ELSE 'allow' END,
    probability <= 0.6, 'moderator', 'person',
    CASE WHEN probability > 0.6 THEN 'spam' ELSE 'ham' END, sha256(n::text::bytea), NULL, NULL,
    '[{"code": "verdict", "sentence": "A moderator said so.", "weight": 0.0}]', false, false,
    'provisional', (SELECT min(p.id) FROM moderation_policy p WHERE p.site_id = fact.site_id),
    '', 0, decision_id, %(judge)s, created_at + interval '1 hour', ''
FROM fact WHERE fate = 'judged'
"""
SCORES: Final = """
INSERT INTO moderation_score (post_id, revision, scorer, model, probability, serving, created_at)
SELECT id, 1, 'linear', 'starter-1', probability, true, created_at + interval '1 second' FROM fact
"""
DRAWS: Final = """
INSERT INTO moderation_auditdraw (id, decision_id, site_id, stratum, probability, draw, selected,
    created_at)
SELECT draw_id, decision_id, site_id, fate, 0.001, thrown, thrown < 0.001,
    created_at + interval '1 second'
FROM fact WHERE fate IN ('block', 'allow')
"""
EVENTS: Final = """
INSERT INTO moderation_event (kind, site_id, post_id, decision_id, payload, attempts,
    next_attempt_at, delivered_at, created_at)
SELECT 'decision.recorded', site_id, id, decision_id,
    jsonb_build_object('outcome', fate, 'revision', 1, 'source', 'machine', 'audited', false), 0,
    created_at + interval '1 second', created_at + interval '2 seconds',
    created_at + interval '1 second'
FROM fact
"""
CASES: Final = """
INSERT INTO reviews_case (id, post_id, site_id, revision, decision_id, audit_id, lane, state,
    round, priority, opened_at, closed_at, closed_because, language)
SELECT case_id, id, site_id, 1, CASE fate WHEN 'judged' THEN answer_id ELSE decision_id END,
    CASE WHEN fate IN ('block', 'allow') THEN draw_id END,
    CASE WHEN fate IN ('block', 'allow') THEN 'audit' WHEN n %% 4 = 0 THEN 'reported'
        ELSE 'published' END,
    CASE fate WHEN 'judged' THEN 'judged' ELSE 'open' END, 0,
    ln(CASE WHEN fate IN ('block', 'allow') THEN 0.2 ELSE 1.5 * probability END)
        - extract(epoch FROM created_at - timestamptz '2025-01-01 00:00+00') / 3600,
    created_at + interval '2 seconds',
    CASE fate WHEN 'judged' THEN created_at + interval '1 hour' END,
    CASE fate WHEN 'judged' THEN 'Answered: spam.' ELSE '' END,
    CASE n / 5 %% 100 WHEN 0 THEN 'fr' WHEN 1 THEN '' ELSE 'en' END
FROM fact WHERE fate IN ('open', 'judged') OR (fate IN ('block', 'allow') AND thrown < 0.001)
"""
VERDICTS: Final = """
INSERT INTO reviews_verdict (id, case_id, round, user_id, kind, note, seen_id, decision_id,
    created_at)
SELECT verdict_id, case_id, 0, %(judge)s, CASE WHEN probability > 0.6 THEN 'spam' ELSE 'not_spam'
    END, '', decision_id, answer_id, created_at + interval '1 hour'
FROM fact WHERE fate = 'judged'
"""
LABELS: Final = """
INSERT INTO reviews_label (post_id, site_id, revision, label, source, verdict_id, user_id, audit,
    weight, created_at)
SELECT id, site_id, 1, CASE WHEN probability > 0.6 THEN 'spam' ELSE 'ham' END, 'verdict',
    verdict_id, %(judge)s, false, 1.0, created_at + interval '1 hour'
FROM fact WHERE fate = 'judged'
"""
KEYS: Final = """
INSERT INTO moderation_idempotencykey (api_key_id, key, digest, status, response, created_at)
SELECT (SELECT min(k.id) FROM moderation_apikey k WHERE k.site_id = fact.site_id), id::text,
    encode(sha256(n::text::bytea), 'hex'), 202,
    jsonb_build_object('id', id, 'external_id', 'item-' || n, 'status', 'pending'), created_at
FROM fact WHERE created_at > now() - interval '1 day'
"""
EACH_SLICE: Final = (
    FACTS,
    SHARPEN,
    AUTHORS,
    POSTS,
    REVISIONS,
    DECISIONS,
    ANSWERS,
    SCORES,
    DRAWS,
    EVENTS,
    CASES,
    VERDICTS,
    LABELS,
    KEYS,
)
LIST_ENTRIES: Final = """
INSERT INTO moderation_listentry (site_id, kind, value, verdict, note, created_at)
SELECT 1 + n %% 50, 'domain', 'domain-' || n || '.example', 'deny', '', now()
FROM generate_series(1, greatest(20, %(posts)s / 100)) n
"""
LEASES: Final = """
WITH first AS (
    SELECT id, row_number() OVER (PARTITION BY site_id ORDER BY priority DESC, id) AS place,
        count(*) OVER (PARTITION BY site_id) AS of
    FROM reviews_case WHERE state = 'open'
)
UPDATE reviews_case c SET holder_id = %(crowd)s, lease_until = now()
    + CASE WHEN place %% 2 = 0 THEN interval '1 day' ELSE interval '-1 minute' END
FROM first WHERE c.id = first.id AND place <= of * 0.02
"""
PASSES: Final = """
INSERT INTO reviews_verdict (case_id, round, user_id, kind, note, seen_id, created_at)
SELECT id, round, %(passer)s, 'cannot_tell', '', decision_id, now()
FROM (
    SELECT *, row_number() OVER (PARTITION BY site_id ORDER BY priority DESC, id) AS place,
        count(*) OVER (PARTITION BY site_id) AS of
    FROM reviews_case WHERE state = 'open' AND holder_id IS NULL
) AS c WHERE place <= of * 0.01
"""


PASSED: Final = """
UPDATE reviews_case c SET passed = true FROM reviews_verdict v
WHERE v.case_id = c.id AND v.round = c.round AND v.kind = 'cannot_tell' AND c.state = 'open'
"""


def fill(
    connection: psycopg.Connection[Any],
    *,
    posts: int,
    people: dict[str, int],
    checked: bool,
    start: int = 0,
    tell: Callable[[str], None] = lambda sentence: None,
) -> None:
    """Write that many posts, as a superuser; `people` are ids of users by what they do.

    `checked` keeps foreign keys and triggers on, as for a filling whose rows are to be proven;
    without it a million posts take a third of the time. `start` is how many were written before.
    """
    if not checked:
        connection.execute("SET session_replication_role = replica")
    chance = random.Random(1)
    salad = " ".join(texts.text(chance) for _ in range(TEXTS))
    values = {
        "posts": start + posts,
        "days": DAYS,
        "salt": len(salad) - SALT,
        "words": salad.encode(),
        "reasons": _reasons(),
        **people,
    }
    with psycopg.ClientCursor(connection) as cursor:
        for first in range(start + 1, start + posts + 1, SLICE):
            last = min(start + posts, first + SLICE - 1)
            with connection.transaction():
                for statement in EACH_SLICE:
                    cursor.execute(statement, {**values, "first": first, "last": last})
            tell(f"{last} posts")
        for statement in () if start else (LIST_ENTRIES, LEASES, PASSES, PASSED):
            cursor.execute(statement, values)
        cursor.execute("VACUUM (ANALYZE)")


def _reasons() -> str:
    return (
        '[{"code": "words.model", "sentence": "The words read like those of spam posts.", '
        '"weight": 1.874}, {"code": "links.many", "sentence": "Three links in a short text.", '
        '"weight": 0.921}, {"code": "author.known", "sentence": "The author has posted here for '
        'two years.", "weight": -0.804}]'
    )
