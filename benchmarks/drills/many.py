"""One answer for many posts, whose worker is killed while it gives them."""

from __future__ import annotations

import random
import time
from typing import Any, Final

import httpx

from benchmarks import texts
from benchmarks.drills import Report, drill, scaled
from benchmarks.drills.bookkeeping import Database, counted, wait_for
from benchmarks.installation import Child, Installation, running

POSTS: Final = 2_000
KILLS: Final = 8
"""While the answers are given, and as many while they are taken back."""
BATCH: Final = 100
PATIENCE: Final = 300.0
SAME: Final = (
    "Warehouse closing sale: branded watches at 80 percent off, order at "
    "https://watches.example.com/sale before Sunday, free shipping to every country"
)
PERSON: Final = """
from django.contrib.auth.models import User
from moderation import sites
from moderation.models import Site
from reviews.models import Membership
site = Site.objects.get(pk={site})
# Every post waits for a person, and none is judged again by another.
sites.change_policy(site=site, review_from=0.0, block_from=1.0)
user = User.objects.create(username="many")
Membership.objects.create(user=user, site=site, role="senior")
"""
ORDER: Final = """
from unittest.mock import patch
from django.contrib.auth.models import User
from reviews.judging import bulk, scopes
from reviews.models import Case
user = User.objects.get(username="many")
case = Case.objects.select_related("post").filter(state="open", post__external_id="same-0").get()
scope = scopes.alike(case_id=case.pk, post=case.post)
run = scopes.dry_run(scope, user=user)
with patch("reviews.judging.bulk.AT_ONCE", 0):
    print(bulk.start(scope, user=user, kind="spam", newest=run.newest, expected=10_000).pk)
"""
TAKE_BACK: Final = """
from unittest.mock import patch
from django.contrib.auth.models import User
from reviews.judging import bulk
with patch("reviews.judging.bulk.AT_ONCE", 0):
    bulk.take_back(action_id={action}, user=User.objects.get(username="many"))
"""
OPEN: Final = "SELECT count(*) FROM reviews_case WHERE state = 'open'"
AT_WORK: Final = "SELECT count(*) FROM reviews_bulkaction WHERE state IN ('running', 'undoing')"
ORDERED: Final = "SELECT count(*) FROM reviews_bulkitem"
DONE: Final = f"{ORDERED} WHERE state = '{{state}}'"
BOTH: Final = {
    "one decision in force, at the end of one chain": """
        SELECT count(*) FROM moderation_post p WHERE
            (SELECT array_agg(d.id) FROM moderation_decision d WHERE d.post_id = p.id
                AND NOT EXISTS (SELECT FROM moderation_decision l WHERE l.supersedes_id = d.id))
            IS DISTINCT FROM ARRAY[p.decision_id]""",
    "no decision without its verdict": """
        SELECT count(*) FROM moderation_decision d WHERE d.source = 'moderator'
        AND NOT EXISTS (SELECT FROM reviews_verdict v WHERE v.decision_id = d.id)""",
    "no verdict outside the action": """
        SELECT count(*) FROM reviews_verdict v WHERE NOT EXISTS (
            SELECT FROM reviews_bulkitem i WHERE v.id IN (i.verdict_id, i.undo_id))""",
    "one event a decision": """
        SELECT count(*) FROM moderation_decision d WHERE (SELECT count(*) FROM moderation_event e
            WHERE e.decision_id = d.id AND e.kind = 'decision.recorded') <> 1""",
    "nothing failed": "SELECT count(*) FROM reviews_bulkitem WHERE reason = 'failed'",
}
ANSWERED: Final = {
    **BOTH,
    "every post of the action is decided once": """
        SELECT count(*) FROM reviews_bulkitem i JOIN moderation_post p ON p.id = i.post_id
        WHERE i.state <> 'decided' OR p.outcome <> 'block' OR (SELECT count(*)
            FROM moderation_decision d WHERE d.post_id = p.id AND d.source = 'moderator') <> 1""",
    "one label a verdict": """
        SELECT count(*) FROM reviews_verdict v WHERE (
            SELECT count(*) FROM reviews_label l WHERE l.verdict_id = v.id) <> 1""",
    "its cases are closed, all others wait": """
        SELECT count(*) FROM reviews_case c WHERE c.lane <> 'look' AND (c.state = 'open') = EXISTS (
            SELECT FROM reviews_bulkitem i WHERE i.post_id = c.post_id)""",
}
TAKEN_BACK: Final = {
    **BOTH,
    "every post of the action stands as before": """
        SELECT count(*) FROM reviews_bulkitem i JOIN moderation_post p ON p.id = i.post_id
        JOIN moderation_decision d ON d.id = i.decision_id
        WHERE i.state <> 'restored' OR p.outcome <> d.outcome""",
    "its cases wait again": """
        SELECT count(*) FROM reviews_case c WHERE c.state <> 'open' AND c.lane <> 'look'""",
}


@drill(26, "the worker is killed again and again while it gives one answer to 1,000 posts")
def kill_bulk_answers(scale: float) -> Report:
    posts, kills = scaled(POSTS, scale, least=200), scaled(KILLS, scale, least=2)
    with running() as service:
        for name in ("web", "worker", "beat"):
            service.start(name, wait=False)
        for child in service.children:
            service.wait_ready(child)
        site = service.create_site(mode="review_only")
        service.manage("shell", "-v", "0", "-c", PERSON.format(site=site.id))
        for start in range(0, posts, BATCH):
            batch = {"posts": _bodies(start)}
            url = f"{service.url}/api/v1/posts/batch"
            httpx.post(url, json=batch, headers=site.headers, timeout=60).raise_for_status()
        with service.database() as database:
            wait_for(database, OPEN, posts)
            action = int(service.manage("shell", "-v", "0", "-c", ORDER))
            # Those that are answered singly are left out.
            ordered = counted(database, ORDERED)
            given = _kill_while(service, database, "decided", ordered, kills)
            broken = _broken(database, ANSWERED)
            service.manage("shell", "-v", "0", "-c", TAKE_BACK.format(action=action))
            taken = _kill_while(service, database, "restored", ordered, kills)
            broken |= {
                f"{name}, taken back": n for name, n in _broken(database, TAKEN_BACK).items()
            }
    return Report(
        measured={
            "posts": ordered,
            "killed_at": given,
            "killed_at_taking_back": taken,
            "broken": {name: count for name, count in broken.items() if count},
        },
        criteria={
            "most of those that say the same are answered": ordered > posts // 4,
            **{name: not count for name, count in broken.items()},
            "it was killed on its way": any(0 < count < ordered for count in given),
            "and on its way back": any(0 < count < ordered for count in taken),
        },
    )


def _bodies(start: int) -> list[dict[str, Any]]:
    """Every second post says the same."""
    others = texts.posts(BATCH // 2, seed=start + 1, name=f"other-{start}")
    same = (
        {"text": SAME, "external_id": f"same-{number}", "author": {"id": f"shop-{number}"}}
        for number in range(start // 2, (start + BATCH) // 2)
    )
    return [body for pair in zip(same, others, strict=True) for body in pair]


def _kill_while(
    service: Installation, database: Database, state: str, count: int, kills: int
) -> list[int]:
    """Kill the worker so many times while posts come to that state; how far it was each time."""
    chance = random.Random(f"{state} {kills}")
    [worker] = [child for child in service.children if child.program.name.startswith("worker")]
    done = DONE.format(state=state)
    reached = []
    for kill in range(kills):
        aim = chance.uniform(kill, kill + 1) / kills * count
        if not _wait_for(database, done, aim):
            break
        _kill(worker)
        reached.append(counted(database, done))
        service.restart(worker)
    wait_for(database, AT_WORK)
    return reached


def _kill(worker: Child) -> None:
    """SIGKILL to the worker with its children, as when the machine runs out of memory."""
    children = worker.descendants()
    worker.kill()
    for child in children:
        if child.is_running():
            child.kill()


def _broken(database: Database, checks: dict[str, str]) -> dict[str, int]:
    return {name: counted(database, check) for name, check in checks.items()}


def _wait_for(database: Database, statement: str, least: float) -> bool:
    """Return whether the count came so far before the action ended."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if not counted(database, AT_WORK):
            return False
        if counted(database, statement) >= least:
            return True
        time.sleep(0.02)
    raise RuntimeError(f"{counted(database, statement)} instead of {least:.0f}: {statement}")
