"""The page where the author of a blocked post appeals: public, by signed address alone.

Who has the address need not be the author, so it tells what the statement of reasons tells and
nothing else: neither the post nor a name, and of the site no more than the guidelines that it
made public.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from axes.helpers import get_client_ip_address
from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_http_methods

from moderation.broker import limits
from moderation.deciding.appeal_links import (
    deadline_of,
    guidelines_of,
    path_of,
    read,
    rule_of,
    statement_of,
)
from moderation.models import Decision, Policy
from moderation.types import Outcome, Status
from reviews.exceptions import AlreadyAppealed, AppealRefused
from reviews.judging.appeals import WORDS_LENGTH, check_appealable, file
from reviews.models import Appeal
from reviews.states import AppealEnd, AppealState, AppealVia

PER_MINUTE: Final = {"address": 20, "decision": 30}
POLICY: Final = (
    "default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
NOT_VALID: Final = "This address is not valid, or the time to appeal has passed."
TOO_OFTEN: Final = "This was asked too often just now. Try again in a minute."
ANEW: Final = (
    "The post was blocked anew while you read this. Here is what was decided; if you still think "
    "that it is wrong, send your words again."
)
SAID: Final[dict[AppealState, tuple[str, str]]] = {
    AppealState.OPEN: (
        "Your appeal was received",
        "A person will look at the post again. Come back to this address to see what they say.",
    ),
    AppealState.UPHELD: (
        "The decision stands",
        "A person looked at the post again after your appeal, and it stays unpublished.",
    ),
    AppealState.OVERTURNED: (
        "Your appeal succeeded",
        "A person looked at the post again after your appeal, and allowed it.",
    ),
}
ENDED: Final[dict[AppealEnd, tuple[str, str]]] = {
    AppealEnd.WITHDRAWN: ("The appeal has ended", "The post was withdrawn."),
    AppealEnd.EDITED: (
        "The appeal has ended",
        "The post has other words now, which are judged by themselves.",
    ),
}


class AppealForm(forms.Form):
    words = forms.CharField(
        required=False,
        max_length=WORDS_LENGTH,
        label="Why do you think so?",
        widget=forms.Textarea(attrs={"rows": 6, "autocomplete": "off"}),
    )

    def __init__(self, data: forms.utils._DataT | None = None) -> None:
        if data is not None:
            # Browsers send line ends as two characters and count them as one.
            words = str(data.get("words", "")).replace("\r\n", "\n")
            data = {"words": words}
        super().__init__(data)


@dataclass(frozen=True, slots=True)
class Message:
    """What the page says of an appeal, or of why there can be none."""

    heading: str
    sentence: str
    told: bool = True
    """Whether what was said of the post stands below: no longer once it is not blocked."""


SHOWN: Final = Message("Your post is shown", "It is no longer blocked.", told=False)
ASKED: Final = Message(
    "Your post waits for a person",
    "It is no longer blocked, and not shown yet: a person looks at it first.",
    told=False,
)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@csrf_protect
def appeal(request: HttpRequest, token: str) -> HttpResponse:
    """Show the statement of reasons with the form, or what became of the appeal.

    Of a block that another one followed on the same words, lead to that one's page.
    """
    now = timezone.now()
    if wait := _wait(address=get_client_ip_address(request) or "unknown"):
        return _too_often(request, wait)
    decision_id, expired = read(token, now=now) or (0, True)
    rows = Decision.objects.select_related("policy", "post__decision__policy")
    decision = rows.filter(pk=decision_id).first()
    if decision is None or statement_of(decision, decision.policy) is None:
        return _nothing(request)
    message = _message(decision)
    if expired and message is None:
        return _nothing(request)
    if wait := _wait(decision=str(decision.pk)):
        return _too_often(request, wait)
    form, status, anew = AppealForm(), 200, _blocked_anew(decision, now)
    if request.method == "POST":
        form = AppealForm(request.POST)
        if anew and message is None:
            return _page(request, anew, form=form, at=_path_of(anew), note=ANEW, status=409)
        if form.is_valid():
            try:
                file(
                    post_id=decision.post_id,
                    via=AppealVia.LINK,
                    words=form.cleaned_data["words"],
                    decision_id=decision.pk,
                    now=now,
                )
            except (AlreadyAppealed, AppealRefused) as error:
                message = _message(decision) or _refused(decision, error.sentence)
                return _page(request, decision, message=message, status=409)
            return redirect(request.path)
        status = 400
    if message is None:
        if anew:
            return redirect(_path_of(anew))
        try:
            check_appealable(decision.post, decision.pk, now)
        except (AlreadyAppealed, AppealRefused) as error:
            message = _refused(decision, error.sentence)
    return _page(
        request,
        decision,
        message=message,
        form=None if message else form,
        anew=_path_of(anew) if message and anew else "",
        status=status,
    )


def _blocked_anew(decision: Decision, now: datetime) -> Decision | None:
    """Return the block of the same words that is in force in the place of this decision.

    Only one that its author is told of and may appeal against, or has.
    """
    present = decision.post.decision
    if present is None or present.pk == decision.pk or present.revision != decision.revision:
        return None
    if statement_of(present, present.policy) is None:
        return None
    if Appeal.objects.filter(decision=present).exists():
        return present
    try:
        return check_appealable(decision.post, None, now)
    except (AlreadyAppealed, AppealRefused):
        return None


def _path_of(decision: Decision) -> str:
    until = deadline_of(decision, decision.policy)
    assert until is not None  # noqa: S101 - for the type checker; it may be appealed against
    return path_of(decision.pk, until)


def _refused(decision: Decision, why: str) -> Message:
    post = decision.post
    present = post.decision
    if post.status == Status.DECIDED and present and present.outcome != Outcome.BLOCK:
        return SHOWN if present.published else ASKED
    return Message("An appeal is not possible", why)


def _message(decision: Decision) -> Message | None:
    found = Appeal.objects.filter(decision=decision).first()
    if found is None:
        return None
    if found.state == AppealState.CLOSED:
        return Message(*ENDED[AppealEnd(found.ended)], told=False)
    state = AppealState(found.state)
    return Message(*SAID[state], told=state != AppealState.OVERTURNED)


def _wait(**who: str) -> int:
    """Count one request for each; return the seconds to wait if it was one too many, else 0.

    Addresses are counted under a keyed hash.
    """
    for kind, value in who.items():
        hashed = salted_hmac("winnow.appeal.limit", value).hexdigest()[:24]
        quota = limits.spend(
            identity=f"appeal:{kind}:{hashed}", per_minute=PER_MINUTE[kind], cost=1
        )
        if not quota.allowed:
            return quota.retry_after
    return 0


def _too_often(request: HttpRequest, wait: int) -> HttpResponse:
    answer = _page(request, message=Message("Not just now", TOO_OFTEN), status=429)
    answer.headers["Retry-After"] = str(wait)
    return answer


def _nothing(request: HttpRequest) -> HttpResponse:
    return _page(request, message=Message("Nothing here", NOT_VALID), status=404)


def _page(
    request: HttpRequest,
    decision: Decision | None = None,
    *,
    message: Message | None = None,
    form: AppealForm | None = None,
    at: str = "",
    note: str = "",
    anew: str = "",
    status: int = 200,
) -> HttpResponse:
    """`at` is where the form is sent, if not to this page; `anew` the page of a later block."""
    context: dict[str, Any] = {
        "message": message, "form": form, "at": at, "note": note, "anew": anew,
    }  # fmt: skip
    if decision is not None and (message is None or message.told):
        context |= _told(decision, decision.policy, past=message is not None)
    answer = render(request, "appeal/page.html", context, status=status)
    answer.headers["Content-Security-Policy"] = POLICY
    answer.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    return answer


def _told(decision: Decision, policy: Policy, *, past: bool) -> dict[str, Any]:
    statement = statement_of(decision, policy)
    if statement is None:
        return {}
    rule = rule_of(decision, policy)
    return {
        "told": statement.reason(rule)
        if past
        else statement.text(deadline_of(decision, policy), rule),
        "said_at": decision.created_at,
        "guidelines": guidelines_of(policy) or "",
    }
