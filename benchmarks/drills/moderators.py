"""People at the console: many who claim at once, and answers that come too late."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import httpx
from celery import Celery

from benchmarks import texts
from benchmarks.console import PASSWORD, Moderator, Shown
from benchmarks.drills import Report, drill, scaled
from benchmarks.drills.bookkeeping import Database, counted, wait_for
from benchmarks.installation import Installation, SiteAccess, running

MODERATORS: Final = 20
CASES: Final = 1_000
ROUNDS: Final = 5
"""How often each thing happens before a verdict."""
RACES: Final = 12
"""How often each thing happens at about the moment of a verdict."""
LEAD: Final = 0.5
"""Seconds by which one side of a race sets out before the other, at most."""
LONGER: Final = (1.0, 2.0, 4.0, 8.0)
"""The same where one side won each race: on a busy machine an edit is judged after seconds."""
BATCH: Final = 100
PATIENCE: Final = 120.0
WALKS_AWAY: Final = 0.15
COMES_BACK: Final = 0.5
"""Of those who walked away: answers after all, when the lease has ended."""
KINDS: Final = ("spam", "not_spam", "remove")

PEOPLE: Final = """
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User
from moderation import sites
from moderation.models import Site
from reviews.models import Membership
site = Site.objects.get(pk={site})
sites.change_policy(site=site, review_from=0.0, block_from=1.0)
password = make_password({password!r})
for number in range({count}):
    user = User.objects.create(username=f"moderator-{{number}}", password=password)
    Membership.objects.create(user=user, site=site)
"""
OPEN: Final = "SELECT count(*) FROM reviews_case WHERE state = 'open'"
UNSETTLED: Final = """
SELECT (SELECT count(*) FROM moderation_post WHERE status = 'pending')
    + (SELECT count(*) FROM moderation_event WHERE delivered_at IS NULL)
"""
HELD: Final = "SELECT count(*) FROM moderation_post WHERE hold_until < now()"
END_HOLD: Final = """
UPDATE moderation_post SET hold_until = now() - interval '1 second'
WHERE id = %s AND hold_until IS NOT NULL
"""
POST_OF: Final = """
SELECT p.id::text, p.external_id FROM reviews_case c JOIN moderation_post p ON p.id = c.post_id
WHERE c.id = %s
"""
STORED: Final = """
SELECT count(*) FROM reviews_verdict v JOIN auth_user u ON u.id = v.user_id
WHERE v.case_id = %s AND u.username = %s
"""
END_LEASE: Final = """
UPDATE reviews_case SET lease_until = now() - interval '1 second'
WHERE id = %s AND holder_id IS NOT NULL
"""
CHECKS: Final = {
    "one verdict a case": """
        SELECT count(*) FROM reviews_case c WHERE (
            SELECT count(*) FROM reviews_verdict v WHERE v.case_id = c.id) <> 1""",
    "no case is lost": "SELECT count(*) FROM reviews_case WHERE state <> 'judged'",
    "no case is doubled": """
        SELECT count(*) FROM (SELECT FROM reviews_case GROUP BY post_id HAVING count(*) > 1) x""",
    "each verdict's decision is in force": """
        SELECT count(*) FROM reviews_verdict v JOIN reviews_case c ON c.id = v.case_id
        JOIN moderation_post p ON p.id = c.post_id WHERE p.decision_id <> v.decision_id""",
    "each label says what its verdict said": """
        SELECT count(*) FROM reviews_verdict v LEFT JOIN reviews_label l ON l.verdict_id = v.id
        WHERE l.label IS DISTINCT FROM
            CASE v.kind WHEN 'spam' THEN 'spam' WHEN 'not_spam' THEN 'ham' END""",
}
STANDING: Final = """
SELECT p.decision_id, p.status, p.outcome, p.revision,
    (SELECT count(*) FROM moderation_decision d WHERE d.post_id = p.id),
    (SELECT count(*) FROM reviews_verdict v JOIN reviews_case c ON c.id = v.case_id
     WHERE c.post_id = p.id),
    (SELECT count(*) FROM reviews_label l WHERE l.post_id = p.id)
FROM moderation_post p WHERE p.id = %s
"""
BROKEN_CHAIN: Final = """
SELECT count(*) FROM moderation_post p WHERE
    (SELECT array_agg(d.id) FROM moderation_decision d WHERE d.post_id = p.id AND NOT EXISTS
        (SELECT FROM moderation_decision l WHERE l.supersedes_id = d.id))
    IS DISTINCT FROM ARRAY[p.decision_id]
"""


@contextmanager
def _cases(count: int, *others: str) -> Iterator[tuple[Installation, SiteAccess]]:
    """Give a service with two web servers, moderators and so many open cases."""
    with running() as service:
        for name in ("web", "web", "worker", *others):
            service.start(name, wait=False)
        for child in service.children:
            service.wait_ready(child)
        site = service.create_site(mode="review_only")
        program = PEOPLE.format(site=site.id, count=MODERATORS, password=PASSWORD)
        service.manage("shell", "-v", "0", "-c", program)
        bodies = list(texts.posts(count, seed=9))
        for start in range(0, count, BATCH):
            batch = {"posts": bodies[start : start + BATCH]}
            url = f"{service.url}/api/v1/posts/batch"
            httpx.post(url, json=batch, headers=site.headers, timeout=60).raise_for_status()
        with service.database() as database:
            wait_for(database, OPEN, count)
        yield service, site


def _moderators(service: Installation, count: int = MODERATORS) -> list[Moderator]:
    webs = [child for child in service.children if child.program.name.startswith("web")]
    return [Moderator(webs[n % len(webs)], f"moderator-{n}") for n in range(count)]


@dataclass(slots=True)
class Desk:
    """What all moderators saw together."""

    statuses: Counter[int] = field(default_factory=Counter)
    abandoned: int = 0
    shared: int = 0
    """Cases given to one while another held them."""
    untold: int = 0
    """Refusals that did not say how the post stands, or lost the note."""
    accepted: Counter[tuple[str, int]] = field(default_factory=Counter)
    """By who answered and the case: the same answer given again is accepted, and stored once."""
    held: set[int] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, case: int) -> None:
        with self.lock:
            self.shared += case in self.held
            self.held.add(case)

    def let_go(self, case: int) -> None:
        with self.lock:
            self.held.discard(case)

    def walk_away(self) -> None:
        with self.lock:
            self.abandoned += 1

    def answer(self, moderator: Moderator, shown: Shown, kind: str) -> None:
        answer = moderator.answer(shown, kind)
        told = answer.status_code != 409 or moderator.is_told(shown, answer)
        with self.lock:
            self.statuses[answer.status_code] += 1
            self.accepted[moderator.name, shown.case] += answer.status_code == 302
            self.untold += not told


@drill(9, "20 moderators claim 1,000 cases at once; some walk away, some of these come back late")
def claim_at_once(scale: float) -> Report:
    count = scaled(CASES, scale, least=60)
    desk = Desk()
    with _cases(count) as (service, _):
        with ThreadPoolExecutor(MODERATORS) as pool:
            list(pool.map(lambda each: _work(service, each, desk), _moderators(service)))
        with service.database() as database:
            broken = {name: counted(database, check) for name, check in CHECKS.items()}
            verdicts = counted(database, "SELECT count(*) FROM reviews_verdict")
    return Report(
        measured={
            "cases": count,
            "answers": dict(desk.statuses),
            "abandoned": desk.abandoned,
            "given_again": desk.statuses[302] - len(+desk.accepted),
            "broken": {name: rows for name, rows in broken.items() if rows},
        },
        criteria={
            **{name: not rows for name, rows in broken.items()},
            "what was accepted is stored": verdicts == len(+desk.accepted) == count,
            "nobody is given a case that somebody holds": not desk.shared,
            "answers are accepted or refused": set(desk.statuses) <= {302, 409},
            "some walked away": desk.abandoned > 0,
            "a refusal says why and gives the note back": not desk.untold,
        },
    )


def _work(service: Installation, moderator: Moderator, desk: Desk) -> None:
    """Claim and answer until no case is left."""
    chance = random.Random(moderator.name)
    late: list[Shown] = []
    with service.database() as database:
        while counted(database, OPEN):
            case = moderator.claim()
            if case is None:
                time.sleep(0.1)
                continue
            desk.take(case)
            shown = moderator.look(case)
            desk.let_go(case)
            if shown is None:
                raise RuntimeError(f"{moderator.name} was given case {case}, and cannot answer it")
            if chance.random() < WALKS_AWAY:
                desk.walk_away()
                database.execute(END_LEASE, [case])
                if chance.random() < COMES_BACK:
                    late.append(shown)
                continue
            desk.answer(moderator, shown, chance.choice(KINDS))
            if late:
                desk.answer(moderator, late.pop(), chance.choice(KINDS))
        for shown in late:
            desk.answer(moderator, shown, chance.choice(KINDS))


@dataclass(frozen=True, slots=True)
class Asked:
    """A case that a moderator holds and has read, and its post."""

    shown: Shown
    post: str
    external_id: str


@dataclass(frozen=True, slots=True)
class Room:
    """Where drill 10 happens: one moderator reads, and something else happens to the post."""

    service: Installation
    database: Database
    client: httpx.Client
    reader: Moderator
    other: Moderator

    def ask(self) -> Asked:
        """Have the reader claim the next case and read it."""
        case = self.reader.claim()
        shown = self.reader.look(case) if case else None
        if shown is None:
            raise RuntimeError("No case was left.")
        row = self.database.execute(POST_OF, [shown.case]).fetchone()
        assert row is not None
        return Asked(shown, *row)

    def api(self, method: str, path: str, body: dict[str, Any] | None = None) -> None:
        """Send one request to the API, and raise httpx.HTTPStatusError if it is refused."""
        self.client.request(method, f"/api/v1/posts{path}", json=body).raise_for_status()

    def standing(self, asked: Asked) -> tuple[Any, ...]:
        return self.database.execute(STANDING, [asked.post]).fetchone() or ()

    def settle(self) -> None:
        """Wait until everything is judged and told."""
        wait_for(self.database, UNSETTLED)


def _feedback(room: Room, asked: Asked) -> None:
    said = {"label": "ham", "actor": {"id": "owner-1", "role": "owner"}}
    room.api("POST", f"/{asked.post}/feedback", said)


def _answered(room: Room, asked: Asked) -> None:
    room.database.execute(END_LEASE, [asked.shown.case])
    room.other.answer(asked.shown, "not_spam")


def _expired(room: Room, asked: Asked) -> None:
    """End the hold, and ask for the sweep that a beat asks for once a minute."""
    room.database.execute(END_HOLD, [asked.post])
    with Celery(broker=room.service.servers.urls.redis) as celery:
        celery.send_task("moderation.tasks.expire_holds", queue="judge")
    wait_for(room.database, HELD)


def _edited(room: Room, asked: Asked) -> None:
    words = f"Other words in {asked.external_id}"
    room.api("POST", "", {"external_id": asked.external_id, "text": words})


def _withdrawn(room: Room, asked: Asked) -> None:
    room.api("DELETE", f"/{asked.post}")


MEANWHILE: Final[dict[str, Callable[[Room, Asked], None]]] = {
    "the site says otherwise": _feedback,
    "another moderator answers": _answered,
    "its time runs out": _expired,
    "it is edited": _edited,
    "it is withdrawn": _withdrawn,
}
STILL_ASKED: Final = frozenset({"its time runs out", "it is edited"})
"""After which the case is still open, and can be answered by who looks again."""


@drill(10, "a verdict on a case that was decided meanwhile, or is decided at the same moment")
def answer_too_late(scale: float) -> Report:
    rounds, races = scaled(ROUNDS, scale), scaled(RACES, scale, least=4)
    refused: Counter[str] = Counter()
    raced: dict[str, Counter[int]] = {}
    wrong: list[str] = []
    with _cases((rounds + races + len(LONGER)) * len(MEANWHILE) + 10, "beat") as (service, site):
        reader, other = _moderators(service, 2)
        with service.database() as database, ThreadPoolExecutor(2) as pool:
            client = httpx.Client(base_url=service.url, headers=site.headers, timeout=60)
            room = Room(service, database, client, reader, other)
            for what, happen in MEANWHILE.items():
                for _ in range(rounds):
                    wrong += [f"{what}: {each}" for each in _too_late(room, what, happen)]
                    refused[what] += 1
                leads = [LEAD * (2 * number / (races - 1) - 1) ** 3 for number in range(races)]
                answers = [_at_once(room, pool, happen, lead) for lead in leads]
                for lead in LONGER:
                    if len(seen := {status for status, _ in answers}) > 1:
                        break
                    answers.append(_at_once(room, pool, happen, -lead if 409 in seen else lead))
                raced[what] = Counter(status for status, _ in answers)
                wrong += [f"{what}, at once: {each}" for _, found in answers for each in found]
            room.settle()
            broken = counted(database, BROKEN_CHAIN)
    return Report(
        measured={
            "refused": sum(refused.values()),
            "at_once": {what: dict(sorted(statuses.items())) for what, statuses in raced.items()},
            "wrong": wrong,
        },
        criteria={
            "409 with the present state and the note, and nothing overwritten": not wrong,
            "both sides of each race were seen": all(
                set(statuses) == {302, 409} for statuses in raced.values()
            ),
            "one decision in force a post": not broken,
        },
    )


def _too_late(room: Room, what: str, happen: Callable[[Room, Asked], None]) -> list[str]:
    """Answer after something happened; return what was wrong with how that was refused."""
    asked = room.ask()
    happen(room, asked)
    room.settle()
    before = room.standing(asked)
    answer = room.reader.answer(asked.shown, "spam")
    found = []
    if answer.status_code != 409:
        found.append(f"answered {answer.status_code}")
    if not room.reader.is_told(asked.shown, answer):
        found.append("the refusal does not say how the post stands, or lost the note")
    if room.standing(asked) != before:
        found.append(f"{before} became {room.standing(asked)}")
    again = room.reader.look(asked.shown.case)
    if (again is not None) != (what in STILL_ASKED):
        found.append("the case can be answered" if again else "the case cannot be answered")
    elif again is not None and room.reader.answer(again, "spam").status_code != 302:
        found.append("who looked again was refused")
    return found


def _at_once(
    room: Room, pool: ThreadPoolExecutor, happen: Callable[[Room, Asked], None], lead: float
) -> tuple[int, list[str]]:
    """Answer while something happens that sets out `lead` seconds earlier (later if negative).

    Return the status and what does not go with it.
    """
    asked = room.ask()
    start = threading.Barrier(2)

    def answer() -> int:
        start.wait()
        time.sleep(max(lead, 0))
        return room.reader.answer(asked.shown, "spam").status_code

    def meanwhile() -> None:
        start.wait()
        time.sleep(max(-lead, 0))
        happen(room, asked)

    answering, happening = pool.submit(answer), pool.submit(meanwhile)
    status = answering.result()
    happening.result()
    room.settle()
    row = room.database.execute(STORED, [asked.shown.case, room.reader.name]).fetchone()
    stored = row[0] if row else 0
    found = [] if status in (302, 409) else [f"answered {status}"]
    if stored != (status == 302):
        found.append(f"answered {status}, and {stored} verdicts were stored")
    return status, found
