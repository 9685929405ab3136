"""From one case to all of it: what one answer for all would do, giving it, and taking it back."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Final

from django import forms
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from classifiers.text.shortener_hosts import SHORTENERS
from moderation import guidelines
from moderation.broker import limits
from moderation.models import PostRevision
from reviews import tasks
from reviews.bulk_states import BulkState, Eligibility
from reviews.console import kept, wording
from reviews.console.case import case_page, standing
from reviews.console.forms import AnswerForm
from reviews.console.views import (
    WITHHELD,
    asked_before,
    members_only,
    moderators_only,
    no_such_case,
    notice,
    person,
)
from reviews.exceptions import NotPermitted, ReviewError
from reviews.judging import bulk, bulk_progress, scopes
from reviews.judging.listing import domains_of
from reviews.judging.scopes import DryRun, Scope
from reviews.labels import blind
from reviews.models import BulkAction, Case
from reviews.people.permissions import (
    Given,
    can_answer_many,
    can_undo_many,
    given_to,
    sites_of,
)
from reviews.people.watching import shows
from reviews.roles import Act
from reviews.states import Lane, VerdictKind

A_MINUTE: Final = 20
"""Answers to many that one person may give, or take back, in a minute."""
LISTED: Final = 50
ANSWERS: Final = tuple(answer for answer in wording.ANSWERS if answer.kind in bulk.OUTCOMES)


class OrderForm(AnswerForm):
    """What was asked for, and what the page had shown that it would do."""

    kind = forms.ChoiceField(
        required=False, choices=[(answer.kind.value, answer.label) for answer in ANSWERS]
    )
    newest = forms.UUIDField(widget=forms.HiddenInput)
    over_people = forms.BooleanField(required=False)
    block = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    allow = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    block_over = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    allow_over = forms.IntegerField(min_value=0, widget=forms.HiddenInput)

    @classmethod
    def showing(cls, run: DryRun, *, site_id: int, note: str, guidelines: int | None) -> OrderForm:
        spam, ham = VerdictKind.SPAM, VerdictKind.NOT_SPAM
        return cls(
            site_id=site_id,
            initial={
                "note": note,
                "guidelines": guidelines,
                "newest": run.newest,
                "block": run.would_decide(spam),
                "allow": run.would_decide(ham),
                "block_over": run.would_decide(spam, over_people=True),
                "allow_over": run.would_decide(ham, over_people=True),
            },
        )

    @property
    def expected(self) -> int:
        asked = self.cleaned_data
        name = "allow" if asked["kind"] == VerdictKind.NOT_SPAM else "block"
        found: int = asked[f"{name}_over" if asked["over_people"] else name]
        return found


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the things that posts can have in common with a case's."""

    name: str
    """In the address of the page."""
    label: str
    value: str
    """What somebody outside wrote; empty where there is nothing to name."""
    scope: Scope
    is_everybodys: bool = False
    """Whether anybody's posts have it: a shortener."""


def choices_of(case: Case) -> list[Choice]:
    """Return what posts may have in common with a case's, as `case_page.find_case` gave it."""
    post, author = case.post, case.post.author
    found = [Choice("alike", "Says the same", "", scopes.alike(case_id=case.pk, post=post))]
    if case.lane == Lane.OVERFLOW:
        scope = scopes.over_the_cap(case_id=case.pk, post=post)
        found.append(Choice("capped", "Over the hourly cap", "", scope))
    if author is not None:
        scope = scopes.by_author(case_id=case.pk, post=post, author=author)
        found.append(Choice("author", "Author", author.name or author.external_id, scope))
    if post.ip:
        found.append(Choice("ip", "IP address", post.ip, scopes.by_ip(case_id=case.pk, post=post)))
    words = PostRevision.objects.get(post=case.post_id, revision=case.revision)
    if email := words.author_email:
        scope = scopes.by_email(case_id=case.pk, post=post, email=email)
        found.append(Choice("email", "E-mail", email, scope))
    for number, domain in enumerate(domains_of(words)):
        scope = scopes.by_domain(case_id=case.pk, post=post, domain=domain)
        shared = domain in SHORTENERS
        found.append(Choice(f"domain-{number}", "Links to", domain, scope, shared))
    return found


@require_http_methods(["GET", "HEAD", "POST"])
@moderators_only
def everything(request: HttpRequest, case_id: int) -> HttpResponse:
    """What one answer for all would do; posted to, give it."""
    user = person(request)
    case = case_page.find_case(user=user, case_id=case_id)
    given = given_to(user, case.site_id) if case else Given()
    if case is None or not can_answer_many(user, case.site_id, given):
        return no_such_case(request)
    shows(request, case.site_id)
    if case.post.hidden_at or blind.is_plain_to(user, case, given):
        sentence = "What belongs to it can be answered from another case."
        return notice(request, "This case is judged on its own", sentence, status=409)
    choices = choices_of(case)
    asked = request.GET.get("about", "")
    chosen = next((choice for choice in choices if choice.name == asked), None)
    if chosen is None and request.method == "POST":
        # Never others than those that were counted.
        sentence = "What these posts had in common is not on the case any more. Look again."
        return notice(request, "Nothing was answered", sentence, status=409)
    if chosen is None:
        chosen = next((choice for choice in choices if choice.name == "author"), choices[0])
    if request.method == "POST":
        return _give(request, case, choices, chosen)
    return _show(request, case, choices, chosen)


def _give(request: HttpRequest, case: Case, choices: list[Choice], chosen: Choice) -> HttpResponse:
    user, form = person(request), OrderForm(request.POST, site_id=case.site_id)
    if not form.is_valid():
        said = " ".join(str(error) for errors in form.errors.values() for error in errors)
        return _show(request, case, choices, chosen, said=said, status=400)
    refused = _too_many(request)
    if refused is not None:
        return refused
    try:
        action = bulk.start(
            chosen.scope,
            user=user,
            kind=VerdictKind(form.cleaned_data["kind"]),
            newest=form.cleaned_data["newest"],
            expected=form.expected,
            over_people=form.cleaned_data["over_people"],
            note=form.cleaned_data["note"],
            ruled=form.cleaned_data["ruled"],
        )
    except ReviewError as error:
        return _show(request, case, choices, chosen, said=error.sentence, status=409)
    kept.let_go(request)
    return _go_on(action)


def _show(
    request: HttpRequest,
    case: Case,
    choices: list[Choice],
    chosen: Choice,
    *,
    said: str = "",
    status: int = 200,
) -> HttpResponse:
    run = scopes.dry_run(chosen.scope, user=person(request))
    mine = standing.is_held(case, person(request), timezone.now())
    in_force, _ = guidelines.in_force(case.site_id)
    rules = guidelines.parse(in_force.text).rules if in_force else []
    form = OrderForm.showing(
        run,
        site_id=case.site_id,
        note=kept.typed(request) or kept.kept(request, request.path),
        guidelines=in_force.pk if in_force else None,
    )
    alone = run.total == 1 and [one.post_id for one in run.listed] == [case.post_id]
    context = {
        "case": case,
        "alone": alone,
        "choices": choices,
        "chosen": chosen,
        "run": run,
        "states": scopes.states_in_words(run.groups),
        "said_by_others": run.counted(Eligibility.SAID),
        "answers": [(answer, *_counts(run, answer.kind)) for answer in ANSWERS],
        "most": scopes.MOST,
        "rules": [(rule, *_counts(run, VerdictKind(rule.leads.value))) for rule in rules],
        "form": form,
        "refusal": said,
        "minutes_left": standing.minutes_left(case) if mine else 0,
    }
    return render(request, "console/everything.html", context, status=status)


def _counts(run: DryRun, kind: VerdictKind) -> tuple[int, int]:
    """Return how many posts the answer would decide, and how many if it overturned people."""
    return run.would_decide(kind), run.would_decide(kind, over_people=True)


@require_safe
@members_only(Act.SEE)
def actions(request: HttpRequest) -> HttpResponse:
    """The answers to many on this person's sites, the newest first, or those before one."""
    user, before = person(request), asked_before(request)
    rows = BulkAction.objects.filter(site__in=sites_of(user, Act.SEE))
    if before is not None:
        rows = rows.filter(pk__lt=before)
    found = list(rows.select_related("user", "site", "undone_by").order_by("-pk")[: LISTED + 1])
    more = len(found) > LISTED
    found = found[:LISTED]
    withheld = bulk_progress.withheld(found, user)
    counted: dict[int, Counter[str]] = {action.pk: Counter() for action in found}
    states = BulkAction.objects.filter(pk__in=counted).values_list("pk", "items__state")
    for pk, state, count in states.annotate(n=Count("items")):
        counted[pk][state] += count
    decided = {pk: states["decided"] + states["restored"] for pk, states in counted.items()}
    shown = [(one, decided[one.pk], one.pk in withheld) for one in found]
    context = {
        "actions": shown,
        "before": found[-1].pk if more else None,
        "why_withheld": WITHHELD if withheld else "",
    }
    return render(request, "console/actions.html", context)


@require_safe
@members_only(Act.SEE)
def action(request: HttpRequest, action_id: int) -> HttpResponse:
    user, found = person(request), _find(request, action_id)
    if found is None:
        return _no_such_action(request)
    progress = bulk_progress.progress_of(found)
    to_do = progress.waiting if found.undone_at is None else progress.decided
    context = {
        "action": found,
        "progress": progress,
        "at_work": BulkState(found.state).is_at_work,
        "done": progress.total - to_do,
        "reasons": [
            (wording.BULK_REASONS[reason], count)
            for reason, count in bulk_progress.reasons_of(found).items()
        ],
        "can_undo": found.undone_at is None and can_undo_many(user, found),
    }
    if bulk_progress.withheld([found], user):
        # Whoever stops such an answer need not know what it was.
        return render(request, "console/action_withheld.html", {**context, "why": WITHHELD})
    return render(request, "console/action.html", context)


@require_POST
@moderators_only
def undo(request: HttpRequest, action_id: int) -> HttpResponse:
    found = _find(request, action_id)
    if found is None:
        return _no_such_action(request)
    refused = _too_many(request)
    if refused is not None:
        return refused
    try:
        found = bulk.take_back(action_id=found.pk, user=person(request))
    except NotPermitted as error:
        return notice(request, "Nothing was taken back", error.sentence, status=403)
    except ReviewError as error:
        return notice(request, "Nothing was taken back", error.sentence, status=409)
    return _go_on(found)


def _go_on(found: BulkAction) -> HttpResponse:
    if BulkState(found.state).is_at_work:
        tasks.ring_to_answer_many()
    return redirect("console:action", found.pk)


def _find(request: HttpRequest, action_id: int) -> BulkAction | None:
    visible = BulkAction.objects.filter(site__in=sites_of(person(request), Act.SEE), pk=action_id)
    found = visible.select_related("user", "site", "undone_by", "guidelines").first()
    if found is not None:
        shows(request, found.site_id)
    return found


def _no_such_action(request: HttpRequest) -> HttpResponse:
    sentence = "It belongs to a site that is not yours, or it never was."
    return notice(request, "There is no such answer", sentence, status=404)


def _too_many(request: HttpRequest) -> HttpResponse | None:
    who = f"bulk:{person(request).pk}"
    quota = limits.spend(identity=who, per_minute=A_MINUTE, cost=1)
    if quota.allowed:
        return None
    sentence = f"Nothing was changed. Try again in {quota.retry_after} seconds."
    return notice(request, "Too many at once", sentence, status=429)
