import json
from datetime import timedelta

import pytest
from django.db import connection

from moderation import claims, sites
from moderation.deciding import guardrails
from moderation.models import Certificate, Decision, Event, ListEntry, Post
from moderation.submitting import posts
from moderation.types import EventKind, Ground, Outcome
from tests.integration.moderation.world import GTUBE, HAM, NOW, SPAM, draft, make_certificate
from tests.integration.world import at_once

HOUR = timedelta(hours=1)


@pytest.fixture
def capped(site, model_says):
    """A site that lets the machine block three posts an hour."""
    sites.change_policy(site=site, blocks_per_hour=3)
    model_says({HAM: 0.05}, otherwise=0.97)
    return site


def counts() -> dict[str, int]:
    rows = Decision.objects.values_list("outcome", "capped")
    return {"blocked": sum(o == "block" for o, _ in rows), "held": sum(c for _, c in rows)}


def test_the_overflow_of_a_batch_is_held(capped, decide):
    submitted = posts.submit(site=capped, drafts=[draft(SPAM)] * 5, now=NOW)
    decide()
    by_post = {row.post_id: row for row in Decision.objects.all()}
    decided = [by_post[post.pk] for post in submitted]
    assert [row.outcome for row in decided] == ["block"] * 3 + ["review"] * 2
    held = decided[4]
    assert (held.published, held.capped, held.would_be) == (False, True, Outcome.BLOCK)
    assert held.by == Ground.MODEL
    assert "3 automatic blocks an hour" in held.reasons[0]["sentence"]
    assert Post.objects.get(pk=held.post_id).hold_until is not None


def test_the_cap_covers_the_last_hour(capped, submit, decide):
    for minutes in (0, 10, 20, 30):
        submit(SPAM, at=NOW + timedelta(minutes=minutes))
        decide(at=NOW + timedelta(minutes=minutes))
    assert counts() == {"blocked": 3, "held": 1}
    submit(SPAM, at=NOW + HOUR)
    decide(at=NOW + HOUR)
    assert counts() == {"blocked": 4, "held": 1}


def test_reaching_it_is_told_once_an_hour(capped, submit, decide):
    for minutes in range(0, 90, 5):
        submit(SPAM, at=NOW + timedelta(minutes=minutes))
        decide(at=NOW + timedelta(minutes=minutes))
    told = Event.objects.filter(kind=EventKind.BLOCK_CAP_REACHED)
    assert [event.created_at - NOW for event in told.order_by("id")] == [
        *(timedelta(minutes=15), timedelta(minutes=75)),
    ]
    assert told[0].payload == {"blocks_per_hour": 3}


def test_only_what_the_machine_thought_out_counts(capped, submit, decide):
    ListEntry.objects.create(site=capped, kind="author", value="bad", verdict="deny")
    for _ in range(5):
        submit(GTUBE)
        submit(HAM, honeypot="x")
        submit(HAM, author_id="bad")
    decide()
    assert counts() == {"blocked": 15, "held": 0}
    posts.submit(site=capped, drafts=[draft(SPAM)] * 4, now=NOW)
    decide()
    assert counts() == {"blocked": 18, "held": 1}


def test_one_sites_cap_is_not_anothers(capped, decide):
    shop = sites.create_site(name="Shop", mode="provisional")
    for site in (capped, shop):
        posts.submit(site=site, drafts=[draft(SPAM)] * 5, now=NOW)
    decide()
    assert counts() == {"blocked": 3 + 5, "held": 2}


def test_a_cap_of_zero_lets_the_machine_block_nothing(capped, submit, decide):
    sites.change_policy(site=capped, blocks_per_hour=0)
    submit(SPAM)
    assert decide()[0].capped


@pytest.mark.django_db(transaction=True)
def test_workers_do_not_each_count_up_to_the_cap(capped):
    sites.change_policy(site=capped, blocks_per_hour=100)
    posts.submit(site=capped, drafts=[draft(SPAM)] * 320)

    at_once(lambda _: claims.drain(seconds=30), range(4))
    assert counts() == {"blocked": 100, "held": 220}
    assert Event.objects.filter(kind=EventKind.BLOCK_CAP_REACHED).count() == 1


@pytest.fixture
def promised(site, model_says):
    """A site whose model blocks by certificate."""
    sites.change_policy(site=site, mode="certified", block_from=0.9)
    model_says({HAM: 0.05}, otherwise=0.97)
    make_certificate(site, expires_at=NOW + timedelta(days=30), watched_at=NOW)
    return site


def outcomes() -> list[str]:
    return list(Decision.objects.order_by("id").values_list("outcome", flat=True))


def test_of_one_author_a_certificate_lets_the_model_block_one_post_a_week(promised, submit, decide):
    for _ in range(3):
        submit(SPAM, author_id="much")
        submit(SPAM)
    submit(HAM, author_id="much")
    decide()
    assert sorted(outcomes()) == ["allow"] + ["block"] * 4 + ["review"] * 2
    held = Decision.objects.filter(outcome="review").first()
    assert (held.by, held.would_be, held.capped) == (Ground.MODEL, Outcome.BLOCK, False)
    assert "by itself the model blocks an author once in 7 days" in (held.reasons[0]["sentence"])
    for hours, outcome in ((6 * 24, "review"), (7 * 24 + 1, "block"), (7 * 24 + 2, "review")):
        at = NOW + hours * HOUR
        Certificate.objects.update(watched_at=at)
        submit(SPAM, author_id="much", at=at)
        assert decide(at=at)[0].outcome == outcome


def test_an_authors_blocked_post_that_is_edited_waits_for_a_person(promised, submit, decide):
    submit(SPAM, author_id="much", external_id="1")
    decide()
    submit(SPAM + " again", author_id="much", external_id="1", at=NOW + HOUR)
    decide(at=NOW + HOUR)
    assert outcomes() == ["block", "review"]
    assert not Post.objects.get().decision.published


def test_a_block_counts_when_it_was_made_however_much_the_author_sent_since(
    promised, submit, decide
):
    """Of a post of long ago that was edited; the site's cap of blocks an hour is not reached."""
    submit(HAM, author_id="much", external_id="old", at=NOW - timedelta(days=60))
    sent = [draft(HAM, author_id="much")] * 500
    posts.submit(site=promised, drafts=sent, now=NOW - timedelta(days=30))
    Post.objects.update(status="withdrawn")
    submit(SPAM, author_id="much", external_id="old")
    assert decide()[0].outcome == "block"
    submit(SPAM, author_id="much", at=NOW + HOUR)
    assert decide(at=NOW + HOUR)[0].outcome == "review"


def test_whom_the_model_blocked_is_read_from_its_blocks_and_not_from_all_that_authors_sent(
    promised, submit, decide
):
    sent = [draft(HAM, author_id=f"much {n % 5}") for n in range(1_000)]
    posts.submit(site=promised, drafts=sent, now=NOW)
    Post.objects.update(status="withdrawn")
    submit(SPAM, author_id="much 1")
    decide()
    blocked = Post.objects.latest("pk").author_id
    authors = list(Post.objects.order_by().values_list("author", flat=True).distinct())
    asked = [[promised.pk], NOW - timedelta(days=7), authors]
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE moderation_decision, moderation_post")
        cursor.execute(guardrails.BLOCKED_LATELY, asked)
        assert cursor.fetchall() == [(blocked,)]
        # Where blocks are thought to be many, authors' posts look like the shorter way.
        cursor.execute("SET LOCAL enable_nestloop = off")
        cursor.execute(f"EXPLAIN (FORMAT JSON) {guardrails.BLOCKED_LATELY}", asked)
        (((plan,),),) = cursor.fetchall()
    told = json.dumps(plan)
    assert "post_author_newest" not in told
    assert "post_author_by_id" not in told
    assert told.count('"Relation Name": "moderation_post"') == 1
    assert "Hash Join" not in told


def test_what_the_cap_holds_is_none_of_an_authors_blocks(promised, submit, decide):
    sites.change_policy(site=promised, blocks_per_hour=0)
    for _ in range(2):
        submit(SPAM, author_id="much")
    decide()
    assert [row.reasons[0]["code"] for row in Decision.objects.all()] == ["cap.reached"] * 2


def test_what_is_held_of_an_author_takes_nothing_from_the_cap(promised, submit, decide):
    sites.change_policy(site=promised, blocks_per_hour=2)
    for author in ("much", "much", "other", "third"):
        submit(SPAM, author_id=author)
    decide()
    reasons = [row.reasons[0]["code"] for row in Decision.objects.order_by("post")]
    assert outcomes().count("block") == 2
    assert reasons.count("author.again") == reasons.count("cap.reached") == 1


def test_what_lists_block_is_none_of_an_authors_blocks(promised, submit, decide):
    ListEntry.objects.create(site=promised, kind="author", value="much", verdict="deny")
    submit(SPAM, author_id="much")
    submit(SPAM, author_id="much")
    decide()
    ListEntry.objects.all().delete()
    submit(SPAM, author_id="much", at=NOW + HOUR)
    decide(at=NOW + HOUR)
    assert outcomes() == ["block"] * 3
