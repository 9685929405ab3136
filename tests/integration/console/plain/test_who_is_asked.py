"""Who is asked about a plain case, and who sees it whole."""

from django.contrib.auth.models import User
from django.test import Client

from reviews.console.case.standing import decision_token
from reviews.labels import looks
from reviews.models import Case, Look, Membership, Verdict
from reviews.queue import claiming
from reviews.roles import Role
from reviews.states import Lane
from tests.integration.console.factory import make_case
from tests.integration.console.page import read
from tests.integration.console.plain.answers import BLOCKED
from tests.integration.world import answer, make_moderator


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
    given = {"kind": "spam", "seen": decision_token(seen, seen.decision_id)}
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
