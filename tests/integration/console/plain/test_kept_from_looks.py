"""What else is known of a post is shown to who judges it only once their answer stands."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from moderation.models import Post, PostRevision
from reviews.console.case.standing import decision_token
from reviews.labels import asking, looks
from reviews.models import Appeal, Case, Likeness, Look, LookPlan, Membership
from reviews.queue.intake import new_case
from reviews.roles import Role
from reviews.search import indexing
from reviews.states import Lane, VerdictKind
from tests.integration.console.factory import decide, make_case
from tests.integration.console.page import read
from tests.integration.console.plain.answers import LATE, judge, open_looks
from tests.integration.world import make_moderator


def test_a_second_look_of_ones_own_does_not_show_the_first_answer(browser, site, mara):
    LookPlan.objects.create(site=site, second_share=1.0, gold_share=0.0)
    case = make_case(site, text="said before")
    judge(case, mara, VerdictKind.SPAM)
    assert "said before" in read(browser.get("/review/")).words
    looks.open_due(now=timezone.now() + timedelta(hours=25))
    look = Look.objects.get()
    assert look.own and look.case is not None
    assert "said before" not in read(browser.get("/review/")).words
    assert browser.get(f"/review/cases/{case.pk}/").status_code == 404
    assert browser.get(f"/review/cases/{look.case.pk}/").status_code == 200
    judge(look.case, mara, VerdictKind.SPAM)
    assert read(browser.get("/review/")).words.count("said before") == 2
    assert browser.get(f"/review/cases/{case.pk}/").status_code == 200


@pytest.mark.parametrize(
    ("lane", "due"),
    [(Lane.HELD, True), (Lane.HELD, False), (Lane.APPEAL, True)],
    ids=["due", "not yet due", "an appeal"],
)
def test_another_case_of_the_post_does_not_show_what_a_look_hides(browser, site, mara, lane, due):
    LookPlan.objects.create(site=site, second_share=1.0, gold_share=0.0)
    robin, kim = (make_moderator(site, username=name) for name in ("robin", "kim"))
    first = make_case(site)
    judge(first, robin, VerdictKind.SPAM)
    auditor = make_moderator(site, username="ada")
    Membership.objects.filter(user=auditor).update(role=Role.AUDITOR)
    if due:
        open_looks()
        Case.objects.filter(lane=Lane.LOOK).update(meant_for=[mara.pk])
    if lane is Lane.HELD:
        Post.objects.filter(pk=first.post_id).update(revision=2)
        PostRevision.objects.create(
            post=first.post, revision=2, text="new words", digest="-", created_at=timezone.now()
        )
    post = Post.objects.get(pk=first.post_id)
    blocked = post.decision
    assert blocked is not None
    case = new_case(post, blocked if lane is Lane.APPEAL else decide(post), lane, timezone.now())
    case.save()
    if lane is Lane.APPEAL:
        Appeal.objects.create(
            post=post, site=site, revision=1, decision=blocked, case=case, via="api",
            words="I sell nothing", created_at=timezone.now(),
        )  # fmt: skip

    def shown(user: User) -> str:
        client = Client()
        client.force_login(user)
        return read(client.get(f"/review/cases/{case.pk}/")).words

    told = ["robin", "Other decisions on this post", "Earlier verdicts 1 spam", "Everything by"]
    told += ["Against the block by a moderator"] if lane is Lane.APPEAL else ["Answers so far"]
    for words in told:
        assert words in shown(auditor) or words == "Everything by", words
        assert (words in shown(kim)) == due, words
        assert words not in shown(mara), words
    assert ("I sell nothing" in shown(mara)) == (lane is Lane.APPEAL)
    browser.force_login(mara)
    assert browser.get(f"/review/cases/{case.pk}/all?about=author").status_code == 409
    listed = browser.post(f"/review/cases/{case.pk}/list", {"about": "author", "says": "deny"})
    assert listed.status_code == 409
    given = {"kind": "spam", "seen": decision_token(case, case.decision_id + 1_000_000)}
    late = read(browser.post(f"/review/cases/{case.pk}/verdict", given)).words
    assert "decided meanwhile" in late and "robin" not in late
    look = Look.objects.get()
    if look.case is None:
        asking.end([look], "Nobody looked in time.", timezone.now())
    else:
        judge(look.case, mara, VerdictKind.SPAM, LATE)
    assert all(words in shown(mara) for words in told)


def test_the_case_of_an_edited_post_does_not_show_what_its_audit_hides(browser, site, mara):
    post = make_case(site, lane=Lane.AUDIT).post
    Post.objects.filter(pk=post.pk).update(revision=2)
    PostRevision.objects.create(
        post=post, revision=2, text="new words", digest="-", created_at=timezone.now()
    )
    post.refresh_from_db()
    case = new_case(post, decide(post), Lane.HELD, timezone.now())
    case.save()
    auditor = make_moderator(site, username="ada")
    Membership.objects.filter(user=auditor).update(role=Role.AUDITOR)
    told = []
    for user in (auditor, mara):
        browser.force_login(user)
        told.append(read(browser.get(f"/review/cases/{case.pk}/")).words)
    assert "Other decisions on this post" in told[0]
    assert "Other decisions on this post" not in told[1]


def test_an_answer_stands_from_when_anything_else_of_the_post_is_shown(browser, cases, mara):
    refused = set()
    for name, case in cases.items():
        given = judge(case, mara, VerdictKind.SPAM, LATE)
        shown = read(browser.get(f"/review/cases/{case.pk}/"))
        assert "Answered by mara" in shown.words, name
        assert "Take it back" not in shown.words, name
        answer = browser.post(f"/review/verdicts/{given.pk}/undo")
        assert answer.status_code == 409, name
        refused.add(read(answer).words)
    assert len(refused) == 1
    assert "can be taken back for ten minutes" in refused.pop()
    rows = re.findall(r"<li>.*?</li>", browser.get("/review/").content.decode(), re.DOTALL)
    mine = [row for row in rows for case in cases.values() if f"/cases/{case.pk}/" in row]
    assert len(mine) == len(cases)
    assert not any("Undo" in row for row in mine)


@pytest.mark.parametrize("ago", [timedelta(0), LATE])
def test_until_then_nothing_else_of_it_is_shown(browser, cases, mara, site, ago):
    author = cases["second"].post.author
    Post.objects.filter(author=author).update(ip="203.0.113.7")
    other = make_case(site, text="otherword", author=author, post={"ip": "203.0.113.7"})
    for case in cases.values():
        Likeness.objects.create(post=other.post, other=case.post, similarity=0.99)
    indexing.follow(seconds=60)

    def counted() -> list[object]:
        page = read(browser.get(f"/review/cases/{other.pk}/")).words
        every = read(browser.get(f"/review/cases/{other.pk}/all?about=author")).words
        return [re.findall(r"\d+ other posts?", page), re.findall(r"(\d+) posts? ", every)]

    def found() -> list[object]:
        page = read(browser.get(f"/review/cases/{other.pk}/")).words
        asked = ({}, {"score_from": "80", "score_to": "98"}, {"by": "people"}, {"state": "block"})
        pages = [read(browser.get("/review/search", {"author": "a", **more})) for more in asked]
        return ["Posts like this one" in page, *(one.words.count("the same") for one in pages)]

    def listed() -> int:
        every = browser.get(f"/review/cases/{other.pk}/all?about=author")
        return read(every).words.count("the same words")

    waiting = (counted(), found(), listed())
    given = [judge(case, mara, VerdictKind.SPAM, ago) for case in cases.values()]
    assert found() == waiting[1]
    # How it stands would tell a second look, also once the pause is over.
    assert listed() == waiting[2]
    assert (counted() == waiting[0]) == (ago < looks.PAUSE)
    answers = [browser.post(f"/review/verdicts/{one.pk}/undo").status_code for one in given]
    assert set(answers) == ({302} if ago < looks.PAUSE else {409})


def test_only_who_answered_takes_it_back(browser, cases, mara, site):
    # A senior has seen what the machine made of it, and would be given the case.
    lead = make_moderator(site, username="lead")
    Membership.objects.filter(user=lead).update(role=Role.SENIOR)
    leads = Client()
    leads.force_login(lead)
    told = {"ordinary": "only whoever gave the answer", "audit": "There is no such verdict"}
    for name, said in told.items():
        given = judge(cases[name], mara, VerdictKind.SPAM)
        assert "Take it back" not in read(leads.get(f"/review/cases/{cases[name].pk}/")).words
        answer = leads.post(f"/review/verdicts/{given.pk}/undo")
        assert answer.status_code in (404, 409), name
        assert said in read(answer).words, "they may be asked about the audit themselves"
    shown = make_case(site)
    given = judge(shown, mara, VerdictKind.SPAM)
    assert leads.post(f"/review/verdicts/{given.pk}/undo").status_code == 302


def test_what_somebody_escalated_is_kept_from_them_while_it_waits(browser, cases, mara, site):
    lead = make_moderator(site, username="lead")
    Membership.objects.filter(user=lead).update(role=Role.SENIOR)
    case = cases["ordinary"]
    PostRevision.objects.filter(post=case.post).update(text="needle")
    indexing.follow(seconds=60)
    passed = judge(case, mara, VerdictKind.ESCALATE, LATE)
    case.refresh_from_db()
    assert case.meant_for == [lead.pk]
    for more in ({}, {"score_from": "1"}):
        found = read(browser.get("/review/search", {"q": "needle", **more})).words
        assert "Nothing found" in found
    assert browser.post(f"/review/verdicts/{passed.pk}/undo").status_code == 302
