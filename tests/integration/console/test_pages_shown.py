"""Every page with people's data leaves a row about who was shown it, which cannot be altered."""

import pytest
from django.db import ProgrammingError, transaction
from django.test import Client

from moderation.models import DataRead
from reviews.console.case.standing import decision_token
from reviews.models import Membership, PageView
from tests.integration.console.factory import make_case
from tests.integration.world import browser_of, make_moderator, make_site


def rows() -> list[tuple[str, str, bool]]:
    found = PageView.objects.order_by("pk").values_list("page", "subject", "sent")
    return list(found)


def test_a_day_in_the_console_is_written_down(browser, site, mara):
    case = make_case(site)
    browser.get("/review/")
    browser.post("/review/next")
    browser.get(f"/review/cases/{case.pk}/", headers={"x-request-id": "order-7731-a"})
    browser.post(f"/review/cases/{case.pk}/renew")
    seen = {"kind": "spam", "seen": decision_token(case, case.decision_id)}
    browser.post(f"/review/cases/{case.pk}/verdict", seen)
    browser.post(f"/review/verdicts/{case.verdicts.get().pk}/undo")
    pk = str(case.pk)
    assert rows() == [
        ("console:home", "", False),
        ("console:next", "", True),
        ("console:case", pk, False),
        ("console:verdict", pk, True),
        ("console:undo", str(case.verdicts.earliest("pk").pk), True),
    ]
    opened = PageView.objects.get(page="console:case")
    assert (opened.user, opened.site, opened.request_id) == (mara, site, "order-7731-a")


def test_a_page_fetched_beforehand_is_no_view_until_it_is_shown(browser, site, mara):
    first, second = make_case(site), make_case(site)
    browser.post("/review/next")
    browser.post(f"/review/cases/{first.pk}/ahead")
    browser.get(f"/review/cases/{second.pk}/", headers={"X-Ahead": "1"})
    assert rows()[1:] == [("console:case ahead", str(second.pk), False)]
    ahead = f"/review/cases/{second.pk}/ {decision_token(second, second.decision_id)}"
    browser.post(
        f"/review/cases/{first.pk}/verdict",
        {"kind": "spam", "seen": decision_token(first, first.decision_id)},
        headers={"X-Shown-Ahead": ahead},
    )
    assert rows()[2:] == [
        ("console:verdict", str(first.pk), True),
        ("console:case", str(second.pk), False),
    ]


def test_what_was_refused_showed_nothing(browser):
    foreign = make_case(make_site())
    assert browser.get(f"/review/cases/{foreign.pk}/").status_code == 404
    assert Client().get("/review/").status_code == 302
    assert rows() == []


def test_the_admin_is_watched_too_with_what_was_searched_for(operator, site):
    post = make_case(site).post
    operator.get("/admin/moderation/post/", {"q": "author-7"})
    operator.get(f"/admin/moderation/post/{post.pk}/change/")
    assert PageView.objects.latest("pk").site == site
    assert rows() == [
        ("admin:moderation_post_changelist", "", False),
        ("admin:moderation_post_change", str(post.pk), False),
    ]
    assert PageView.objects.earliest("pk").asked == "q=author-7"


def test_a_form_that_comes_back_showed_its_page_and_a_list_those_of_each_site(browser, site, mara):
    case = make_case(site)
    refused = browser.post(f"/review/cases/{case.pk}/verdict", {"kind": "nonsense"})
    assert refused.status_code == 400
    assert rows() == [("console:verdict", str(case.pk), True)]
    second = make_site()
    Membership.objects.create(user=mara, site=second, role="moderator")
    browser.get("/review/search", {"q": "garden", "of": "held"})
    found = PageView.objects.filter(page="console:search").order_by("site")
    assert list(found.values_list("site", "asked")) == [
        *((pk, "") for pk in sorted([site.pk, second.pk])),
        (None, "q=garden&of=held"),
    ], "what was searched for may be of either site"
    browser.get("/review/search", {"z": "y" * 600, "author": "a-1", "site": second.pk})
    last = PageView.objects.latest("pk")
    assert last.site == second and last.asked.startswith(f"author=a-1&site={second.pk}&z=yyy")


def test_rows_cannot_be_changed_and_an_auditor_reads_those_of_the_site(browser, site):
    case = make_case(site)
    browser.get(f"/review/cases/{case.pk}/")
    for change in (PageView.objects.all().delete, lambda: PageView.objects.update(page="x")):
        with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
            change()
    auditor = make_moderator(username="ada")
    Membership.objects.create(user=auditor, site=site, role="auditor")
    client = browser_of(auditor)
    page = client.get("/admin/reviews/pageview/").content.decode()
    assert "console:case" in page
    Membership.objects.update(site=make_site())
    assert "console:case" not in client.get("/admin/reviews/pageview/").content.decode()


def test_the_pages_of_operators_are_watched_too(operator):
    assert operator.get("/review/system/").status_code == 200
    assert rows() == [("console:system", "", False)]


def test_an_auditor_finds_what_was_read_of_a_post(site):
    post, foreign = make_case(site).post, make_case(make_site()).post
    for each in (post, foreign):
        DataRead.objects.create(
            site=each.site, kind="post", post=each.pk, count=1, account=f"who-{each.pk}",
            day=each.created_at.date(), created_at=each.created_at,
        )  # fmt: skip
    auditor = make_moderator(username="ada")
    Membership.objects.create(user=auditor, site=site, role="auditor")
    client = browser_of(auditor)
    for asked in ({}, {"q": str(post.pk)}):
        page = client.get("/admin/moderation/dataread/", asked).content.decode()
        assert f"who-{post.pk}" in page and f"who-{foreign.pk}" not in page


def test_what_no_row_can_hold_is_shown_and_written_down_all_the_same(browser, site, mara):
    assert browser.get("/review/answers/?before=%00").status_code == 200
    assert browser.get("/review/search?q=cheap%00watches").status_code < 500
    assert PageView.objects.filter(asked__contains="\N{REPLACEMENT CHARACTER}").exists()
