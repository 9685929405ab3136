"""Trust, allow or deny in one key from a case, and taking it back."""

from __future__ import annotations

from typing import Final

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from moderation.broker import limits
from moderation.models import PostRevision
from moderation.types import ListKind, ListVerdict
from reviews.console.case import case_page
from reviews.console.views import moderators_only, no_such_case, notice, person
from reviews.exceptions import NotPermitted, ReviewError
from reviews.judging import listing
from reviews.labels import blind
from reviews.models import ListChange
from reviews.people.permissions import sites_of

A_MINUTE: Final = 60
SAID: Final = {
    (ListKind.AUTHOR, ListVerdict.ALLOW): "Author trusted: what they write is allowed from now on.",
    (ListKind.AUTHOR, ListVerdict.DENY): "Author denied: what they write is blocked from now on.",
    (ListKind.AUTHOR, None): "The author is no longer on a list.",
    (ListKind.DOMAIN, ListVerdict.ALLOW): "Domain allowed.",
    (ListKind.DOMAIN, ListVerdict.DENY): "Domain denied: posts that link to it are blocked "
    "from now on.",
    (ListKind.DOMAIN, None): "The domain is no longer on a list.",
    (ListKind.ADDRESS, ListVerdict.ALLOW): "Address allowed: what comes from it is allowed from "
    "now on.",
    (ListKind.ADDRESS, ListVerdict.DENY): "Address denied: what comes from it is blocked from "
    "now on.",
    (ListKind.ADDRESS, None): "The address is no longer on a list.",
}


class ListForm(forms.Form):
    """What is meant, and what the list shall say of it; empty for nothing."""

    about = forms.CharField(max_length=20)
    says = forms.ChoiceField(
        required=False, choices=[("", ""), *((v.value, v.value) for v in ListVerdict)]
    )


@require_POST
@moderators_only
def put(request: HttpRequest, case_id: int) -> HttpResponse:
    user, form = person(request), ListForm(request.POST)
    case = case_page.find_case(user=user, case_id=case_id)
    if case is None:
        return no_such_case(request)
    if case.post.hidden_at or blind.is_plain_to(user, case):
        sentence = "Its author, addresses and links can be trusted or denied from another case."
        return notice(request, "This case is judged on its own", sentence, status=409)
    words = PostRevision.objects.get(post=case.post_id, revision=case.revision)
    offered = {one.name: one for one in listing.listables_of(case.post, words)}
    if not form.is_valid() or form.cleaned_data["about"] not in offered:
        sentence = "Nothing of this post has that name."
        return notice(request, "Nothing was changed", sentence, status=400)
    quota = limits.spend(identity=f"list:{user.pk}", per_minute=A_MINUTE, cost=1)
    if not quota.allowed:
        sentence = f"Nothing was changed. Try again in {quota.retry_after} seconds."
        return notice(request, "Too many at once", sentence, status=429)
    chosen = offered[form.cleaned_data["about"]]
    verdict = ListVerdict(form.cleaned_data["says"]) if form.cleaned_data["says"] else None
    try:
        change = listing.put(case=case, listable=chosen, verdict=verdict, user=user)
    except NotPermitted as error:
        return notice(request, "Nothing was changed", error.sentence, status=403)
    messages.success(request, SAID[chosen.kind, verdict], extra_tags=f"list-{change.pk}")
    return redirect("console:case", case.pk)


@require_POST
@moderators_only
def undo(request: HttpRequest, change_id: int) -> HttpResponse:
    user = person(request)
    change = ListChange.objects.filter(site__in=sites_of(user), pk=change_id).first()
    if change is None:
        sentence = "It belongs to a site that is not yours, or it never was."
        return notice(request, "There is no such change", sentence, status=404)
    try:
        listing.undo(change=change, user=user)
    except ReviewError as error:
        return notice(request, "Nothing was changed", error.sentence, status=409)
    said = f"Undone: of this {ListKind(change.kind)} the list says again what it said before."
    messages.info(request, said)
    return redirect("console:case", change.case_id)
