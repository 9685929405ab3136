"""Audits, second looks, known cases and disputed ones cannot be told from ordinary cases."""

import re
from datetime import timedelta

from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from moderation.models import Author, PostRevision
from reviews.console.case.standing import decision_token
from reviews.labels import looks
from reviews.models import Case, Likeness, Membership
from reviews.roles import Role
from reviews.search import indexing
from reviews.states import Lane, VerdictKind
from tests.integration.console.factory import decide, make_case
from tests.integration.console.page import read
from tests.integration.console.plain.answers import LATE, WORDS, judge
from tests.integration.world import make_moderator

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
        given = {"kind": "spam", "seen": decision_token(case, case.decision_id)}
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
        before = decision_token(case, case.decision_id)
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
        given = {"kind": "spam", "seen": decision_token(case, case.decision_id + 1_000_000)}
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


def test_they_are_counted_as_they_stand(browser, cases):
    words = read(browser.get("/review/")).words
    waiting = Case.objects.filter(state="open").count()
    assert f"{waiting} cases wait" in words
    assert f"Held back {waiting}" in words
    assert "look" not in words.lower()
