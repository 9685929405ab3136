import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from moderation import sites
from moderation.broker import relay
from moderation.models import Author, Event, Post, PostRevision
from moderation.submitting import posts
from moderation.types import Draft, EventKind, Status
from tests.integration.moderation.world import HAM, NOW, draft
from tests.integration.world import at_once

LATER = NOW + timedelta(minutes=5)


def test_everything_submitted_is_stored(site):
    given = draft(
        "Text with 'quotes', \\ and {braces}, \"more\" \n 漢字 🎁",
        title="A title",
        type="comment",
        language="en",
        permalink="https://site.example/1",
        context="What it answers",
        honeypot="filled",
        name="Ada",
        email="ada@site.example",
        url="https://ada.example",
        ip="203.0.113.9",
        user_agent="Mozilla",
        external_id="c-1",
        author_id="a-1",
        registered_at=NOW - timedelta(days=3),
        posted_at=NOW - timedelta(minutes=1),
        metadata={"thread": 7, "tags": ["x", None]},
    )
    [post] = posts.submit(site=site, drafts=[given], now=NOW)
    stored = Post.objects.select_related("author").get()
    assert stored.pk == post.pk
    assert (stored.status, stored.revision, stored.attempts) == (Status.PENDING, 1, 0)
    assert (stored.external_id, stored.type, stored.ip) == ("c-1", "comment", "203.0.113.9")
    assert (stored.created_at, stored.submitted_at) == (NOW, NOW)
    assert (post.status, post.revision, post.author_id) == ("pending", 1, stored.author_id)
    words = PostRevision.objects.get(post=stored)
    content, author = given.content, given.content.author
    assert words.text == content.text
    assert (words.title, words.permalink, words.context) == (
        *(content.title, content.permalink, content.context),
    )
    assert (words.language, words.honeypot, words.metadata) == ("en", "filled", given.metadata)
    assert (words.author_name, words.author_email, words.author_url, words.user_agent) == (
        *(author.name, author.email, author.url, author.user_agent),
    )
    assert (words.registered_at, words.posted_at) == (given.registered_at, given.posted_at)
    assert (stored.author.external_id, stored.author.name, stored.author.email) == (
        *("a-1", "Ada", "ada@site.example"),
    )


def test_one_post_costs_two_statements(site):
    with CaptureQueriesContext(connection) as queries:
        posts.submit(site=site, drafts=[draft(external_id="1", author_id="a")])
    said = [q["sql"] for q in queries if "SAVEPOINT" not in q["sql"]]
    assert len(said) == 2


def test_a_thousand_posts_cost_as_many_statements_as_one(site):
    drafts = [draft(f"{HAM} {i}", external_id=str(i), author_id=f"a{i % 50}") for i in range(1000)]
    with CaptureQueriesContext(connection) as queries:
        stored = posts.submit(site=site, drafts=drafts)
    assert len([q for q in queries if "SAVEPOINT" not in q["sql"]]) == 2
    assert [post.external_id for post in stored] == [str(i) for i in range(1000)]
    assert PostRevision.objects.count() == 1000
    assert Author.objects.count() == 50


def test_more_than_a_thousand_are_refused(site):
    with pytest.raises(ValueError, match="1000"):
        posts.submit(site=site, drafts=[draft()] * 1001)
    assert posts.submit(site=site, drafts=[]) == []


def test_the_same_again_changes_nothing(submit):
    first = submit(external_id="1", metadata={"b": 1, "a": 2})
    again = submit(external_id="1", metadata={"a": 2, "b": 1}, at=LATER)
    assert again.pk == first.pk
    assert again.revision == 1
    assert Post.objects.get().submitted_at == NOW
    assert PostRevision.objects.count() == 1


@pytest.mark.parametrize(
    "change",
    [
        {"text": "other"},
        {"title": "other"},
        {"type": "comment"},
        {"ip": "203.0.113.1"},
        {"author_id": "other"},
        {"email": "other@site.example"},
        {"metadata": {"other": 1}},
        {"honeypot": "other"},
        {"posted_at": NOW},
        {"registered_at": NOW},
    ],
    ids=lambda change: next(iter(change)),
)
def test_any_change_is_a_new_revision(submit, change):
    first = submit(external_id="1")
    edited = submit(external_id="1", at=LATER, **change)
    assert edited.pk == first.pk
    assert (edited.revision, edited.submitted_at) == (2, LATER)
    kept = PostRevision.objects.order_by("revision")
    assert list(kept.values_list("revision", flat=True)) == [1, 2]


def test_an_edit_is_pending_again_and_keeps_the_chain(submit, decide):
    submit(external_id="1")
    [decision] = decide()
    assert Post.objects.get().status == Status.DECIDED
    edited = submit("Quite another text", external_id="1", at=LATER, type="comment", author_id="b")
    stored = Post.objects.get()
    for post in (edited, stored):
        assert (post.status, post.outcome, post.decision_id) == ("pending", None, decision.pk)
        assert (post.attempts, post.lease_until, post.fingerprint, post.hold_until) == (
            *(0, None, None, None),
        )
    assert (stored.type, stored.author.external_id) == ("comment", "b")


def test_external_ids_are_a_sites_own(submit, db):
    other = sites.create_site(name="Shop")
    assert submit(external_id="1").pk != submit(external_id="1", to=other).pk
    assert submit().pk != submit().pk


def test_twice_in_one_batch_counts_as_submitted_twice(site):
    drafts = [
        draft("one", external_id="1"),
        draft("only"),
        draft("two", external_id="1"),
        draft("two", external_id="1"),
    ]
    stored = posts.submit(site=site, drafts=drafts, now=NOW)
    assert len(stored) == 4
    assert {stored[i].pk for i in (0, 2, 3)} == {stored[0].pk}
    assert [post.revision for post in stored] == [2, 1, 2, 2]
    texts = PostRevision.objects.filter(post=stored[0]).order_by("revision")
    assert [row.text for row in texts] == ["one", "two"]
    assert Post.objects.get(external_id="1").revision == 2


def test_a_batch_mixes_new_known_and_edited(site, submit):
    known, edited = submit("known", external_id="k"), submit("before", external_id="e")
    drafts = [
        draft("after", external_id="e"),
        draft("new", external_id="n"),
        draft("known", external_id="k"),
    ]
    stored = posts.submit(site=site, drafts=drafts, now=LATER)
    assert [post.external_id for post in stored] == ["e", "n", "k"]
    assert (stored[0].pk, stored[0].revision) == (edited.pk, 2)
    assert (stored[2].pk, stored[2].revision) == (known.pk, 1)


def test_withdrawn_posts_are_told_of_and_not_judged(submit, decide):
    post = submit(external_id="1")
    withdrawn = posts.withdraw(post=post, now=LATER)
    assert withdrawn.status == Status.WITHDRAWN
    assert posts.withdraw(post=post, now=LATER).status == Status.WITHDRAWN
    assert Event.objects.get().kind == EventKind.POST_WITHDRAWN
    assert decide(at=LATER) == []


def test_a_withdrawn_post_comes_back_as_a_new_revision(submit, decide):
    post = submit(external_id="1")
    posts.withdraw(post=post)
    revived = submit(external_id="1", at=LATER)
    assert (revived.pk, revived.revision, revived.status) == (post.pk, 2, Status.PENDING)
    [decision] = decide(at=LATER)
    assert decision.revision == 2


def test_what_is_known_of_an_author_grows_and_is_not_forgotten(submit):
    submit(author_id="a", name="Ada", email="ada@old.example")
    submit(author_id="a", email="ada@new.example", registered_at=NOW)
    author = Author.objects.get()
    assert (author.name, author.email) == ("Ada", "ada@new.example")
    assert author.registered_at == NOW


@pytest.mark.django_db(transaction=True)
def test_submitting_wakes_who_listens_once_it_is_committed(site):
    with relay.connected() as listener:
        listener.execute("LISTEN winnow")
        posts.submit(site=site, drafts=[draft(), draft()])
        heard = [note.payload for note in listener.notifies(timeout=60, stop_after=1)]
        assert heard == ["posts"]
        posts.withdraw(post=Post.objects.all()[0])
        assert [n.payload for n in listener.notifies(timeout=60, stop_after=1)] == ["events"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("named", [True, False], ids=["with authors", "without"])
def test_eight_clients_with_the_same_ids_make_each_post_once(site, named):
    names = [str(i) for i in range(250)]

    def drafts(number: int) -> list[Draft]:
        return [
            draft(
                f"{name} {number}",
                external_id=name,
                author_id=f"a{name}" if named else None,
                name=str(number),
            )
            for name in (names if number % 2 else names[::-1])
        ]

    given = [drafts(number) for number in range(8)]
    at_once(lambda mine: posts.submit(site=site, drafts=mine), given)
    assert Post.objects.count() == 250
    assert Author.objects.count() == (250 if named else 0)
    # Eight different texts: one first revision and seven edits, none lost.
    assert set(Post.objects.values_list("revision", flat=True)) == {8}
    assert PostRevision.objects.count() == 8 * 250


@pytest.mark.django_db(transaction=True)
def test_batches_store_posts_in_one_order_so_that_none_waits_in_a_circle(site, eventually):
    failures: list[BaseException] = []

    def submit_beside() -> None:
        try:
            posts.submit(site=site, drafts=[draft(external_id=name) for name in ("c", "a", "b")])
        except BaseException as error:
            failures.append(error)
        finally:
            connection.close()

    def somebody_waits() -> bool:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            return bool(cursor.fetchone()[0])

    thread = threading.Thread(target=submit_beside)
    with transaction.atomic():
        posts.submit(site=site, drafts=[draft(external_id="b")])
        thread.start()
        eventually(somebody_waits, what="waiting for b")
        # The other has stored a, and c comes after b.
        posts.submit(site=site, drafts=[draft(external_id="c")])
    thread.join(timeout=60)
    assert failures == []
    assert Post.objects.count() == 3
