"""A campaign that the machine is sure of, in a real browser: all copies from the first."""

from datetime import timedelta

import pytest

from tests.acceptance.browser import DESK, IN_BROWSER, PHONE, assert_fits, keep, ordinary_case

pytestmark = IN_BROWSER


@pytest.mark.parametrize("device", [DESK, PHONE])
def test_the_first_copy_leads_to_all(open_page, site, complaints, device):
    from reviews.models import Verdict

    sure = {"decision": {"would_be": "block"}, "post": {"fingerprint": b"b" * 32}}
    copies = [ordinary_case(site, opened=timedelta(minutes=30 - n), **sure) for n in range(4)]
    page = open_page(device)
    page.get_by_role("button", name="Next case").click()
    page.get_by_role("heading", name=f"Case {copies[0].pk}").wait_for()
    page.wait_for_load_state("networkidle")
    page.get_by_text("4 posts say the same").wait_for()
    page.keyboard.press("a")
    page.get_by_role("heading", name="One answer for all").wait_for()
    keep(page, f"campaign-{'phone' if device is PHONE else 'desk'}")
    page.keyboard.press("s")
    page.get_by_text("4 posts were decided.").wait_for()
    assert_fits(page)
    assert set(Verdict.objects.values_list("case", flat=True)) == {one.pk for one in copies}


def test_the_counts_follow_what_is_ticked(open_page, site):
    from playwright.sync_api import expect

    from tests.integration.console.factory import decide, make_post
    from tests.integration.world import make_moderator

    kim = make_moderator(site, username="kim")
    case = ordinary_case(site)
    said = make_post(site, author=case.post.author)
    decide(said, outcome="block", source="moderator", user=kim)
    page = open_page(DESK)
    page.goto(f"/review/cases/{case.pk}/all?about=author")
    honest = page.get_by_role("group", name="The answer for all").get_by_role(
        "button", name="Not spam"
    )
    expect(honest).to_have_accessible_name("Not spam for 1 N")
    page.get_by_label("Also overturn the 1").check()
    expect(honest).to_have_accessible_name("Not spam for 2 N")
    assert_fits(page)
    page.keyboard.press("n")
    expect(page.get_by_text("2 posts were decided.")).to_be_visible()
