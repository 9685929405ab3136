"""The page where the author of a blocked post appeals: public, by signed address alone.

Who has the address need not be the author, so it tells what the statement of reasons tells and
nothing else: neither the post nor a name, and of the site no more than the guidelines that it
made public.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

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
from moderation.deciding.appeal_links import deadline_of, guidelines_of, read, rule_of, statement_of
from moderation.models import Decision
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
class Standing:
    """What the page says of an appeal, or of why there can be none."""

    heading: str
    sentence: str


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@csrf_protect
def appeal(request: HttpRequest, token: str) -> HttpResponse:
    """Show the statement of reasons with the form, or what became of the appeal."""
    now = timezone.now()
    if wait := _wait(address=get_client_ip_address(request) or "unknown"):
        return _too_often(request, wait)
    decision_id, expired = read(token, now=now) or (0, True)
    rows = Decision.objects.select_related("policy", "post__decision")
    decision = rows.filter(pk=decision_id).first()
    statement = statement_of(decision, decision.policy) if decision else None
    if decision is None or statement is None or (expired and _standing(decision) is None):
        return _page(request, standing=Standing("Nothing here", NOT_VALID), status=404)
    if wait := _wait(decision=str(decision.pk)):
        return _too_often(request, wait)
    form, status = AppealForm(), 200
    if request.method == "POST":
        form = AppealForm(request.POST)
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
                return _page(
                    request,
                    standing=_standing(decision) or Standing("Not possible", error.sentence),
                    status=409,
                )
            return redirect(request.path)
        status = 400
    standing = _standing(decision)
    if standing is None:
        try:
            check_appealable(decision.post, decision.pk, now)
        except (AlreadyAppealed, AppealRefused) as error:
            standing = Standing("An appeal is not possible", error.sentence)
    until = None if standing else deadline_of(decision, decision.policy)
    return _page(
        request,
        standing=standing,
        told=statement.text(until, rule_of(decision, decision.policy)),
        guidelines=guidelines_of(decision.policy) or "",
        form=None if standing else form,
        status=status,
    )


def _standing(decision: Decision) -> Standing | None:
    found = Appeal.objects.filter(decision=decision).first()
    if found is None:
        return None
    if found.state == AppealState.CLOSED:
        return Standing(*ENDED[AppealEnd(found.ended)])
    return Standing(*SAID[AppealState(found.state)])


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
    answer = _page(request, standing=Standing("Not just now", TOO_OFTEN), status=429)
    answer.headers["Retry-After"] = str(wait)
    return answer


def _page(
    request: HttpRequest,
    *,
    standing: Standing | None,
    told: str = "",
    guidelines: str = "",
    form: AppealForm | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {"standing": standing, "told": told, "guidelines": guidelines, "form": form}
    answer = render(request, "appeal/page.html", context, status=status)
    answer.headers["Content-Security-Policy"] = POLICY
    answer.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    return answer
