"""The statement that goes with a block, and the signed address where its author can appeal.

Whoever has the address may appeal against that one decision, without logging in, until the day
that it carries. It is made from the decision and the policy that it was made under alone, so it
is the same whenever it is asked for, and what was promised holds when the policy changes.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.core import signing

from moderation import guidelines
from moderation.deciding.block_statement import ACTION, Statement, state
from moderation.models import Decision, Policy
from moderation.types import FeedbackLabel, Ground, Outcome, Source, StatementsFor

ROUTE: Final = "appeal/"
SALT: Final = "winnow.appeal"
TOKEN_LENGTH: Final = 200


def statement_of(decision: Decision, policy: Policy) -> Statement | None:
    """Return what the author may be told of the decision; None if there is nothing to tell."""
    return state(
        outcome=Outcome(decision.outcome),
        source=Source(decision.source),
        by=Ground(decision.by) if decision.by else None,
        label=FeedbackLabel(decision.label) if decision.label else None,
        codes=[str(reason.get("code", "")) for reason in decision.reasons],
        wanted=StatementsFor(policy.statements),
    )


def deadline_of(decision: Decision, policy: Policy) -> datetime | None:
    """Return until when the decision may be appealed against; None if the site allows none."""
    if not policy.appeal_days:
        return None
    return decision.created_at + timedelta(days=policy.appeal_days)


def show_statement(decision: Decision, policy: Policy) -> dict[str, Any] | None:
    """Return the statement as API and events carry it.

    A block that was confirmed on appeal names no further one.
    """
    statement = statement_of(decision, policy)
    if statement is None:
        return None
    until = None if statement.confirmed else deadline_of(decision, policy)
    return {
        "action": ACTION,
        "category": statement.category.value,
        "automated": statement.automated,
        "text": statement.text(until, rule_of(decision, policy)),
        "guidelines": guidelines_of(policy),
        "appeal": None
        if until is None
        else {
            "url": address_of(decision.pk, until),
            "until": until.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        },
    }


def guidelines_of(policy: Policy) -> str | None:
    """Return the address of the guidelines that a decision was made under, if they are public."""
    if policy.guidelines_id is None or not policy.guidelines_public:
        return None
    return guidelines.address_of(policy.guidelines_id)


def rule_of(decision: Decision, policy: Policy) -> str:
    """Return the sentence about the rule that a person named, where authors can read the rules."""
    if guidelines_of(policy) is None:
        return ""
    named = [r["sentence"] for r in decision.reasons if r.get("code") == guidelines.RULE]
    return str(named[0]) if named else ""


def address_of(decision_id: int, until: datetime) -> str:
    """Return the page's address; without WINNOW_PUBLIC_URL, from the root of this service."""
    return f"{settings.WINNOW_PUBLIC_URL}{path_of(decision_id, until)}"


def path_of(decision_id: int, until: datetime) -> str:
    """Return the page's address from the root of this service."""
    token = signing.Signer(salt=SALT).sign_object([decision_id, int(until.timestamp())])
    return f"/{ROUTE}{token}"


def read(token: str, *, now: datetime) -> tuple[int, bool] | None:
    """Return the decision that a token was made for, and whether its time has passed.

    None if it was not made here.
    """
    if len(token) > TOKEN_LENGTH:
        return None
    try:
        decision_id, until = signing.Signer(salt=SALT).unsign_object(token)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return int(decision_id), now.timestamp() > until
