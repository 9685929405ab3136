"""Every page of the console and the admin, with attacks in every field of every row."""

from django.contrib import admin

from tests.integration.console.hostile import ATTACK, poison
from tests.integration.console.listed import address, make_history
from tests.integration.console.page import read


def test_no_page_lets_words_out_of_their_place(operator, site, as_owner):
    from reviews.models import Case

    make_history(site, 1)
    fields = poison(as_owner)
    assert len(fields) > 40, sorted(fields)
    pages = [
        "/review/",
        "/review/account/",
        "/review/models/",
        f"/review/cases/{Case.objects.get().pk}/",
        f"/review/posts/{Case.objects.get().post_id}/",
        "/admin/",
    ]
    for model in admin.site._registry:
        row = model._default_manager.first()
        pages.append(address(model))
        if row is not None:
            pages.append(address(model, "change", row.pk))
            pages.append(address(model, "history", row.pk))
    seen = 0
    for url in pages:
        answer = operator.get(url, follow=True)
        assert answer.status_code == 200, url
        page = read(answer)
        assert not page.all("img", src="x"), url
        assert not [a for a in page.all("a") if str(a.get("href")).startswith("javascript")], url
        assert not [name for name, attrs in page.elements if "onload" in attrs], url
        html = answer.content.decode()
        assert "<script>__hit" not in html and "<svg/onload" not in html, url
        assert "\x1b" not in answer.headers.get("Content-Disposition", "")
        seen += ATTACK[:28] in page.text
        assert "no-store" in answer["Cache-Control"], url
        for name in ("Content-Security-Policy", "Permissions-Policy", "X-Frame-Options"):
            assert name in answer, url
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
        assert answer["Referrer-Policy"] == "same-origin"
        assert ("unsafe-" in answer["Content-Security-Policy"]) is url.startswith("/admin/"), url
    assert seen > 15, "the attack is shown, as text"
