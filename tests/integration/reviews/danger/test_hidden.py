"""A dangerous or illegal post: gone for all but named people, kept as it is, and back again."""

import json
import re
from datetime import timedelta

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone

from moderation.access import create_key
from moderation.models import Author, Post, PostRevision, Site
from moderation.types import Outcome
from reviews.console.case.case_page import case_page, find_case
from reviews.console.case.standing import decision_token
from reviews.evidence import comparing, similar
from reviews.exceptions import NotPermitted
from reviews.judging import danger, hidden_cases
from reviews.judging.undoing import undo
from reviews.labels import export, looks
from reviews.labels.labelling import effective
from reviews.models import (
    Case,
    Embedding,
    Label,
    Likeness,
    Look,
    LookPlan,
    Membership,
    PageView,
    Retention,
    Verdict,
)
from reviews.queue import claiming
from reviews.queue.intake import follow_decisions
from reviews.states import VerdictKind
from tests.integration.reviews.world import CANARY, edit, forget, make_case
from tests.integration.world import NOW, answer, browser_of, decide, make_moderator

DANGER = VerdictKind.DANGER


def test_danger_is_said_again_where_nobody_heard_that_it_was_stored(
    open_case, moderator, colleague
):
    case = open_case()
    seen = {"kind": "danger", "seen": decision_token(case, case.decision_id)}
    address = f"/review/cases/{case.pk}/verdict"
    for _ in range(2):
        assert browser_of(moderator).post(address, seen)["Location"] == "/review/hidden/"
    assert Verdict.objects.count() == 1
    assert browser_of(colleague).post(address, seen).status_code == 404


def test_nobody_but_who_was_named_meets_it_anywhere(
    site, open_case, moderator, named, tmp_path, settings
):
    settings.WINNOW_DANGER_CONTACTS = ["The duty officer: 0100"]
    case, other = open_case(text=f"{CANARY} words"), open_case(text="something else")
    _key, token = create_key(site=site, name="k")
    Likeness.objects.create(post=other.post, other=case.post, similarity=0.9)
    Embedding.objects.create(
        post=case.post, site=site, revision=1, encoder="e", vector=b"", created_at=NOW
    )
    Label.objects.create(
        post=case.post, site=site, revision=1, label="spam", source="historical", created_at=NOW
    )
    client, boss = browser_of(moderator), browser_of(User.objects.create_superuser("root"))
    seen = {"kind": "danger", "seen": decision_token(case, case.decision_id), "note": CANARY}
    arrived = client.post(f"/review/cases/{case.pk}/verdict", seen, follow=True)
    page = arrived.content.decode()
    assert "The duty officer: 0100" in page
    assert "Undo" in page
    assert CANARY not in page

    post = Post.objects.get(pk=case.post_id)
    assert (post.outcome, post.decision.published) == ("block", False)
    for who in (client, boss):
        said = who.get(f"/review/cases/{case.pk}/")
        assert said.status_code == 404
        assert ("You hid this post" in said.content.decode()) == (who is client)
        assert who.post(f"/review/hidden/{post.pk}/words").status_code == 404
        assert who.post(f"/review/hidden/{post.pk}/show").status_code == 404
        for address in ("/review/", "/review/hidden/", f"/review/cases/{other.pk}/"):
            assert CANARY not in who.get(address).content.decode(), address
    for model in ("post", "decision", "author", "event"):
        assert CANARY not in boss.get(f"/admin/moderation/{model}/").content.decode()
    for model in ("case", "verdict", "label"):
        assert CANARY not in boss.get(f"/admin/reviews/{model}/").content.decode()
    assert boss.get(f"/admin/moderation/post/{post.pk}/change/").status_code == 302
    api = Client().get(f"/api/v1/posts/{post.pk}", headers={"authorization": f"Bearer {token}"})
    assert (api.status_code, api.json()["outcome"], api.json()["content"]["text"]) == (
        200, "block", "",
    )  # fmt: skip
    assert CANARY not in json.dumps(api.json())
    assert similar.alike(other.post) == []
    assert not Embedding.objects.exists()
    assert not Likeness.objects.exists()
    file = tmp_path / "labels.jsonl"
    assert export.write_file(effective(Site.objects.all()), file).labels == 0
    assert file.read_text() == ""

    reader = browser_of(named)
    listed = reader.get("/review/hidden/").content.decode()
    assert f"case {case.pk}" in listed
    assert CANARY not in listed
    assert CANARY not in reader.get(f"/review/cases/{case.pk}/").content.decode()
    assert reader.get(f"/review/hidden/{post.pk}/words").status_code == 405, (
        "nothing asks by itself"
    )
    assert f"{CANARY} words" in reader.post(f"/review/hidden/{post.pk}/words").content.decode()


def test_who_was_named_is_shown_all_that_is_preserved_and_only_when_they_ask(
    site, old_post, moderator, named
):
    post = old_post(3)
    Post.objects.filter(pk=post.pk).update(ip="192.0.2.7")
    decide(post)
    follow_decisions(post_ids=[post.pk], now=NOW)
    answer(Case.objects.get(post=post, state="open"), moderator, DANGER)
    edit(post, "harmless now")
    decide(post)
    follow_decisions(post_ids=[post.pk], now=NOW)
    case, reader = Case.objects.get(post=post, state="open"), browser_of(named)
    for address in ("all", "all?about=ip", ""):
        page = reader.get(f"/review/cases/{case.pk}/{address}").content.decode()
        assert CANARY not in page and "192.0.2.7" not in page, address
    listing = {"about": "author", "says": "deny"}
    assert reader.post(f"/review/cases/{case.pk}/list", listing).status_code == 409
    assert not PageView.objects.filter(page="console:hidden-words").exists()
    page = reader.post(f"/review/hidden/{post.pk}/words").content.decode()
    first, second = page.index("harmless now"), page.index(f"{CANARY} text")
    assert first < page.index("found dangerous or illegal") < second
    for kept in (f"{CANARY}@mail.example", "192.0.2.7", f"{CANARY}-"):
        assert kept in page
    seen = PageView.objects.get(page="console:hidden-words")
    assert (seen.user, seen.subject) == (named, str(post.pk))


def test_it_outlives_retention_and_the_database_keeps_it(
    site, old_post, moderator, named, as_owner
):
    post, ordinary = old_post(140), old_post(130)
    with transaction.atomic():
        danger.hide(post=post, user=moderator, verdict=None, now=timezone.now())
    forget(site, words_days=5, facts_days=120)
    post.refresh_from_db()
    assert (post.pruned_at, post.external_id is not None) == (None, True)
    assert CANARY in post.revisions.get().text
    assert not Post.objects.filter(pk=ordinary.pk).exists()
    for statement in (
        "UPDATE moderation_postrevision SET text = ''",
        "DELETE FROM moderation_postrevision",
        "UPDATE moderation_post SET author_id = NULL",
        "UPDATE moderation_post SET pruned_at = now()",
        "DELETE FROM moderation_post",
    ):
        with (
            as_owner(),
            pytest.raises(IntegrityError, match="preserved"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)
    Retention.objects.update(facts_days=None, words_to=post.pk)
    danger.lift(post_id=post.pk, user=named)
    answer(Case.objects.get(post=post, state="open"), named, VerdictKind.NOT_SPAM)
    forget(site, words_days=5)
    post.refresh_from_db()
    assert post.pruned_at is not None
    forget(site, words_days=5, facts_days=120)
    assert not Post.objects.filter(pk=post.pk).exists()


def test_what_an_author_wrote_is_counted_without_what_is_hidden(site, open_case, moderator):
    author, hidden, case = Author.objects.create(site=site), open_case(), open_case()
    Post.objects.update(author=author)

    def posts() -> str:
        found = find_case(user=moderator, case_id=case.pk)
        assert found is not None
        return case_page(case=found, user=moderator, now=NOW).beside.author_posts

    assert posts() == "2"
    answer(hidden, moderator, DANGER)
    assert posts() == "1"


def test_hidden_posts_are_listed_a_page_at_a_time(site, open_case, moderator, named, monkeypatch):
    monkeypatch.setattr("reviews.console.hidden.LISTED", 2)
    hidden = [answer(open_case(), moderator, DANGER).case_id for _ in range(3)]
    danger.lift(post_id=Case.objects.get(pk=hidden[2]).post_id, user=named)
    danger.hide_again(post_id=Case.objects.get(pk=hidden[2]).post_id, user=named)
    client = browser_of(named)
    page = client.get("/review/hidden/").content.decode()
    older = re.search(r"\?before=\d+", page)
    assert older and page.count("Read its words") == 2
    page = client.get(f"/review/hidden/{older[0]}").content.decode()
    assert page.count("Read its words") == 1 and f"case {hidden[0]} " in page
    assert "Older" not in page


def test_new_words_of_a_hidden_post_go_to_named_people_alone(site, open_case, moderator, named):
    case = open_case()
    answer(case, moderator, DANGER)
    post = Post.objects.get(pk=case.post_id)
    edit(post)
    decide(post, Outcome.REVIEW)
    follow_decisions(post_ids=[post.pk], now=NOW)
    fresh = Case.objects.get(post=post, state="open")
    assert fresh.meant_for == [named.pk]
    assert claiming.claim_next(user=moderator, now=NOW) is None
    later = make_moderator(site)
    Membership.objects.filter(user=named).update(sees_hidden=False)
    Membership.objects.filter(user=later).update(sees_hidden=True)
    assert hidden_cases.readdress() == 1
    assert claiming.claim_next(user=named, now=NOW) is None
    assert claiming.claim_next(user=later, now=NOW) == fresh


def test_found_in_a_second_look_it_is_hidden_at_once(site, open_case, moderator, colleague):
    LookPlan.objects.create(site=site, second_share=1.0)
    first = answer(open_case(), moderator, VerdictKind.NOT_SPAM)
    looks.open_due(now=NOW + timedelta(hours=1))
    look = Look.objects.get()
    assert look.case is not None
    given = answer(look.case, colleague, DANGER)
    post = Post.objects.get(pk=look.case.post_id)
    assert (post.outcome, post.hidden_at, given.decision) == ("block", NOW, None)
    look.refresh_from_db()
    assert look.dispute is None
    undo(verdict_id=given.pk, user=colleague, now=NOW)
    post.refresh_from_db()
    assert (post.outcome, post.hidden_at, post.decision.label) == ("allow", None, "ham")
    assert first.kind == "not_spam"


def test_it_is_no_known_case_and_nobody_looks_again(site, open_case, moderator, colleague):
    LookPlan.objects.create(site=site, second_share=1.0)
    case = open_case()
    answer(case, moderator, DANGER)
    assert not Look.objects.exists()
    known = answer(open_case(), moderator, VerdictKind.SPAM)
    looks.open_due(now=NOW + timedelta(hours=1))
    look = Look.objects.get(verdict=known)
    assert look.case is not None
    answer(look.case, colleague, VerdictKind.SPAM)
    newcomer = make_moderator(site)
    assert looks.agreed(site.pk, besides=newcomer.pk) == [known.pk]
    with transaction.atomic():
        danger.hide(post=Post.objects.get(pk=known.case.post_id), user=moderator, verdict=None,
                    now=NOW)  # fmt: skip
    assert looks.agreed(site.pk, besides=newcomer.pk) == []


def test_hidden_posts_are_not_compared(open_case, moderator):
    case = open_case()
    Case.objects.filter(pk=case.pk).update(compared=False)
    answer(case, moderator, DANGER)
    case.refresh_from_db()
    case.post.refresh_from_db()

    class Refuses:
        def unread(self, texts: list[str], languages: list[str]) -> np.ndarray:
            return np.zeros(len(texts))

        def embed(self, texts: list[str]) -> list[object]:
            assert texts == []
            return []

    assert comparing._read([case], Refuses()) == []
    assert PostRevision.objects.get(post=case.post).text


def test_another_sites_named_people_see_nothing(site, other_site, moderator):
    case = make_case(site)
    answer(case, moderator, DANGER)
    stranger = make_moderator(other_site)
    Membership.objects.filter(user=stranger).update(sees_hidden=True)
    with pytest.raises(NotPermitted):
        danger.lift(post_id=case.post_id, user=stranger)
    client = browser_of(stranger)
    assert str(case.post_id) not in client.get("/review/hidden/").content.decode()
    assert client.post(f"/review/hidden/{case.post_id}/words").status_code == 404
