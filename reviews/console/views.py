"""The moderators' pages: each view parses, calls one function, and answers."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import wraps
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified, JsonResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from moderation.models import Site
from reviews.console import kept, own_answers, pause, queue_page, wording
from reviews.console.case import case_page, standing
from reviews.console.forms import SiteChoiceForm, VerdictForm
from reviews.exceptions import CaseMissing, NotPermitted, ReviewError, StaleCase
from reviews.judging import undoing, verdicts
from reviews.labels.blind import why_it_stands
from reviews.models import Case
from reviews.people import second_factor
from reviews.people.permissions import sites_of
from reviews.people.watching import shows, shows_ages, shows_ahead, shows_all, watch
from reviews.queue import claiming
from reviews.roles import REFUSED, Act
from reviews.states import PASSING, VerdictKind

if TYPE_CHECKING:
    from django.contrib.auth.models import User

View = Callable[..., HttpResponse]

CHOSEN_SITE = "review_site"
"""Session key: the site that this person takes cases from, absent for all."""
SHOWN_AHEAD = "X-Shown-Ahead"
"""Header of an answer that the page's script sends: the address of the case that it shows already,
empty where it shows none."""

WITHHELD = (
    "Posts that you may still have to judge blind are hidden from you. So are those that you "
    "judged by the post alone: you find your answers under “All your answers” on the queue’s page."
)

YOU_HID = (
    "You found it dangerous or illegal. Only the people who are named for such posts see it now; "
    "your answer is under “All your answers” on the queue’s page."
)


def members_only(*acts: Act) -> Callable[[View], View]:
    """Let in whoever may do one of these on at least one site; others are told what is missing."""

    def guard(view: View) -> View:
        return never_cache(_guarded(view, acts))

    return guard


def _guarded(view: View, acts: tuple[Act, ...]) -> View:
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            return kept.log_in_first(request, back=kept.page_of(request, kwargs.get("case_id")))
        if second_factor.must_enrol(request.user):
            kept.keep(request, kept.typed(request), form=request.path)
            return redirect("console:enrol")
        if not any(sites_of(request.user, act).exists() for act in acts):
            if sites_of(request.user, Act.SEE).exists():
                return notice(request, "Not for your role", REFUSED[acts[0]], status=403)
            return render(request, "console/no_membership.html", status=403)
        response = view(request, *args, **kwargs)
        watch(request, response, request.user)
        return response

    return guarded


moderators_only = members_only(Act.JUDGE)


@require_safe
@members_only(Act.SEE, Act.SET)
def home(request: HttpRequest) -> HttpResponse:
    """The queue; whoever may only set a site's rules is led to where they work."""
    user = person(request)
    sites = list(sites_of(user, Act.SEE).order_by("name"))
    if not sites:
        return redirect("admin:index")
    page = queue_page.overview(user=user, sites=sites)
    version = f"{page.version}-{timezone.now():%H%M}"
    known = request.headers.get("If-None-Match", "").strip('"')
    if known == version:
        return HttpResponseNotModified()
    if known.startswith(f"{page.version}-"):
        shows_ages(request)
    return render(request, "console/home.html", {"page": page, "version": version, "here": "home"})


def asked_before(request: HttpRequest) -> int | None:
    """The row that a page of a long list ends before; None on its first page."""
    written = request.GET.get("before", "")
    return int(written) if written.isascii() and written.isdecimal() and len(written) < 19 else None


@require_safe
@moderators_only
def answers(request: HttpRequest) -> HttpResponse:
    """This person's own answers, a page at a time; `before` is the verdict that a page ends at."""
    before = asked_before(request)
    found, following = own_answers.recent(
        user=person(request), now=timezone.now(), most=own_answers.PAGE, before=before
    )
    context = {
        "answers": found,
        "older": before is not None,
        "following": following,
        "here": "home",
    }
    return render(request, "console/own_answers.html", context)


@require_safe
@members_only(Act.SEE)
def depth(request: HttpRequest) -> HttpResponse:
    """A line for the page of a case, which asks for it again and again."""
    user = person(request)
    line = queue_page.in_short(user=user, sites=list(sites_of(user, Act.SEE)))
    version = f'"{sha256(line.encode()).hexdigest()[:32]}"'
    if request.headers.get("If-None-Match") == version:
        return HttpResponseNotModified()
    told = {"line": line, "version": version}
    response = render(request, "console/depth.html", told)
    response.headers["ETag"] = version
    return response


@require_POST
@moderators_only
def claim(request: HttpRequest) -> HttpResponse:
    form = SiteChoiceForm(request.POST)
    if form.is_valid() and form.cleaned_data["site"] is not None:
        request.session[CHOSEN_SITE] = form.cleaned_data["site"]
    return _go_on(request)


@require_safe
@members_only(Act.SEE)
def case(request: HttpRequest, case_id: int) -> HttpResponse:
    found = find_case(request, case_id)
    if found is None:
        return no_such_case(request)
    note = kept.kept(request, reverse("console:verdict", args=[found.pk]))
    shown = {"seen": standing.decision_token(found, found.decision_id), "note": note}
    return _show(request, found, VerdictForm(initial=shown, site_id=found.site_id))


@require_POST
@moderators_only
def verdict(request: HttpRequest, case_id: int) -> HttpResponse:
    user = person(request)
    found = find_case(request, case_id)
    if found is None:
        again = request.POST.get("kind") == VerdictKind.DANGER
        if again and verdicts.hidden_by(case_id=case_id, user=user):
            return _go_to(request, reverse("console:hidden"))
        if closed := verdicts.why_closed(case_id=case_id, user=user):
            told = {"sentence": f"{closed} {WITHHELD}", "note": kept.typed(request)}
            return render(request, "console/conflict.html", told, status=409)
        return no_such_case(request)
    form = VerdictForm(request.POST, site_id=found.site_id)
    if not form.is_valid():
        return _show(request, found, form, status=400)
    kind, ruled = VerdictKind(form.cleaned_data.pop("kind")), form.cleaned_data["ruled"]
    seen = standing.decision_of(found, user, form.cleaned_data.pop("seen"))
    try:
        given = verdicts.submit_verdict(
            case_id=case_id, user=user, kind=kind, seen_decision_id=seen, **form.cleaned_data
        )
    except ReviewError as error:
        return _not_stored(request, found, error, note=form.cleaned_data["note"])
    kept.let_go(request)
    named = f" Rule {ruled.rule.number}: {ruled.rule.title}." if ruled else ""
    messages.success(request, standing.recorded(given) + named, extra_tags=str(given.pk))
    if reminder := pause.answered(request.session, time.time()):
        messages.info(request, reminder)
    if kind is VerdictKind.DANGER:
        return _go_to(request, reverse("console:hidden"))
    return _go_on(request)


@require_POST
@moderators_only
def ahead(request: HttpRequest, case_id: int) -> HttpResponse:
    """Lease the case that comes after this one, for a page that fetches it beforehand."""
    user = person(request)
    found = find_case(request, case_id)
    if found is None:
        return no_such_case(request)
    if not standing.is_held(found, user, timezone.now()):
        return JsonResponse({"url": None})
    following = claiming.claim_ahead(user=user, besides=found, site=_chosen_site(request))
    if following is None:
        return JsonResponse({"url": None})
    url = reverse("console:case", args=[following.pk])
    return JsonResponse({"url": url, "shows": standing.page_token(following, user)})


@require_POST
@moderators_only
def take(request: HttpRequest, case_id: int) -> HttpResponse:
    """Lease a case that was opened by its address; its page says where somebody was quicker."""
    found = find_case(request, case_id)
    if found is None:
        return no_such_case(request)
    kept.keep(request, kept.typed(request), form=reverse("console:verdict", args=[found.pk]))
    claiming.take(case=found, user=person(request))
    return redirect("console:case", found.pk)


@require_POST
@moderators_only
def renew(request: HttpRequest, case_id: int) -> HttpResponse:
    user = person(request)
    found = find_case(request, case_id)
    if found is None:
        return no_such_case(request)
    if not claiming.renew(case=found, user=user):
        return HttpResponse(status=409)
    found.refresh_from_db(fields=["lease_until"])
    told = {"case": found, "minutes_left": standing.minutes_left(found)}
    return render(request, "console/minutes.html", told)


@require_POST
@moderators_only
def release(request: HttpRequest, case_id: int) -> HttpResponse:
    user = person(request)
    found = find_case(request, case_id)
    if found is None:
        return no_such_case(request)
    if not standing.is_held(found, user, timezone.now()):
        return redirect("console:home")
    # Claimed before it is put back, or it would be the next one.
    claimed = claiming.claim_next(user=user, site=_chosen_site(request), besides=found)
    claiming.release(case=found, user=user)
    messages.info(request, f"Case {case_id} is back in the queue.")
    return _lead_to(request, claimed, nothing="Nothing else")


@require_POST
@moderators_only
def undo(request: HttpRequest, verdict_id: int) -> HttpResponse:
    try:
        undone = undoing.undo(verdict_id=verdict_id, user=person(request))
    except (CaseMissing, NotPermitted) as error:
        return notice(request, "Nothing was undone", error.sentence, status=404)
    except ReviewError as error:
        return notice(request, "Nothing was undone", error.sentence, status=409)
    assert undone.undoes is not None  # noqa: S101 - for the type checker
    taken_back = undone.undoes
    if taken_back.user_id == undone.user_id and taken_back.kind != VerdictKind.DANGER:
        # Where the post is judged alone it is shown nowhere else.
        kept.keep(request, taken_back.note, form=reverse("console:verdict", args=[undone.case_id]))
    said = wording.VERDICTS[VerdictKind(taken_back.kind)]
    # What was passed on was open all the time.
    reopened = taken_back.kind not in PASSING
    again = f"; case {undone.case_id} is open again" if reopened else ""
    messages.info(request, f"Undone: {said}{again}.")
    return redirect("console:case", undone.case_id)


def find_case(request: HttpRequest, case_id: int) -> Case | None:
    """Return the case if it is there for who is asking."""
    found = case_page.find_case(user=person(request), case_id=case_id)
    if found is not None:
        shows(request, found.site_id)
    return found


def person(request: HttpRequest) -> User:
    """Return who is asking; `members_only` has turned away everybody else."""
    assert request.user.is_authenticated  # noqa: S101 - for the type checker
    return request.user


def _go_on(request: HttpRequest) -> HttpResponse:
    """Claim the next case and go there."""
    claimed = claiming.claim_next(user=person(request), site=_chosen_site(request))
    return _lead_to(request, claimed)


def _lead_to(
    request: HttpRequest, claimed: Case | None, *, nothing: str = "Nothing"
) -> HttpResponse:
    """Lead to the case that was claimed; where there was none, say so on the queue's page."""
    if claimed is not None:
        return _go_to(request, reverse("console:case", args=[claimed.pk]), claimed)
    chosen = _chosen_site(request)
    request.session.pop(CHOSEN_SITE, None)
    where = f" on {chosen.name}" if chosen else ""
    messages.info(request, f"{nothing}{where} waits for you just now.")
    return _go_to(request, reverse("console:home"))


def _go_to(request: HttpRequest, address: str, claimed: Case | None = None) -> HttpResponse:
    """Lead there. A script is told where; one that shows the case already, as it is to be shown
    now, what to add to it."""
    shown = request.headers.get(SHOWN_AHEAD)
    if shown is None:
        return redirect(address)
    if claimed is None or shown != f"{address} {standing.page_token(claimed, person(request))}":
        return JsonResponse({"url": address})
    shows_ahead(request, claimed)
    flashes = render_to_string("console/flashes.html", request=request)
    return JsonResponse({"flashes": flashes, "minutes_left": standing.minutes_left(claimed)})


def _chosen_site(request: HttpRequest) -> Site | None:
    chosen = request.session.get(CHOSEN_SITE) or 0
    return sites_of(person(request)).filter(pk=chosen).first()


def _show(
    request: HttpRequest, found: Case, form: VerdictForm, *, status: int = 200
) -> HttpResponse:
    page = case_page.case_page(case=found, user=person(request))
    if page.only_audits:
        shows_all(request)
    context = {
        "case": found,
        "decision": page.judged,
        "page": page,
        "form": form,
        "answers": wording.ANSWERS_HIDDEN if found.post.hidden_at else wording.ANSWERS,
    }
    return render(request, "console/case.html", context, status=status)


def _not_stored(request: HttpRequest, case: Case, error: ReviewError, *, note: str) -> HttpResponse:
    """Say what is true now, and give the note back."""
    decision = standing.decision_in_force(case, person(request))
    context = {
        "sentence": error.present if isinstance(error, StaleCase) else error.sentence,
        "decision": decision,
        "note": note,
        "case_id": case.pk,
    }
    return render(request, "console/conflict.html", context, status=409)


def no_such_case(request: HttpRequest) -> HttpResponse:
    """Say that there is no such case, or that whoever asks hid its post themselves."""
    asked = request.resolver_match.kwargs.get("case_id") if request.resolver_match else None
    given = verdicts.hidden_by(case_id=asked, user=person(request)) if asked else None
    if given is not None and given.case.post.hidden_at is not None:
        stays = why_it_stands(given, given.case, person(request), timezone.now())
        undo = given.pk if standing.stands(given) and not stays else None
        return notice(request, "You hid this post", YOU_HID, status=404, undo=undo)
    sentence = f"It belongs to a site that is not yours, or it never was. {WITHHELD}"
    return notice(request, "There is no such case", sentence, status=404)


def notice(
    request: HttpRequest, heading: str, sentence: str, *, status: int, undo: int | None = None
) -> HttpResponse:
    """Say why there is nothing else to see, and give back what was typed.

    `undo` is an answer of theirs that can be taken back from here.
    """
    context = {"heading": heading, "sentence": sentence, "note": kept.typed(request), "undo": undo}
    return render(request, "console/notice.html", context, status=status)
