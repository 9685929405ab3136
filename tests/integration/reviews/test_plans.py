"""Reading what people said costs no more where PostgreSQL's counts of rows are out of date.

They are after a restore, after a large import, and while a transaction that fills a table has not
ended: then whoever counts finds pages without rows.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from django.db import connection

from moderation import sites
from moderation.access import create_key
from moderation.models import Feedback, Post, Site
from moderation.types import Mode
from reviews.labels import sources
from reviews.measuring.differing import differing
from reviews.measuring.mistaken import people
from tests.integration.reviews.promised import FOUR_DAYS, NOW, judge, look, send
from tests.integration.world import make_moderator, make_site

POSTS = 80
MOST = 8
"""Times that a statement may touch each row that there is."""
COUNT = """
SELECT pg_restore_relation_stats('schemaname', 'public', 'relname', %s, 'reltuples', %s::real,
    'relpages', greatest(1, pg_relation_size(%s) / current_setting('block_size')::int)::int)
"""
REMOVED = ("Rows Removed by Filter", "Rows Removed by Join Filter", "Rows Removed by Index Recheck")


@pytest.fixture
def without_pages(db: None, as_owner: Callable[[], AbstractContextManager[None]]) -> None:
    """Posts, and all that is of posts, have no pages of rows that earlier tests took back: by its
    pages PostgreSQL guesses the rows of a table that it never counted.
    """
    with connection.cursor() as cursor, as_owner():
        cursor.execute(f'TRUNCATE "{Post._meta.db_table}" CASCADE')


@pytest.fixture
def site(without_pages: None) -> Any:
    made: Any = make_site()
    sites.change_policy(site=made, mode=Mode.CERTIFIED, block_from=0.9)
    made.user, made.senior = make_moderator(made), make_moderator(made)
    made.draws = send(made, POSTS, probability=0.97, at=NOW - FOUR_DAYS)
    judge(made, made.draws, "ham")
    look(made, made.draws[: POSTS // 2], "remove", why="sample")
    look(made, made.draws[POSTS // 2 :], "spam", settled="not_spam", why="sample")
    key, _ = create_key(site=made, name="forum")
    said: Any = {"label": "spam", "actor_role": "moderator", "api_key": key, "revision": 1}
    Feedback.objects.bulk_create(
        Feedback(post_id=draw.decision.post_id, actor_id=str(n % 4), created_at=NOW, **said)
        for n, draw in enumerate(made.draws)
    )
    return made


@pytest.fixture(params=["never", "rightly", "while they were empty"])
def rows(
    request: pytest.FixtureRequest,
    site: Site,
    as_owner: Callable[[], AbstractContextManager[None]],
) -> int:
    """How many rows there are, which PostgreSQL has counted so."""
    connection.ensure_connection()
    if connection.connection.info.server_version < 180_000:
        pytest.skip("pg_restore_relation_stats came with PostgreSQL 18")
    names = connection.introspection.django_table_names(only_existing=True)
    with connection.cursor() as cursor, as_owner():
        there = {}
        for name in names:
            cursor.execute(f'SELECT count(*) FROM "{name}"')
            there[name] = cursor.fetchone()[0]
            if request.param != "never":
                counted = there[name] if request.param == "rightly" else 0
                cursor.execute(COUNT, [name, counted, name])
    return sum(there.values())


def touched(node: dict[str, Any]) -> int:
    """Rows that a plan's nodes gave and threw away."""
    each = node["Actual Rows"] + sum(node.get(name, 0) for name in REMOVED)
    own: int = each * node["Actual Loops"]
    return own + sum(touched(below) for below in node.get("Plans", []))


class Explained:
    """Runs each statement twice, and the first time counts what its plan touches."""

    def __init__(self) -> None:
        self.touched: list[tuple[int, str]] = []

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        with connection.connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = '60s'")
            cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {sql}", params)
            self.touched.append((touched(cursor.fetchone()[0][0]["Plan"]), sql))
        return execute(sql, params, many, context)


@pytest.mark.parametrize(
    "read",
    [
        lambda site: people(site=site, now=NOW).honest.looks == POSTS,
        lambda site: len(differing(draw.pk for draw in site.draws)) == POSTS,
    ],
    ids=["people", "differing"],
)
def test_however_rows_were_counted_each_is_touched_a_few_times(site, rows, read):
    explained = Explained()
    with connection.execute_wrapper(explained):
        assert read(site)
    assert explained.touched
    for work, sql in explained.touched:
        assert work <= MOST * rows, sql


# Tables of a few pages are read whole where that is known; never counted, they pass for large.
@pytest.mark.parametrize("rows", ["never"], indirect=True)
def test_whom_to_trust_is_learnt_without_meeting_each_verdict_with_each(site, rows):
    explained = Explained()
    with connection.execute_wrapper(explained):
        assert len(sources._records(site, {}, NOW)) == 5, "four members, and the key as a whole"
    for work, sql in explained.touched:
        assert work <= MOST * rows, sql
