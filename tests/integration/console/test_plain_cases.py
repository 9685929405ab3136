"""Audits, second looks, known cases and disputed ones cannot be told from ordinary cases."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from moderation.access import create_key
from moderation.models import Author, Feedback, Post, PostRevision, Site
from reviews.console.case.standing import shown as seen_on
from reviews.labels import asking, looks
from reviews.models import Appeal, Case, Likeness, Look, LookPlan, Membership, Verdict
from reviews.queue import claiming
from reviews.queue.intake import new_case
from reviews.roles import Role
from reviews.search import indexing
from reviews.states import Lane, VerdictKind
from tests.integration.console.factory import decide, make_case
from tests.integration.console.page import read
from tests.integration.world import answer, make_moderator

WORDS: dict[str, Any] = {"text": "the same words", "title": "One title"}
BLOCKED = {"outcome": "block", "would_be": "block", "probability": 0.97}


LATE = looks.PAUSE + timedelta(seconds=1)


def judge(case: Case, user: User, kind: VerdictKind, ago: timedelta = timedelta(0)) -> Verdict:
    case.refresh_from_db()
    return answer(case, user, kind, now=timezone.now() - ago)


def open_looks() -> None:
    looks.open_due(now=timezone.now() + timedelta(hours=1))


@pytest.fixture
def cases(site: Site, mara: User, monkeypatch: pytest.MonkeyPatch) -> dict[str, Case]:
    """One case of each kind for Mara, about the same words by the same author."""
    robin, kim = (make_moderator(site, username=name) for name in ("robin", "kim"))
    plan = LookPlan.objects.create(site=site, second_share=1.0, spam_share=1.0, gold_share=0.0)
    author = Author.objects.create(site=site, external_id="a", name="Ann")
    more = {**WORDS, "author": author}

    def looked_at(kind: VerdictKind) -> Case:
        judge(make_case(site, opened=timedelta(days=3), **more), robin, kind)
        open_looks()
        case = Look.objects.latest("pk").case
        assert case is not None
        return case

    second = looked_at(VerdictKind.SPAM)
    judge(looked_at(VerdictKind.SPAM), kim, VerdictKind.NOT_SPAM)
    dispute = Look.objects.latest("pk").dispute
    assert dispute is not None
    agreed = looked_at(VerdictKind.NOT_SPAM)
    judge(agreed, kim, VerdictKind.NOT_SPAM)
    LookPlan.objects.filter(pk=plan.pk).update(second_share=0.0, gold_share=1.0)
    judge(make_case(site, **more), mara, VerdictKind.SPAM)
    open_looks()
    gold = Look.objects.get(kind="gold").case
    assert gold is not None
    LookPlan.objects.filter(pk=plan.pk).update(gold_share=0.0)
    audit = make_case(site, lane=Lane.AUDIT, decision=BLOCKED, **more)
    ordinary = make_case(site, lane=Lane.HELD, **more)
    found = {
        "ordinary": ordinary, "second": second, "dispute": dispute, "gold": gold, "audit": audit,
    }  # fmt: skip
    other = make_case(site, text="secret4711 nearby")
    key, _ = create_key(site=site, name="forum")
    for case in found.values():
        Likeness.objects.create(post=case.post, other=other.post, similarity=0.9)
        Feedback.objects.create(
            post=case.post, revision=1, label="spam", actor_id="secret4711", actor_role="member",
            api_key=key, created_at=timezone.now(),
        )  # fmt: skip
    monkeypatch.setattr(looks, "lot_of", lambda case: 0.0 if case.pk == ordinary.pk else 1.0)
    return found


OWN = (
    r'value="[A-Za-z0-9]{64}"',
    r'(?<=name="seen" value=")[0-9a-f]{32}(?=")',
    r"(?<=/review/verdicts/)\d+",
    r"(?<=/review/cases/)\d+",
    r"(?<=note-\d-)\d+|(?<=note-\d\d-)\d+|(?<=note-\d{3}-)\d+",
    r"(?<=Case )\d+|(?<=case )\d+",
)
"""What is a case's own on its page: the tokens of its forms, its number and its answer's."""


OF_ONE_ANSWER = ("X-Request-ID", "Expires", "Content-Length")


def shape(html: str) -> str:
    """The page without what is a case's own, and without whether it was answered last.

    Every other number stays: a date, an age or the id of anything else might tell.
    """
    html = html.replace(' data-key="u"', "").replace(" <kbd>U</kbd>", "")
    for own in OWN:
        html = re.sub(own, "", html)
    return html


def test_neither_ids_nor_dates_tell_when_a_post_came_in(browser, site):
    registered = timezone.now() - timedelta(days=21)
    case = make_case(
        site, lane=Lane.AUDIT, permalink="https://forum.example/2026/t-7412",
        registered_at=registered, post={"external_id": "comment-7413"},
    )  # fmt: skip
    Author.objects.filter(pk=case.post.author_id).update(created_at=case.post.created_at)
    page = read(browser.get(f"/review/cases/{case.pk}/"))
    assert "First seen with this post" in page.words
    assert "Registered 3 weeks before this post" in page.words
    assert "7412" not in page.text and "7413" not in page.text


def test_what_is_remembered_tells_no_answer_that_is_asked_for_again(browser, site, monkeypatch):
    author = Author.objects.create(site=site, external_id="a", name="Ann")
    robin = make_moderator(site, username="robin")
    first, second = (
        make_case(site, author=author, post={"ip": "203.0.113.7"}, **WORDS) for _ in range(2)
    )
    monkeypatch.setattr(looks, "throw", lambda: 0.0)
    judge(first, robin, VerdictKind.NOT_SPAM)
    page = f"/review/cases/{second.pk}/"

    def told(client: Client) -> tuple[bool, bool]:
        words = read(client.get(page)).words
        return "1 other post: 0 blocked, 1 allowed" in words, "Earlier verdicts" in words

    robins = Client()
    robins.force_login(robin)
    assert told(browser) == (False, False)
    assert told(robins) == (True, True)


def test_their_pages_are_the_same_before_and_after_the_answer(browser, cases):
    def shown(*, queries: bool) -> dict[str, str]:
        pages = {}
        for name, case in cases.items():
            with CaptureQueriesContext(connection) as asked:
                answer = browser.get(f"/review/cases/{case.pk}/")
            assert answer.status_code == 200, name
            headers = {**answer.headers, **dict.fromkeys(OF_ONE_ANSWER, "")}
            pages[name] = f"{headers}\n{shape(answer.content.decode())}"
            if queries:
                pages[name] += "\n".join(re.sub(r"\d+|'[^']*'", "", q["sql"]) for q in asked)
        return pages

    browser.get("/review/")
    before = shown(queries=True)
    assert set(before.values()) == {before["ordinary"]}
    page = read(browser.get(f"/review/cases/{cases['second'].pk}/"))
    assert "Judge by the post alone" in page.words
    assert "the same words" in page.words
    for hidden in ("97 %", "62 %", "shortener", "secret4711", "robin", "kim", "Earlier verdicts"):
        assert hidden not in page.words, hidden

    answers = {}
    for name, case in cases.items():
        case.refresh_from_db()
        given = {"kind": "spam", "seen": seen_on(case, case.decision_id)}
        answers[name] = browser.post(f"/review/cases/{case.pk}/verdict", given)
        assert answers[name].status_code == 302, name
        browser.get("/review/account/")  # takes the message away
        Case.objects.filter(holder__isnull=False).update(holder=None, lease_until=None)
    after = shown(queries=False)
    assert set(after.values()) == {after["ordinary"]}
    rows = re.findall(r"<li>.*?</li>", browser.get("/review/").content.decode(), re.DOTALL)
    # When each was answered is one's own to know.
    mine = [re.sub(r"\d+", "0", shape(row)) for row in rows if "the same words" in row]
    mine = mine[: len(cases)]
    assert len(set(mine)) == 1, "each with its way back"
    assert "Undo" in mine[0]


def test_no_page_tells_which_decision_it_shows(browser, cases, mara):
    # A second look is a new case about an old decision: the order of the two would tell it.
    told, numbers = set(), set()
    for name, case in cases.items():
        page = read(browser.get(f"/review/cases/{case.pk}/"))
        [field] = page.all("input", name="seen")
        assert re.fullmatch("[0-9a-f]{32}", str(field["value"])), name
        values = [str(other.get("value")) for other in page.all("input")]
        numbers.add(tuple(value for value in values if value.isdecimal()))
        told.add(field["value"])
    assert len(told) == len(cases)
    assert len(numbers) == 1, "of the person, say; none is a case's"
    ahead = set()
    for case in cases.values():
        held, following = (cases["second"], case) if case != cases["second"] else (case, None)
        Case.objects.filter(state="open").update(holder=None, lease_until=None)
        soon = timezone.now() + timedelta(minutes=4)
        Case.objects.filter(pk=held.pk).update(holder=mara, lease_until=soon)
        if following is not None:
            less = soon - timedelta(minutes=2)
            Case.objects.filter(pk=following.pk).update(holder=mara, lease_until=less)
        answer = browser.post(f"/review/cases/{held.pk}/ahead").json()
        ahead.add(re.sub("[0-9a-f]{32}", "-", answer["shows"]))
    assert ahead == {"-"}


def test_a_token_tells_neither_by_staying_nor_by_its_parts(browser, cases, mara):
    for name, case in cases.items():
        before = seen_on(case, case.decision_id)
        given = judge(case, mara, VerdictKind.SPAM)
        browser.post(f"/review/verdicts/{given.pk}/undo")
        case.refresh_from_db()
        [field] = read(browser.get(f"/review/cases/{case.pk}/")).all("input", name="seen")
        assert field["value"] != before, name
        late = browser.post(f"/review/cases/{case.pk}/verdict", {"kind": "spam", "seen": before})
        assert late.status_code == 409, name
        # What stands on one case's page says nothing on another's.
        other = next(one for one in cases.values() if one != case)
        mixed = browser.post(
            f"/review/cases/{other.pk}/verdict", {"kind": "spam", "seen": str(field["value"])}
        )
        assert mixed.status_code == 409, name
        Case.objects.filter(holder__isnull=False).update(holder=None, lease_until=None)


def test_their_pages_are_the_same_to_who_escalated_them(browser, cases, mara):
    pages = set()
    for case in cases.values():
        judge(case, mara, VerdictKind.ESCALATE)
        pages.add(shape(browser.get(f"/review/cases/{case.pk}/").content.decode()))
    [page] = pages
    assert "Escalated" in page


def test_a_late_answer_tells_nothing_either(browser, cases):
    refused = []
    for case in cases.values():
        given = {"kind": "spam", "seen": seen_on(case, case.decision_id + 1_000_000)}
        answer = browser.post(f"/review/cases/{case.pk}/verdict", given)
        assert answer.status_code == 409
        refused.append(read(answer).words)
    told = {re.sub(r"\d+", "0", words) for words in refused}
    assert len(told) == 1
    [words] = told
    assert "The post was decided meanwhile" in words
    for hidden in ("Decision in force", "robin", "kim", "machine", "blocked", "allowed"):
        assert hidden not in words, hidden


def test_an_undo_that_comes_too_late_does_not_say_who_decided(browser, cases, mara):
    given = judge(cases["ordinary"], mara, VerdictKind.SPAM)
    kim = User.objects.get(username="kim")
    decide(cases["ordinary"].post, source="moderator", user=kim)
    answer = browser.post(f"/review/verdicts/{given.pk}/undo")
    assert answer.status_code == 409
    words = read(answer).words
    assert "decided anew" in words
    assert "kim" not in words


def test_no_search_tells_them_while_they_wait(browser, cases, site, mara):
    for name, case in cases.items():
        PostRevision.objects.filter(post=case.post).update(text=f"needle {name}word")
    other = make_case(site, text="needle otherword", author=cases["audit"].post.author)
    for case in cases.values():
        Likeness.objects.create(post=other.post, other=case.post, similarity=0.99)
    indexing.follow(seconds=60)
    asked: list[dict[str, str]] = [{}, {"author": "a"}]
    asked += [{"state": state} for state in ("allow", "review", "block")]
    asked += [{"by": "people"}, {"score_from": "1"}, {"until": f"{timezone.now():%Y-%m-%d}"}]
    for name, case in cases.items():
        for more in asked:
            found = read(browser.get("/review/search", {"q": f"{name}word", **more})).words
            assert "Nothing found" in found, (name, more)
        assert browser.get(f"/review/posts/{case.post_id}/").status_code == 404
        for about in ("author", "alike"):
            page = browser.get(f"/review/cases/{other.pk}/all?about={about}")
            assert f"{name}word" not in read(page).words
        beside = Case.objects.filter(post=case.post).exclude(state="open")
        for earlier in beside:
            answer = browser.get(f"/review/cases/{earlier.pk}/")
            told = "judge blind are hidden from you" in read(answer).words
            assert (answer.status_code, told) == (404, True)
        assert browser.get(f"/review/cases/{case.pk}/").status_code == 200
    assert Case.objects.filter(post=cases["second"].post).count() == 2
    assert "otherword" in read(browser.get("/review/search", {"q": "otherword"})).words
    beside = read(browser.get(f"/review/cases/{other.pk}/")).words
    assert "Posts like this one" not in beside

    # An auditor, who judges nothing, sees all. Who answered finds none of them, ever: its age,
    # what became of it and another case about it would tell which of them were looks.
    auditor = Client()
    auditor.force_login(make_moderator(site, username="ada"))
    Membership.objects.filter(user__username="ada").update(role=Role.AUDITOR)
    for name, case in cases.items():
        page = read(auditor.get("/review/search", {"q": f"{name}word"}))
        assert "Newest first" in page.words
        judge(case, mara, VerdictKind.SPAM, LATE)
        page = read(browser.get("/review/search", {"q": f"{name}word"}))
        assert "Nothing found" in page.words and "judged by the post alone" in page.words
        assert browser.get(f"/review/posts/{case.post_id}/").status_code == 404
        for earlier in Case.objects.filter(post=case.post).exclude(pk=case.pk):
            assert browser.get(f"/review/cases/{earlier.pk}/").status_code == 404
        assert browser.get(f"/review/cases/{case.pk}/").status_code == 200
    assert "Posts like this one" not in read(browser.get(f"/review/cases/{other.pk}/")).words


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
    given = {"kind": "spam", "seen": seen_on(case, case.decision_id + 1_000_000)}
    late = read(browser.post(f"/review/cases/{case.pk}/verdict", given)).words
    assert "decided meanwhile" in late and "robin" not in late
    look = Look.objects.get()
    if look.case is None:
        asking.end([look], "Nobody looked in time.", timezone.now())
    else:
        judge(look.case, mara, VerdictKind.SPAM, LATE)
    assert all(words in shown(mara) for words in told)


def test_an_auditor_is_shown_everything(site, cases, mara):
    auditor = Client()
    ada = make_moderator(site, username="ada")
    auditor.force_login(ada)
    Membership.objects.filter(user=ada).update(role=Role.AUDITOR)
    measures = {
        "ordinary": "An ordinary case that is judged by the post alone, by lot.",
        "second": "A second look at the answer to case",
        "dispute": "It decides where two differed.",
        "gold": "A known case, by the answer to case",
        "audit": "An audit, drawn with a chance of",
    }
    for name, case in cases.items():
        words = read(auditor.get(f"/review/cases/{case.pk}/")).words
        assert measures[name] in words, name
        assert "What the machine thinks" in words and "Said on the site" in words, name
        assert "secret4711" in words and "Judge by the post alone" not in words, name
        assert ("robin" in words) == (name not in ("ordinary", "audit")), name
    first = Look.objects.filter(kind="second").earliest("pk").verdict.case_id
    assert (
        "A second look at its answer: drawn from all answers (case"
        in read(auditor.get(f"/review/cases/{first}/")).words
    )
    Membership.objects.filter(user=ada).update(role=Role.OWNER)
    words = read(auditor.get(f"/review/cases/{cases['audit'].pk}/")).words
    assert "Judge by the post alone" in words and "An audit" not in words


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
    for name in ("ordinary", "audit"):
        given = judge(cases[name], mara, VerdictKind.SPAM)
        assert "Take it back" not in read(leads.get(f"/review/cases/{cases[name].pk}/")).words
        answer = leads.post(f"/review/verdicts/{given.pk}/undo")
        assert answer.status_code == 409, name
        assert "only whoever gave the answer" in read(answer).words
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


def test_they_are_counted_as_they_stand(browser, cases):
    words = read(browser.get("/review/")).words
    waiting = Case.objects.filter(state="open").count()
    assert f"{waiting} cases wait" in words
    assert f"Held back {waiting}" in words
    assert "look" not in words.lower()


def test_a_look_is_there_for_those_who_are_to_look(site, cases):
    robin = Client()
    robin.force_login(User.objects.get(username="robin"))
    mine = robin.get(f"/review/cases/{cases['second'].pk}/")
    none = robin.get("/review/cases/999999/")
    assert (mine.status_code, read(mine).words) == (404, read(none).words)


def test_the_lot_falls_on_a_share_of_ordinary_cases_and_stays(site, monkeypatch):
    monkeypatch.undo()
    case = make_case(site)
    share = looks.plan_of(case).plain_share
    drawn = [looks.lot_of(Case(pk=pk)) < share for pk in range(1, 2001)]
    assert 0.16 < sum(drawn) / 2000 < 0.24
    few = [looks.is_plain(Case(pk=pk, site=site, lane=Lane.HELD)) for pk in range(1, 21)]
    assert few == drawn[:20]
    assert looks.lot_of(case) == looks.lot_of(Case.objects.get())
    assert not looks.is_plain(Case(pk=1, site=site, lane=Lane.APPEAL))


def test_who_saw_a_case_whole_as_an_auditor_is_not_asked_about_it(site, mara):
    ada, auditor = make_moderator(site, username="ada"), Client()
    auditor.force_login(ada)
    Membership.objects.filter(user=ada).update(role=Role.AUDITOR)
    seen, unseen = (make_case(site, lane=Lane.AUDIT, decision=BLOCKED) for _ in range(2))
    page = f"/review/cases/{seen.pk}/"
    assert "An audit" in read(auditor.get(page)).words
    Membership.objects.filter(user=ada).update(role=Role.MODERATOR)
    auditor.get(f"/review/cases/{unseen.pk}/")
    assert claiming.claim_next(user=ada) == unseen
    words = read(auditor.get(page)).words
    assert "You were shown all of this case as an auditor: a colleague judges it." in words
    assert "Judge by the post alone" in words
    given = {"kind": "spam", "seen": seen_on(seen, seen.decision_id)}
    assert auditor.post(f"{page}verdict", given).status_code == 409
    assert not Verdict.objects.exists()
    answer(unseen, ada, now=None)
    assert claiming.claim_next(user=ada) is None
    assert "Nothing waits for you" in read(auditor.get("/review/")).words
    assert claiming.claim_next(user=mara) == seen
    claiming.release(case=seen, user=mara)
    # Where nobody else is left, somebody has to.
    User.objects.filter(pk=mara.pk).update(is_active=False)
    assert claiming.claim_next(user=ada) == seen
    answer(seen, ada, now=None)
