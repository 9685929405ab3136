"""What a site is told of what happened."""

import threading

import pytest
from django.db import connection, transaction
from django.utils import timezone

from moderation.models import Event, Post
from moderation.types import EventKind
from reviews.judging import appeals
from reviews.states import AppealVia
from tests.integration.api.conftest import GTUBE, api, assert_problem, judge, make_api

__all__ = ["api", "assert_problem", "judge"]

EVENTS = "/api/v1/events"


def ask(api, after="", **more):
    about = {**({"after": after} if after else {}), **more}
    question = "&".join(f"{name}={value}" for name, value in about.items())
    answer = api.call("GET", f"{EVENTS}?{question}")
    assert answer.status_code == 200, answer.content
    return answer.json()["results"], answer.json()["after"]


def told(api, after="", **more):
    return ask(api, after, **more)[0]


@pytest.mark.django_db(transaction=True)
def test_a_site_hears_what_became_of_its_posts(judge):
    api, other = make_api("hears"), make_api("hears nothing")
    post = api.call("POST", "/api/v1/posts", {"text": GTUBE, "external_id": "a"}).json()["id"]
    assert told(api) == []
    judge()
    (decided,), seen = ask(api)
    assert decided["kind"] == "decision.recorded"
    assert (decided["post_id"], decided["external_id"]) == (post, "a")
    assert decided["decision"]["outcome"] == "block"
    assert decided["decision"]["source"] == "machine"
    assert decided["appeal"] is None
    assert told(api, seen) == told(other, seen) == []
    appeal = appeals.file(post_id=post, via=AppealVia.LINK, words="please")
    (filed,), seen = ask(api, seen)
    assert filed["appeal"] == {"id": str(appeal.pk), "state": "open"}
    assert filed["decision"] is None
    said = {"label": "ham", "actor": {"id": "m1", "role": "owner"}}
    api.call("POST", f"/api/v1/posts/{post}/feedback", said)
    (freed,) = told(api, seen)
    assert (freed["decision"]["outcome"], freed["decision"]["source"]) == ("allow", "feedback")
    assert [event["id"] for event in told(api)] == [decided["id"], filed["id"], freed["id"]]
    assert told(api, limit=1) == [decided]
    assert told(api, f"{10**17}-1")[0] == decided, "a place in a database that was restored since"
    assert told(other) == []


@pytest.mark.django_db(transaction=True)
def test_what_is_said_of_draws_is_not_told(judge):
    api = make_api("drawn")
    api.call("POST", "/api/v1/posts", {"text": GTUBE})
    judge()
    assert "audited" in Event.objects.get().payload
    (event,) = told(api)
    assert "audited" not in str(event)


@pytest.mark.parametrize("question", ["after=7", "after=9-x", "limit=0", "limit=201", "since=3"])
def test_what_is_asked_wrongly_is_named(api, assert_problem, question):
    answer = api.call("GET", f"{EVENTS}?{question}")
    name = question.partition("=")[0]
    assert name in str(assert_problem(answer, 400, "validation-error"))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("locks_first", [False, True])
def test_an_event_that_is_written_longer_than_a_later_one_is_not_passed_over(locks_first):
    """Whichever of two transactions began to write first, and so has the smaller number."""
    api = make_api("slow and quick")
    post = api.call("POST", "/api/v1/posts", {"text": "words"}).json()["id"]
    begun, done = threading.Event(), threading.Event()

    def write() -> int:
        stored = Post.objects.get(pk=post)
        now = timezone.now()
        about = {"site_id": stored.site_id, "post": stored, "kind": EventKind.BLOCK_CAP_REACHED}
        return Event.objects.create(**about, next_attempt_at=now, created_at=now).pk

    def slowly() -> None:
        with transaction.atomic():
            write()
            begun.set()
            done.wait(60)
        connection.close()

    def number() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_current_xact_id()")

    slow = threading.Thread(target=slowly)
    try:
        with transaction.atomic():
            if locks_first:
                number()
            slow.start()
            assert begun.wait(60)
            quick = write()
        before, seen = ask(api)
        assert [event["id"] for event in before] == ([quick] if locks_first else [])
    finally:
        done.set()
        slow.join()
    after = [event["id"] for event in told(api, seen)] if before else []
    everything = [event["id"] for event in told(api)]
    assert len(everything) == 2
    assert set(everything) == {quick, quick - 1}
    assert not before or after == [quick - 1]
