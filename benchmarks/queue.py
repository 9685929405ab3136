"""What a moderator's next case and every list page cost with a million posts, against a thousand.

    python -m benchmarks.queue [--small 1000] [--big 1000000] [--repeat 15] [--keep DIR] [--json]

Two databases of one cluster, filled by `benchmarks.filling` in the same proportions; one process
asks each of them in turn for the same thing. The time of a request is that of Django's handler
with everything it asks of the database, over a connection that is open; each figure is the lower
quartile of the repetitions. Pages come from the URL resolver and from the admin's own filters.
A list of ten rows costs more than one of two, so `list_ratio` is the worst of the pages that show
as many rows in both; the others are in `unequal`. On the big database each statement's plan is
looked at as well: `scans` are those that read a large table from end to end.
"""

import argparse
import re
import statistics
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, Final

from benchmarks import sizes
from benchmarks.output import print_json
from benchmarks.sizes import Filled, Pair

CLAIMING: Final = {
    "one": "a moderator of the one big site",
    "all": "of fifty sites",
    "small": "of one small site",
    "reader": "of fifty sites, who reads the language of one case in a hundred",
    "passer": "of fifty sites, who passed over one case in a hundred",
}
ROWS: Final = 10
Ask = Callable[[], tuple[float, int]]
"""Asks once; returns the seconds it took and how many rows were shown."""
PASSWORDLESS: Final = "django.contrib.auth.backends.ModelBackend"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--small", type=int, default=1_000)
    parser.add_argument("--big", type=int, default=1_000_000)
    parser.add_argument("--repeat", type=int, default=15)
    parser.add_argument("--only", default="", help="Measure addresses that match this pattern.")
    parser.add_argument("--keep", type=Path, help="Fill this folder once, and use it again.")
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    tell = (lambda sentence: None) if chosen.json else print
    with sizes.filled(small=chosen.small, big=chosen.big, keep=chosen.keep, tell=tell) as pair:
        found = measure(pair, repeat=chosen.repeat, only=chosen.only)
    print_json(found, chosen)


def measure(pair: Pair, *, repeat: int, only: str = "") -> dict[str, Any]:
    """Return `claim_ratio`, `list_ratio`, what is behind them, and the scans."""
    from django.contrib import admin
    from django.test.utils import setup_test_environment

    # Answers say what their pages were made of.
    setup_test_environment()
    # Equal pages are compared: of most things the small database has that many.
    for shown in admin.site._registry.values():
        type(shown).list_per_page = ROWS
    with sizes.using(pair.small):
        names = [name for name in _requests(pair.small) if re.search(only, name)]
    claims = [name for name in names if not name.startswith("/")]
    rows = {name: _compare(pair, name, repeat) for name in names}
    worst = sorted(rows, key=lambda name: -rows[name]["ratio"])
    lists = [name for name in names if name not in claims]
    equal = [name for name in lists if rows[name]["small_rows"] == rows[name]["big_rows"]]
    return {
        "posts": [pair.small.posts, pair.big.posts],
        "claim_ratio": max((rows[name]["ratio"] for name in claims), default=None),
        "list_ratio": max((rows[name]["ratio"] for name in equal), default=None),
        "equal": {name: rows[name] for name in worst if name in {*claims, *equal}},
        "unequal": {name: rows[name] for name in worst if name in lists and name not in equal},
        "pages": len(lists),
        "scans": _scans(pair.big, names),
    }


def _compare(pair: Pair, name: str, repeat: int) -> dict[str, float]:
    """Return milliseconds and rows in both databases and the ratio of the times."""
    seconds: dict[str, list[float]] = {pair.small.name: [], pair.big.name: []}
    shown: dict[str, int] = {}
    for turn in range(repeat + 1):
        for filled in (pair.small, pair.big):
            with sizes.using(filled):
                request = _requests(filled)[name]
                took, shown[filled.name] = request()
            if turn:
                seconds[filled.name].append(took)
    small, big = (statistics.quantiles(times, n=4)[0] * 1000 for times in seconds.values())
    return {
        "small_ms": round(small, 2),
        "big_ms": round(big, 2),
        "ratio": round(big / small, 2),
        "small_rows": shown[pair.small.name],
        "big_rows": shown[pair.big.name],
    }


def _scans(filled: Filled, names: list[str]) -> list[dict[str, Any]]:
    from benchmarks import plans

    found: dict[tuple[str, str], list[str]] = {}
    with sizes.using(filled):
        asked = {name: _requests(filled)[name] for name in names} | _jobs()
        for name, ask in asked.items():
            with plans.watched() as watch:
                ask()
            for each in watch.found:
                found.setdefault(each, []).append(name)
    return [
        {"table": table, "statement": statement, "by": by}
        for (table, statement), by in found.items()
    ]


def _jobs() -> dict[str, Callable[[], object]]:
    """Return what runs by itself, each undone at its end: its plans are looked at."""
    from django.db import transaction
    from django.utils import timezone

    from classifiers.types import Content
    from moderation import claims, outbox, tasks
    from moderation.deciding import holds
    from moderation.models import Event, Site
    from moderation.submitting import idempotency, posts
    from moderation.types import Draft
    from reviews import retention
    from reviews.learning import slots

    def take_in() -> None:
        site = Site.objects.get(pk=1)
        draft = Draft(Content(text="Is this for sale?"), external_id="new", author_id="member-1")
        posts.submit(site=site, drafts=[draft])
        claims.drain(seconds=5)
        outbox.deliver()

    def undone(job: Callable[[], object]) -> None:
        with transaction.atomic():
            job()
            transaction.set_rollback(True)

    jobs: dict[str, Callable[[], object]] = {
        "taking in, judging, telling": take_in,
        "sweeping": lambda: (
            claims.is_work_forgotten(older_than=tasks.FORGOTTEN),
            Event.objects.due(timezone.now()).exists(),
        ),
        "ending holds": holds.expire_holds,
        "forgetting answers": idempotency.forget_expired,
        "forgetting posts": lambda: retention.prune(seconds=1),
        "looking for what to train": slots.slots_due,
    }
    return {f"job: {name}": partial(undone, job) for name, job in jobs.items()}


_known: dict[str, dict[str, Ask]] = {}


def _requests(filled: Filled) -> dict[str, Ask]:
    """Return what can be asked of a database, by name."""
    if filled.name not in _known:
        _known[filled.name] = dict(_claims(filled)) | dict(_pages(filled))
    return _known[filled.name]


def _claims(filled: Filled) -> Iterator[tuple[str, Ask]]:
    from django.contrib.auth.models import User

    for who, sentence in CLAIMING.items():
        user = User.objects.get(pk=filled.people[who])
        yield f"claim: {sentence}", partial(_claim, user)
        yield f"answer and claim: {sentence}", partial(_answer, user)


def _claim(user: Any) -> tuple[float, int]:
    from reviews.queue import claiming

    began = time.perf_counter()
    case = claiming.claim_next(user=user)
    took = time.perf_counter() - began
    assert case is not None
    claiming.release(case=case, user=user)
    return took, 1


def _answer(user: Any) -> tuple[float, int]:
    """A verdict and the next case, checked to the end and undone."""
    from django.db import connection, transaction

    from reviews.judging import verdicts
    from reviews.queue import claiming
    from reviews.states import VerdictKind

    with transaction.atomic():
        case = claiming.claim_next(user=user)
        assert case is not None
        began = time.perf_counter()
        verdicts.submit_verdict(
            case_id=case.pk,
            user=user,
            kind=VerdictKind.SPAM,
            seen_decision_id=case.decision_id,
        )
        connection.check_constraints()
        claiming.claim_next(user=user)
        took = time.perf_counter() - began
        transaction.set_rollback(True)
    return took, 1


def _pages(filled: Filled) -> Iterator[tuple[str, Ask]]:
    from django.contrib.auth.models import User
    from django.test import Client

    from benchmarks import pages

    clients = {
        "": Client(SERVER_NAME="localhost", headers={"Authorization": f"Bearer {filled.key}"}),
    }
    for name, pk in filled.people.items():
        clients[name] = Client(SERVER_NAME="localhost", raise_request_exception=False)
        clients[name].force_login(User.objects.get(pk=pk), backend=PASSWORDLESS)
    values = _values(filled)
    for page in pages.pages(clients["admin"]):
        address = page.address
        for name, value in values.items():
            address = address.replace(f"{{{name}}}", value)
        named = f"{page.address} ({page.user})" if page.user not in ("", "admin") else page.address
        yield named, partial(_get, clients[page.user], address)


def _values(filled: Filled) -> dict[str, str]:
    """Return what stands for the names in braces in this database."""
    from django.apps import apps

    from moderation.api.pagination import encode
    from moderation.models import Post
    from reviews.models import Case

    posts = Post.objects.order_by("pk")
    quarter, newest = posts[filled.posts // 4], posts.last()
    assert newest is not None
    rows = {
        f"newest:{model._meta.label}": model._default_manager.order_by("-pk").first()
        for model in apps.get_models()
    }
    case = Case.objects.filter(site_id=1, state="open").latest("pk")
    return {
        "quarter": f"{quarter.created_at:%Y-%m-%dT%H:%M:%SZ}",
        "newest": f"{newest.created_at:%Y-%m-%dT00:00:00Z}",
        "deep": encode(quarter.pk),
        "post": str(newest.pk),
        "case": str(case.pk),
        **{name: str(row.pk) for name, row in rows.items() if row is not None},
    }


def _get(client: Any, address: str) -> tuple[float, int]:
    began = time.perf_counter()
    answer = client.get(address)
    answer.content  # noqa: B018 - rendered
    took = time.perf_counter() - began
    # A page past the end leads back to the first one.
    if answer.status_code not in (200, 302):
        raise RuntimeError(f"{address} was answered with {answer.status_code}.")
    return took, _rows(answer)


def _rows(answer: Any) -> int:
    """Return how many rows a list of the API or of the admin shows; 0 where there is no list."""
    if answer.headers.get("Content-Type", "").startswith("application/json"):
        return len(answer.json().get("results", ()))
    if answer.context is not None and "cl" in answer.context:
        return len(answer.context["cl"].result_list)
    return 0


if __name__ == "__main__":
    main()
