"""What the page on quality says, and to whom."""

from collections.abc import Sequence
from datetime import timedelta

from django.contrib.auth.models import User
from django.utils import timezone

from moderation.models import Decision, Site
from moderation.types import Outcome
from reviews.measuring import quality
from reviews.models import Appeal, Case, Look, Membership, Verdict
from reviews.states import Lane, LookKind, VerdictKind
from tests.integration.console.factory import decide, make_post
from tests.integration.console.page import read
from tests.integration.world import browser_of, make_moderator, make_site

YESTERDAY = timezone.now().replace(hour=0, minute=0, second=0) - timedelta(hours=3)


def verdict_row(case: Case, user: User, kind: str, now: object = YESTERDAY) -> Verdict:
    return Verdict.objects.create(
        case=case, round=0, user=user, kind=kind, seen=case.decision, created_at=now
    )


def looked(
    site: Site, first: User, second: User, said: Sequence[tuple[str, str]], **more: object
) -> None:
    for one, other in said:
        post = make_post(site)
        values = {"post": post, "site": site, "revision": 1, "decision": decide(post)}
        times = {"opened_at": YESTERDAY, "closed_at": YESTERDAY, "state": "judged", "priority": 0}
        case = Case.objects.create(**values, **times, lane=Lane.HELD)
        again = Case.objects.create(**values, **times, lane=Lane.LOOK, meant_for=[second.pk])
        fields = {"kind": LookKind.SECOND, "why": "sample", "probability": 0.5, **more}
        Look.objects.create(
            site=site,
            verdict=verdict_row(case, first, one),
            case=again,
            answer=verdict_row(again, second, other),
            due_at=YESTERDAY,
            created_at=YESTERDAY,
            **fields,
        )


def appealed(site: Site, user: User, overturned: bool) -> None:
    post = make_post(site)
    machine = decide(post)
    blocked = decide(post, outcome=Outcome.BLOCK, source="moderator", user=user)
    case = Case.objects.create(
        post=post, site=site, revision=1, decision=blocked, lane=Lane.APPEAL, priority=0,
        opened_at=YESTERDAY, closed_at=YESTERDAY, state="judged",
    )  # fmt: skip
    ended: Decision = decide(post, outcome=Outcome.ALLOW if overturned else Outcome.BLOCK,
                             published=overturned, source="moderator", user=user)  # fmt: skip
    Appeal.objects.create(
        post=post, site=site, revision=1, decision=blocked, case=case, via="api", answer=ended,
        state="overturned" if overturned else "upheld", created_at=YESTERDAY,
        resolved_at=YESTERDAY,
    )  # fmt: skip
    assert machine.pk < blocked.pk


SAID = [("spam", "spam")] * 12 + [("not_spam", "not_spam")] * 10 + [("spam", "not_spam")] * 3


def test_all_of_what_was_counted_is_said_as_all_of_it(site, mara, browser):
    owner = make_moderator(site, username="olga")
    looked(site, owner, mara, [("spam", "spam")] * 17, kind=LookKind.GOLD)
    words = read(browser.get("/review/quality/")).words
    assert "Known cases answered alike" in words
    assert "100 % 17 of 17 95 %: " in words and "to >99 %" in words


def test_figures_go_to_whose_they_are_and_together_to_who_leads(site, mara, browser):
    robin, kim = make_moderator(site, username="robin"), make_moderator(site, username="kim")
    owner = make_moderator(username="olga")
    Membership.objects.create(user=owner, site=site, role="owner")
    looked(site, mara, robin, SAID)
    for who in (mara, robin, kim):
        looked(site, owner, who, [("spam", "spam")] * 4 + [("spam", "remove")], kind=LookKind.GOLD)
        for overturned in (True, False, False):
            appealed(site, who, overturned)

    own = read(browser.get("/review/quality/")).words
    # By hand: 22 of 25 alike; by chance (15 * 12 + 10 * 13) / 625 = 0.496.
    assert "Agreement with others" in own
    assert f"{(0.88 - 0.496) / (1 - 0.496):.2f} 25 posts" in own
    assert "80 % 4 of 5 95 %: 28 % to >99 %" in own
    assert "3 of 5 cases" in own, "three appeals are too few"
    assert "all together" not in own

    client = browser_of(owner)
    lead = read(client.get("/review/quality/")).words
    assert "looked at twice; " not in lead, "two people's answers are their own"
    looked(site, mara, kim, [("spam", "not_spam")])
    lead = read(client.get("/review/quality/")).words
    assert "all together 26 answers looked at twice; 4 differed" in lead
    assert "Promises counts fewer of these" in lead
    pooled = lead[lead.index("all together") :]
    assert "80 % 12 of 15" in pooled
    assert "33 % 3 of 9" in pooled
    for name in ("mara", "robin", "kim"):
        assert name not in lead
    file = client.get("/review/quality/", {"as": "csv"}).content.decode()
    rows = [row.split(",") for row in file.splitlines()]
    assert rows[0] == ["site", "measure", "value", "low", "high", "of", "missing"]
    assert {row[5] for row in rows[1:]} >= {"15", "9"}
    assert all(name not in file for name in ("mara", "robin", "kim"))
    nobody_leads = browser.get("/review/quality/", {"as": "csv"}).content.decode()
    assert nobody_leads.splitlines() == [",".join(rows[0])]
    assert "Agreement with others" in lead
    assert "0 of 20 posts judged twice" in lead, "the owner's own, and nobody else's"


def test_today_and_what_was_taken_back_are_left_out(site, mara):
    robin = make_moderator(site)
    looked(site, mara, robin, SAID)
    first, second = Look.objects.all()[:2]
    for verdict in (first.verdict, second.answer):
        assert verdict is not None
        Verdict.objects.create(
            case=verdict.case, round=0, user=verdict.user, kind=VerdictKind.UNDO,
            undoes=verdict, seen=verdict.seen, created_at=YESTERDAY,
        )  # fmt: skip
    agreement = quality.of_person(mara)[0].agreement
    assert agreement is not None
    assert agreement.posts == 23
    before = quality.of_person(mara, now=YESTERDAY)[0]
    assert (before.agreement, before.missing) == (None, "0 of 20 posts judged twice")


def test_few_people_are_not_pooled_and_own_looks_are_apart(site, mara):
    robin = make_moderator(site)
    looked(site, robin, mara, [("spam", "spam")] * 6, kind=LookKind.GOLD)
    looked(site, mara, mara, SAID, own=True)
    assert quality.of_sites([site])[0].figures[1].missing == "1 of 3 people with such cases"
    assert quality.of_sites([site])[0].looked == 0
    others, own = quality.of_person(mara)[:2]
    assert others.missing
    assert own.agreement is not None
    assert own.agreement.posts == 25
    looked(site, mara, robin, SAID)
    two = quality.of_sites([site])[0]
    assert two.figures[0].missing == "2 of 3 people with such posts"
    assert (two.looked, two.disputed) == (None, None)
    looked(site, mara, make_moderator(site, username="kim"), SAID)
    assert quality.of_sites([site])[0].figures[0].agreement is not None


def test_an_auditor_sees_what_is_pooled_and_no_site_of_others(site):
    make_site("Elsewhere")
    auditor = make_moderator(username="ada")
    Membership.objects.create(user=auditor, site=site, role="auditor")
    client = browser_of(auditor)
    page = read(client.get("/review/quality/"))
    assert "all together" in page.words
    assert "Your own" not in page.words
    assert "Elsewhere" not in page.words
