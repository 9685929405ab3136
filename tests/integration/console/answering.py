"""Answers that a browser sends."""

from typing import Any

from django.test import Client

from reviews.console.case.standing import decision_token
from reviews.models import Case


def post_answer(browser: Client, case: Case, kind: str, **more: Any) -> Any:
    case.refresh_from_db()
    fields = {"kind": kind, "seen": decision_token(case, case.decision_id), **more}
    return browser.post(f"/review/cases/{case.pk}/verdict", fields, follow=True)
