"""Real workers on a real database and broker: woken, killed, cut off."""

import os
import signal
import socket

import psutil
import pytest
from django.db import connection

from moderation import sites
from moderation.broker import relay
from moderation.models import Decision, Event, Post
from moderation.submitting import posts
from moderation.types import EventKind, Mode, Status
from tests.integration.moderation.world import GTUBE, HAM, draft

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def forum(worker, eventually):
    """A site that the shared worker works for, and is done with when the test ends."""
    yield sites.create_site(name="Forum", mode=Mode.PROVISIONAL)
    # Emptying the tables would deadlock with a worker that is still telling of decisions.
    eventually(lambda: not Event.objects.filter(delivered_at=None).exists(), what="telling")


def decided(count):
    return lambda: Post.objects.filter(status=Status.DECIDED).count() == count


def test_a_post_is_decided_and_told_of_though_nobody_polls(forum, eventually):
    """No beat runs here: without the relay nothing would ever ring."""
    [post] = posts.submit(site=forum, drafts=[draft(f"{HAM} {GTUBE}")])
    eventually(decided(1), what="the decision")
    assert Post.objects.get(pk=post.pk).outcome == "block"
    told = Event.objects.filter(kind=EventKind.DECISION_RECORDED, delivered_at__isnull=False)
    eventually(told.exists, what="telling of it")


def test_hundreds_of_posts_are_each_decided_once(forum, eventually):
    posts.submit(site=forum, drafts=[draft(f"{HAM} {i}") for i in range(300)])
    eventually(decided(300), seconds=120, what="the decisions")
    assert Decision.objects.count() == 300


def test_a_worker_says_that_it_lives_and_with_which_model(forum, broker, eventually):
    from classifiers.versions import lineup

    def beats():
        return [broker.get(key) for key in broker.scan_iter("winnow:worker:*")]

    assert set(eventually(beats, what="a heartbeat")) == {lineup.current().model}


def test_the_relay_comes_back_after_it_lost_the_database(forum, eventually, as_owner):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid FROM pg_stat_activity WHERE application_name = 'winnow-relay'"
            " AND datname = current_database()"
        )
        [pid] = [row[0] for row in cursor.fetchall()]
        cursor.execute("SELECT pg_terminate_backend(%s)", [pid])
    posts.submit(site=forum, drafts=[draft()])
    eventually(decided(1), what="the decision")


def test_a_doorbell_that_the_broker_does_not_take_is_rung_again(forum, eventually, monkeypatch):
    """The bell of this process breaks; the row is written all the same."""
    from redis.exceptions import ConnectionError as Gone

    def refuse(bell):
        raise Gone

    bells = relay.Bells({relay.Bell.JUDGE})
    monkeypatch.setattr(relay, "ring", refuse)
    bells.ring_due()
    assert bells.wanted == {relay.Bell.JUDGE}
    rung = []
    monkeypatch.setattr(relay, "ring", rung.append)
    eventually(lambda: (bells.ring_due(), rung)[1], what="ringing")
    assert rung == [relay.Bell.JUDGE]
    assert bells.wanted == set()


def test_a_forked_child_cannot_end_the_relays_session(transactional_db):
    """Pool children are forked while the relay runs, and one that ends closes what it has."""
    with relay.connected() as session:
        child = os.fork()
        if child == 0:
            session.close()
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        assert session.execute("SELECT 1").fetchone() == (1,)


def test_nothing_is_lost_or_decided_twice_when_a_worker_is_killed(start_worker, eventually):
    site = sites.create_site(name="Shop", mode=Mode.PROVISIONAL)
    with start_worker(name="first") as process:
        posts.submit(site=site, drafts=[draft(f"{HAM} {i}") for i in range(300)])
        eventually(Decision.objects.exists, what="the first decision")
        _kill(process.pid)
    with start_worker(name="second"):
        # Its relay rings once for what was written while nobody listened; nobody else does.
        eventually(decided(300), seconds=120, what="the decisions")
    assert Decision.objects.count() == 300


def test_a_worker_outlives_a_broker_that_refuses_writes(start_worker, eventually, broker, tmp_path):
    """As one does whose disk is full: reads are answered, every write is an error."""
    site = sites.create_site(name="Shop", mode=Mode.PROVISIONAL)

    def noticed() -> bool:
        return "Cannot connect" in (tmp_path / "first.log").read_text()

    with start_worker(name="first") as process:
        posts.submit(site=site, drafts=[draft()])
        eventually(decided(1), what="a worker that works")
        try:
            broker.config_set("min-replicas-to-write", 1)
            posts.submit(site=site, drafts=[draft("while it refuses")])
            eventually(noticed, what="a worker that noticed")
        finally:
            broker.config_set("min-replicas-to-write", 0)
        eventually(decided(2), what="the decision")
        assert process.poll() is None


def test_of_two_workers_each_says_so_one_has_the_relay_and_the_other_takes_over(
    start_worker, eventually, broker
):
    site = sites.create_site(name="Shop", mode=Mode.PROVISIONAL)

    def lives(name: str) -> bool:
        return bool(broker.exists(f"winnow:worker:{name}@{socket.gethostname()}"))

    with start_worker(name="first", concurrency=1) as first:
        eventually(lambda: _holders() == 1, what="an elected relay")
        with start_worker(name="second", concurrency=1):
            eventually(lambda: lives("first") and lives("second"), what="both signs")
            assert _holders() == 1
            _kill(first.pid)
            eventually(lambda: _holders() == 1 and _relays() == 1, what="taking over")
            posts.submit(site=site, drafts=[draft()])
            eventually(decided(1), what="the decision")
            for key in list(broker.scan_iter("winnow:worker:*")):
                broker.delete(key)
            eventually(lambda: lives("second"), what="the sign of the one that is left")
            assert not lives("first")


def _kill(pid: int) -> None:
    """kill -9 of a worker and all its children at once."""
    parent = psutil.Process(pid)
    for process in [*parent.children(recursive=True), parent]:
        os.kill(process.pid, signal.SIGKILL)
    parent.wait(10)


def _holders() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND objid = %s"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
            [relay.LOCK & 0xFFFFFFFF],
        )
        return cursor.fetchone()[0]


def _relays() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'winnow-relay'"
            " AND datname = current_database()"
        )
        return cursor.fetchone()[0]
