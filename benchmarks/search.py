"""What a search costs with a million posts, against a thousand.

    python -m benchmarks.search [--small 1000] [--big 1000000] [--entries 1000000] [--repeat 9]
        [--keep DIR] [--json]

Two databases as in `benchmarks.queue`, which may share the folder, with an entry for each post.
Each kind of question is asked by a member of one small site, of the one big site and of all
fifty: one process in both databases in turn, the seconds of `reviews.search.searching` alone, lower
quartiles. `ratio` compares questions of which both databases show a full page; of the others
`big_ms` tells. `rows` are the posts that a page shows, `complete` is false where it ended before
it was full and says so. `scans` are statements that read a large table from end to end.
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import psycopg

from benchmarks import plans, sizes
from benchmarks.output import print_json
from benchmarks.sizes import Filled, Pair

if TYPE_CHECKING:
    from reviews.search.question import Question

MARKS: Final = 1_000
"""One post in so many has a word, and a link, that others have not."""
SITES: Final = {"small": [20], "big": [1], "all": list(range(1, sizes.SITES + 1))}
LENGTH: Final = 120
"""Letters of a text that are taken apart: about the median."""
# What `reviews.search.indexing` writes, by SQL alone: a text's pieces are those of three letters.
ENTRIES: Final = """
INSERT INTO reviews_searchentry (post_id, site_id, revision, words, grams, keys)
SELECT p.id, p.site_id, 1, to_tsvector('simple', t.text), ARRAY(
        SELECT DISTINCT (CASE WHEN c >= 2147483648 THEN c - 4294967296 ELSE c END)::int
        FROM generate_series(1, length(t.text) - 2) i,
            LATERAL (SELECT crc32(convert_to(substr(t.text, i, 3), 'UTF8')) AS c) AS piece
    ), CASE WHEN t.marked THEN %(keys)s::bigint[] ELSE '{}' END
FROM (SELECT * FROM moderation_post ORDER BY id DESC LIMIT %(entries)s) AS p
JOIN moderation_postrevision r ON r.post_id = p.id AND r.revision = p.revision,
    LATERAL (SELECT substr(p.external_id, 6)::bigint %% %(marks)s = 0 AS marked) AS m,
    -- Once a post, not once a piece of it.
    LATERAL (SELECT m.marked, CASE WHEN m.marked THEN 'zanzibar ferry ' ELSE '' END
        || left(lower(r.text), %(length)s) AS text OFFSET 0) AS t
"""
ANEW: Final = (
    "TRUNCATE reviews_searchentry",
    "DROP INDEX IF EXISTS search_all",
    "SET session_replication_role = replica",
    ENTRIES,
    "SET maintenance_work_mem = '1GB'",
    """CREATE INDEX search_all ON reviews_searchentry USING gin (words, grams, keys, places)
        WITH (fastupdate = off)""",
    "VACUUM (ANALYZE) reviews_searchentry",
)


def questions() -> dict[str, Question]:
    """Return each kind of question, by name."""
    from reviews.search.question import Question

    return {
        "everything": Question(),
        "blocked": Question(state="block"),
        "withdrawn": Question(state="withdrawn"),
        "a common word": Question(words="the"),
        "two words": Question(words="the garden"),
        "a word that one post in a thousand has": Question(words="zanzibar"),
        "a word that no post has": Question(words="xylograph"),
        "a phrase": Question(words='"of the"'),
        "a phrase that no post has": Question(words='"the the the the"'),
        "a word and not another": Question(words="the -of"),
        "a part of a word": Question(words="ing", inside=True),
        "a rare part of a word": Question(words="nzibar fer", inside=True),
        "a part of common pieces that no post has": Question(words="thering", inside=True),
        "a link": Question(domain="zanzibar.example"),
        "an author": Question(author="member-1"),
        "an author's word": Question(author="member-1", words="the"),
        "an author's word that no post has": Question(author="member-1", words="xylograph"),
        "a common word in blocked ones": Question(words="the", state="block"),
        "a common word, of a rare score": Question(words="the", score_from=0.999),
        "a common word in a language that no post is in": Question(words="the", language="de"),
        "a language that no post is in": Question(language="de"),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--small", type=int, default=1_000)
    parser.add_argument("--big", type=int, default=1_000_000)
    parser.add_argument("--entries", type=int, default=1_000_000, help="of the newest posts")
    parser.add_argument("--repeat", type=int, default=9)
    parser.add_argument("--keep", type=Path, help="Fill this folder once, and use it again.")
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    tell = (lambda sentence: None) if chosen.json else print
    with sizes.filled(small=chosen.small, big=chosen.big, keep=chosen.keep, tell=tell) as pair:
        for filled in (pair.small, pair.big):
            _write_entries(filled, min(filled.posts, chosen.entries))
        found = measure(pair, repeat=chosen.repeat)
    print_json(found, chosen)


def measure(pair: Pair, *, repeat: int) -> dict[str, Any]:
    """Return the worst ratio, the slowest question, what is behind them, and the scans."""
    rows = {
        f"{name}, {who}": _compare(pair, name, SITES[who], repeat)
        for name in questions()
        for who in SITES
    }
    worst = sorted(rows, key=lambda name: -rows[name]["big_ms"])
    full = [row["ratio"] for row in rows.values() if row["rows"][0] == row["rows"][1] > 0]
    with sizes.using(pair.big), plans.watched() as watch:
        for question in questions().values():
            for among in SITES.values():
                _ask(question, among)
    return {
        "posts": [pair.small.posts, pair.big.posts],
        "ratio": max(full),
        "slowest_ms": rows[worst[0]]["big_ms"],
        "questions": {name: rows[name] for name in worst},
        "scans": [{"table": table, "statement": text} for table, text in watch.found],
    }


def _compare(pair: Pair, name: str, among: list[int], repeat: int) -> dict[str, Any]:
    seconds: dict[str, list[float]] = {pair.small.name: [], pair.big.name: []}
    pages: dict[str, Any] = {}
    for turn in range(repeat + 1):
        for filled in (pair.small, pair.big):
            with sizes.using(filled):
                took, pages[filled.name] = _ask(questions()[name], among)
            if turn:
                seconds[filled.name].append(took)
    small, big = (
        statistics.quantiles(times, n=4, method="inclusive")[0] * 1000 for times in seconds.values()
    )
    return {
        "small_ms": round(small, 2),
        "big_ms": round(big, 2),
        "ratio": round(big / small, 2),
        "rows": [len(page.ids) for page in pages.values()],
        "complete": pages[pair.big.name].complete,
    }


def _ask(question: Question, among: list[int]) -> tuple[float, Any]:
    from reviews.search import searching

    began = time.perf_counter()
    page = searching.search(question, sites=among)
    return time.perf_counter() - began, page


def _write_entries(filled: Filled, entries: int) -> None:
    """Write the entries of so many posts unless they are there, and the index anew behind them."""
    from moderation.types import ListKind
    from reviews.search.indexing import key_of

    keys = [key_of(site, ListKind.DOMAIN, "zanzibar.example") for site in SITES["all"]]
    with psycopg.connect(filled.admin_url, autocommit=True) as connection:
        there = connection.execute("SELECT count(*) FROM reviews_searchentry").fetchone()
        if there == (entries,):
            return
        given = {"marks": MARKS, "keys": keys, "entries": entries, "length": LENGTH}
        for statement in ANEW:
            psycopg.ClientCursor(connection).execute(statement, given)


if __name__ == "__main__":
    main()
