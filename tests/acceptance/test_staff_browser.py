"""An operator in a real browser: two-step login, and every page with attacks in every field.

Nothing runs, and no page asks for what its Content-Security-Policy forbids.
"""

from base64 import b32decode

import pytest

from tests.acceptance.browser import DESK, IN_BROWSER, PHONE, assert_fits, keep

pytestmark = IN_BROWSER


@pytest.mark.parametrize(
    ("device", "scheme"), [(DESK, "light"), (PHONE, "dark")], ids=["desk", "phone"]
)
def test_two_step_login_is_set_up_and_asked_for(open_page, site, device, scheme):
    import time

    from django_otp.oath import hotp
    from playwright.sync_api import expect

    page = open_page(device, scheme)
    page.get_by_role("link", name="Account").click()
    assert_fits(page)
    page.get_by_role("link", name="Set up two-step login").click()
    assert_fits(page)
    keep(page, f"enrol-{scheme}")
    box = page.locator("svg.qr").bounding_box()
    assert box["width"] > 150, "big enough for a camera"
    key = b32decode(page.locator(".secret").inner_text().replace(" ", ""))

    def code(steps: int = 0) -> str:
        return f"{hotp(key, int(time.time() // 30) + steps):06d}"

    page.get_by_label("Code that the app shows").fill(code())
    page.get_by_label("Your password").fill("winnowed grain")
    page.get_by_role("button", name="Turn on").click()
    expect(page.locator(".codes li")).to_have_count(10)
    assert_fits(page)
    keep(page, f"codes-{scheme}")
    recovery = page.locator(".codes li").first.inner_text()
    page.get_by_role("link", name="I have kept them").click()
    page.get_by_role("button", name="Log out").click()
    page.get_by_label("Username").fill("mara")
    page.get_by_label("Password").fill("winnowed grain")
    page.get_by_role("button", name="Log in").click()
    page.get_by_label("Code").fill(recovery)
    keep(page, f"code-{scheme}")
    assert_fits(page)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/review/")


def test_nothing_runs_and_nothing_is_forbidden(open_page, site, as_owner, complaints):
    from django.contrib import admin
    from django.contrib.auth.models import User

    from reviews.models import Case
    from tests.integration.console.hostile import poison
    from tests.integration.console.listed import address, make_history

    User.objects.filter(username="mara").update(is_superuser=True, is_staff=True)
    make_history(site, 1)
    page = open_page(DESK)
    poison(as_owner)
    page.on("dialog", lambda dialog: complaints.append(dialog.message))
    paths = ["/review/", f"/review/cases/{Case.objects.get().pk}/", "/review/account/", "/admin/"]
    for model in admin.site._registry:
        row = model._default_manager.first()
        paths.append(address(model))
        if row is not None:
            paths.append(address(model, "change", row.pk))
    for path in [*paths, "/api/docs"]:
        answer = page.goto(path, wait_until="load")
        assert answer.status == 200, path
        assert page.evaluate("typeof window.__hit") == "undefined", path
        assert complaints == [], path
