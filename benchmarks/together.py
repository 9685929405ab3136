"""Eight clients at the same posts at the same time, recorded and replayed through the model.

    manage.py shell -c "from benchmarks import together; together.main(operations=3000, seed=1)"

Threads of one process on a real database: sites that submit, edit, withdraw and give feedback
over the API, and repeat requests under the same Idempotency-Key; moderators who claim, answer,
undo and let go; workers that judge, expire and tell; somebody who looks. See
`benchmarks.history` for what is checked of each post, and `observed.broken_invariants` for the
rest.
"""

import json
import random
import threading
from collections import Counter, defaultdict
from dataclasses import replace
from typing import Any, Final
from unittest import mock
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import User
from django.test import override_settings
from django.utils import timezone

from benchmarks import observed
from benchmarks.clients import CLIENTS, FAR, Client, Request, World, posts_in
from benchmarks.history import anomaly
from benchmarks.recorded import Made, Operation
from moderation import sites
from moderation.access import create_key
from moderation.models import Decision, Site
from moderation.types import Mode, Source
from reviews.labels import weighing
from reviews.models import Membership, Verdict

DRAWS_A_DAY: Final = 1_000


def run(*, operations: int, seed: int) -> dict[str, Any]:
    """Return what was done, the anomalies of posts as text, and the broken invariants."""
    site = sites.create_site(name=f"Together {seed}", mode=Mode.REVIEW_ONLY)
    sites.change_policy(
        site=site, allow_audits_per_day=DRAWS_A_DAY, block_audits_per_day=DRAWS_A_DAY
    )
    _, key = create_key(site=site, name="together")
    world = World(site, key)
    clients = [
        Client(world, _moderator(site, n), random.Random(seed * 100 + n), operations // CLIENTS)
        for n in range(CLIENTS)
    ]
    # What a site says ends audits only where nobody judges; here people do, from the first post.
    with _recorded(), mock.patch.object(weighing, "FEW", 0):
        threads = [threading.Thread(target=client.run) for client in clients]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for client in clients:
            if client.failure is not None:
                raise client.failure
        _come_to_rest(clients[0])
    by_post = _histories(clients, world)
    found = {str(post): anomaly(history) for post, history in by_post.items()}
    attempted = sum((client.attempted for client in clients), Counter())
    performed = sum((client.performed for client in clients), Counter())
    return {
        "seed": seed,
        "operations": operations,
        "posts": len(by_post),
        "attempted": dict(attempted),
        "performed": dict(performed),
        "share_performed": round(performed.total() / attempted.total(), 3),
        "recorded": dict(Counter(each.kind for history in by_post.values() for each in history)),
        "anomalies": {
            post: [str(each) for each in wrong] for post, wrong in found.items() if wrong
        },
        "broken": {**observed.broken_invariants(site), **_answered_otherwise(world.requests)},
    }


def main(*, operations: int, seed: int) -> None:
    """Run, and print one JSON object."""
    print(json.dumps(run(operations=operations, seed=seed)))


def _recorded() -> override_settings:
    """While it lasts, every event is written down once it is told."""
    subscribers = settings.WINNOW_EVENT_SUBSCRIBERS
    return override_settings(
        WINNOW_EVENT_SUBSCRIBERS={
            kind: [*paths, "benchmarks.observed.record"] for kind, paths in subscribers.items()
        }
    )


def _come_to_rest(client: Client) -> None:
    """Tell what is left, what failed before too, and look at every post."""
    while client.tell(0, timezone.now() + 2 * FAR):
        pass
    for name in client.world.posts:
        client.look_at(name)


def _moderator(site: Site, number: int) -> User:
    user = User.objects.create_user(f"together-{site.pk}-{number}")
    Membership.objects.create(user=user, site=site)
    return user


def _histories(clients: list[Client], world: World) -> dict[UUID, list[Operation]]:
    """Return the operations on each post, with what the database says of the decisions made."""
    made = observed.decisions_of(world.site)
    given = Verdict.objects.filter(case__site=world.site)
    verdict = {row.pk: observed.verdict_of(row, made) for row in given}
    before = {row.pk: made[row.seen_id] for row in given}
    known: dict[UUID, list[Operation]] = defaultdict(list)
    for client in clients:
        by_place = dict(client.made)
        for place, (post, operation) in enumerate(client.history):
            if place in by_place:
                operation = replace(operation, made=made[by_place[place]])
            if operation.kind in ("undo", "kept"):
                undone = operation.given
                operation = replace(operation, undone=verdict[undone], before=before[undone])
            known[post].append(operation)
    by_actor = {
        row.actor: made[row.pk]
        for row in Decision.objects.filter(site=world.site, source=Source.FEEDBACK)
    }
    for request in world.requests:
        for post, operation in _asked_by(request, by_actor):
            known[post].append(operation)
    return known


def _asked_by(request: Request, by_actor: dict[str, Made]) -> list[tuple[UUID, Operation]]:
    """Return what one request did, whoever of those who sent it had it done."""
    [(asked, _, status, body, _)] = [answer for answer in request.answers if not answer[4]]
    assert status in (201, 202), f"{request} was refused: {body!r}"
    # Who was told what was done had it done already.
    answered = min(answer[1] for answer in request.answers)
    said = json.loads(body)
    if request.path.endswith("feedback"):
        shown = {
            **_shown(said["post"]),
            "answer": said["label"],
            "given": said["id"],
            "made": by_actor.get(request.key),
        }
        return [(UUID(said["post"]["id"]), Operation("feedback", asked, answered, **shown))]
    items = request.body.get("posts", [request.body])
    return [
        (
            UUID(shown["id"]),
            Operation("submit", asked, answered, text=item["text"], **_shown(shown)),
        )
        for item, shown in zip(items, posts_in(said), strict=True)
    ]


def _shown(post: dict[str, Any]) -> dict[str, Any]:
    decision = post["decision"]
    seen = decision["id"] if decision else 0
    return {"revision": post["revision"], "status": post["status"], "seen": seen}


def _answered_otherwise(requests: list[Request]) -> dict[str, int]:
    """Requests whose repetitions were not answered as they were."""
    wrong = sum(
        len({(status, body) for *_, status, body, _ in request.answers}) != 1
        or sum(not repeated for *_, repeated in request.answers) != 1
        for request in requests
    )
    return {"requests whose repetition was answered otherwise": wrong} if wrong else {}
