import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test import override_settings

from moderation import outbox
from moderation.models import Event, Site
from moderation.types import EventKind
from tests.integration.moderation.world import NOW

KIND = EventKind.BLOCK_CAP_REACHED
HERE = "tests.integration.moderation.test_outbox"
TOLD: list[int] = []
BROKEN: set[int] = set()


@pytest.fixture(autouse=True)
def _forget():
    TOLD.clear()
    BROKEN.clear()


def listen(events: list[Event]) -> None:
    """A subscriber whose trace is a row, so that a rollback takes it back."""
    for event in events:
        Site.objects.create(name=f"told {event.pk}")
        TOLD.append(event.pk)


def stumble(events: list[Event]) -> None:
    for event in events:
        if event.pk in BROKEN:
            raise RuntimeError(event.pk)


def traces() -> set[int]:
    names = Site.objects.filter(name__startswith="told ").values_list("name", flat=True)
    return {int(name.removeprefix("told ")) for name in names}


def subscribed(*names: str):
    paths = [f"{HERE}.{name}" for name in names]
    return override_settings(WINNOW_EVENT_SUBSCRIBERS={KIND.value: paths})


@pytest.fixture
def publish(site):
    def publish(count=1, *, kind=KIND, at=NOW):
        with transaction.atomic():
            new = (
                Event(kind=kind, site=site, next_attempt_at=at, created_at=at) for _ in range(count)
            )
            return outbox.publish(list(new))

    return publish


@subscribed("listen")
def test_an_event_is_told_once(publish):
    events = publish(3)
    assert outbox.deliver(now=NOW) == 3
    assert outbox.deliver(now=NOW) == 0
    assert [event.pk for event in events] == TOLD
    assert set(Event.objects.values_list("delivered_at", flat=True)) == {NOW}


@subscribed("listen")
def test_an_event_that_nobody_awaits_is_done(publish):
    publish(kind=EventKind.HOLD_EXPIRED)
    assert outbox.deliver(now=NOW) == 1
    assert outbox.deliver(now=NOW) == 0
    assert TOLD == []


@subscribed("listen", "stumble")
def test_one_bad_event_holds_up_no_other_and_is_told_once_in_the_end(publish):
    first, bad, last = publish(3)
    BROKEN.add(bad.pk)
    outbox.deliver(now=NOW)
    assert traces() == {first.pk, last.pk}
    bad.refresh_from_db()
    assert (bad.attempts, bad.delivered_at) == (1, None)
    assert bad.next_attempt_at == NOW + timedelta(seconds=2)
    assert outbox.deliver(now=NOW + timedelta(seconds=1)) == 0
    # Its subscriber works again.
    BROKEN.clear()
    later = NOW + timedelta(seconds=3)
    publish(at=later)
    while outbox.deliver(now=later):
        pass
    assert bad.pk in traces()
    assert len(traces()) == 4
    assert not Event.objects.filter(delivered_at=None).exists()


@subscribed("stumble")
def test_waiting_grows_with_each_failure_up_to_ten_minutes(publish):
    [bad] = publish()
    BROKEN.add(bad.pk)
    moment, waits = NOW, []
    for _ in range(12):
        outbox.deliver(now=moment)
        bad.refresh_from_db()
        waits.append((bad.next_attempt_at - moment).total_seconds())
        moment = bad.next_attempt_at
    assert waits[:4] == [2, 4, 8, 16]
    assert waits[-1] == 600


@subscribed("listen")
def test_a_busy_outbox_is_told_in_batches(publish):
    publish(450)
    assert [outbox.deliver(now=NOW) for _ in range(4)] == [200, 200, 50, 0]
    assert len(traces()) == 450


def test_an_event_is_written_only_inside_a_transaction(site, transactional_db):
    with pytest.raises(transaction.TransactionManagementError):
        outbox.publish([Event(kind=KIND, site=site, next_attempt_at=NOW, created_at=NOW)])


@pytest.mark.django_db(transaction=True)
@subscribed("listen")
def test_two_workers_do_not_tell_the_same_event(publish):
    publish(300)
    told_beside: list[int] = []

    def deliver_beside() -> None:
        told_beside.append(outbox.deliver(now=NOW))
        connection.close()

    with transaction.atomic():
        assert outbox.deliver(now=NOW) == 200
        # Not committed yet: the other neither waits for it nor tells the same.
        thread = threading.Thread(target=deliver_beside)
        thread.start()
        thread.join(timeout=60)
        assert not thread.is_alive()
    assert told_beside == [100]
    assert len(traces()) == 300
