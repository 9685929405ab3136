"""Answers that a browser sends."""

from typing import Any

from django.test import Client

from reviews.console.case.standing import decision_token
from reviews.models import Case
from tests.integration.console.page import Page


def post_answer(browser: Client, case: Case, kind: str, **more: Any) -> Any:
    case.refresh_from_db()
    fields = {"kind": kind, "seen": decision_token(case, case.decision_id), **more}
    return browser.post(f"/review/cases/{case.pk}/verdict", fields, follow=True)


def post_form(browser: Client, url: str, page: Page, kind: str, **more: Any) -> Any:
    """The answer of this kind with all that the page's form holds hidden."""
    hidden = {
        str(field["name"]): field.get("value") or ""
        for field in page.all("input", type="hidden")
        if field.get("name") != "csrfmiddlewaretoken"
    }
    return browser.post(url, {**hidden, "kind": kind, **more}, follow=True)
