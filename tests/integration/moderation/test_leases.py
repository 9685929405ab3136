"""Long jobs hold a lease row: one process at a time, free as soon as its holder is gone."""

from datetime import timedelta

import psycopg
import pytest
from django.db import connection
from django.utils import timezone

from moderation import leases
from moderation.exceptions import LeaseLost, LeaseTaken
from moderation.models import JobLease

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def elsewhere():
    """Another process's session on the same database, as the same role."""
    settings = connection.settings_dict
    options = settings["OPTIONS"]
    other = psycopg.connect(
        host=settings["HOST"],
        port=settings["PORT"],
        dbname=settings["NAME"],
        user=settings["USER"],
        password=settings["PASSWORD"],
        autocommit=True,
    )
    if role := options.get("assume_role"):
        other.execute(f'SET ROLE "{role}"')
    yield other
    other.close()


def take_elsewhere(session: psycopg.Connection) -> None:
    session.execute(
        """
        INSERT INTO moderation_joblease (name, term, lease_until, session_pid, session_start)
        SELECT 'job', 1, now() + interval '1 hour', pid, backend_start
        FROM pg_stat_activity WHERE pid = pg_backend_pid()
        """
    )


def test_a_job_that_is_being_done_is_not_taken_again():
    with leases.hold("job"):
        with pytest.raises(LeaseTaken), leases.hold("job"):
            pass
        with leases.hold("another job"):
            pass
    with leases.hold("job"):
        pass


def test_a_job_is_free_as_soon_as_its_holders_session_is_gone(elsewhere, eventually):
    take_elsewhere(elsewhere)
    with pytest.raises(LeaseTaken), leases.hold("job"):
        pass
    elsewhere.close()

    def taken() -> bool:
        try:
            with leases.hold("job"):
                return True
        except LeaseTaken:
            return False

    eventually(taken, what="taking over")


def test_a_stalled_holder_loses_the_job_and_learns_so(elsewhere):
    take_elsewhere(elsewhere)
    JobLease.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    with leases.hold("job") as lease:
        lease.check()
        # Somebody else takes it in turn, while this process sleeps.
        JobLease.objects.update(term=7)
        with pytest.raises(LeaseLost):
            lease.check()
    assert JobLease.objects.get().lease_until > timezone.now(), "The next holder's lease was ended."


def test_keeping_renews_only_when_it_is_time(monkeypatch):
    with leases.hold("job") as lease:
        lease.keep()
        before = JobLease.objects.get().lease_until
        monkeypatch.setattr(leases, "RENEW_EVERY", timedelta(0))
        lease.keep()
        assert JobLease.objects.get().lease_until > before


def test_a_job_that_ended_is_free_also_by_a_clock_that_was_put_back():
    with leases.hold("job"):
        pass
    with leases.hold("job", now=timezone.now() - timedelta(hours=1)):
        pass
