"""Dangerous and illegal posts: whom to turn to, and, for those who were named, what is hidden."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST, require_safe

from moderation.models import PostRevision
from reviews.console.case.marks import mark
from reviews.console.views import asked_before, members_only, moderators_only, notice, person
from reviews.exceptions import NotPermitted, ReviewError, UndoRefused
from reviews.judging import copies, danger
from reviews.models import LegalHold, Verdict
from reviews.people.permissions import named_alone, sees_hidden, sites_where_named
from reviews.people.watching import shows
from reviews.roles import Act
from reviews.states import VerdictKind

LISTED: Final = 50
"""On one page."""


@require_safe
@members_only(Act.SEE)
def page(request: HttpRequest) -> HttpResponse:
    """Whom to turn to, and the hidden posts of the sites that this person was named for."""
    user = person(request)
    named = list(sites_where_named(user).values_list("pk", flat=True))
    found = list(danger.hidden_posts(named, before=asked_before(request))[: LISTED + 1])
    out = copies.still_shown([hold.post for hold in found[:LISTED]])
    context = {
        "contacts": settings.WINNOW_DANGER_CONTACTS,
        "named": bool(named),
        "alone": list(named_alone(user).order_by("name")),
        "holds": [(hold, out.get(hold.post_id, 0)) for hold in found[:LISTED]],
        "following": found[LISTED - 1].pk if len(found) > LISTED else None,
        "here": "hidden",
    }
    return render(request, "console/hidden.html", context)


@require_POST
@members_only(Act.SEE)
def words(request: HttpRequest, post_id: UUID) -> HttpResponse:
    """All that is preserved of one hidden post, asked for; a POST, so that no preload asks."""
    hold = _hold(request, post_id)
    if hold is None:
        return _none(request)
    try:
        danger.check_can_lift(person(request), hold.post)
        refusal = ""
    except NotPermitted as error:
        refusal = error.sentence
    context = {
        "hold": hold,
        "post": hold.post,
        "revisions": _revisions(hold.post_id),
        "contacts": settings.WINNOW_DANGER_CONTACTS,
        "refusal": refusal,
        "publishes": danger.would_publish(hold.post),
        "found": copies.of(hold.post, person(request)),
        "listed": copies.LISTED,
        "here": "hidden",
    }
    return render(request, "console/hidden_words.html", context)


@dataclass(frozen=True, slots=True)
class Kept:
    """A post as it came in once, with what was said of its author then."""

    revision: PostRevision
    title: SafeString
    text: SafeString
    judged: bool
    """Whether these words were found dangerous."""


def _revisions(post_id: UUID) -> list[Kept]:
    """Return every revision of a hidden post, the newest first."""
    found = Verdict.objects.filter(case__post=post_id, kind=VerdictKind.DANGER, undone_by=None)
    judged = set(found.values_list("case__revision", flat=True))
    rows = PostRevision.objects.filter(post=post_id).order_by("-revision")
    return [
        Kept(row, mark(row.title).html, mark(row.text).html, row.revision in judged) for row in rows
    ]


@require_POST
@moderators_only
def show_again(request: HttpRequest, post_id: UUID) -> HttpResponse:
    try:
        danger.lift(post_id=post_id, user=person(request))
    except ReviewError:
        return _none(request)
    messages.success(request, "The post is no longer hidden.", extra_tags=f"hidden-{post_id}")
    return redirect("console:hidden")


@require_POST
@moderators_only
def hide_again(request: HttpRequest, post_id: UUID) -> HttpResponse:
    try:
        danger.hide_again(post_id=post_id, user=person(request))
    except UndoRefused as error:
        return notice(request, "Nothing was changed", error.sentence, status=409)
    except ReviewError:
        return _none(request)
    messages.success(request, "The post is hidden again.")
    return redirect("console:hidden")


@require_POST
@moderators_only
def hide_copies(request: HttpRequest, post_id: UUID) -> HttpResponse:
    """Hide what says the same as a hidden post; of what differs a little, too, if asked to."""
    seen = request.POST.get("expected", "")
    expected = int(seen) if seen.isascii() and seen.isdecimal() and len(seen) < 9 else 0
    nearly = request.POST.get("nearly") == "on"
    try:
        count = copies.hide(post_id=post_id, user=person(request), nearly=nearly, expected=expected)
    except NotPermitted:
        return _none(request)
    except ReviewError as error:
        return notice(request, "Nothing was changed", error.sentence, status=409)
    said = "1 copy is hidden, too." if count == 1 else f"{count} copies are hidden, too."
    messages.success(request, said, extra_tags=f"copies-{post_id}")
    return redirect("console:hidden")


@require_POST
@moderators_only
def show_copies(request: HttpRequest, post_id: UUID) -> HttpResponse:
    """Show again what was hidden as copies of a post."""
    try:
        shown, stay = copies.show(post_id=post_id, user=person(request))
    except ReviewError:
        return _none(request)
    if not shown + stay:
        return notice(
            request, "Nothing was changed", "No copies of such a post are hidden.", status=409
        )
    said = "1 copy is" if shown == 1 else f"{shown} copies are"
    kept = f" {stay} of them you cannot show." if stay else ""
    messages.success(request, f"{said} no longer hidden.{kept}")
    return redirect("console:hidden")


def _hold(request: HttpRequest, post_id: UUID) -> LegalHold | None:
    found = LegalHold.objects.filter(post=post_id, post__hidden_at__isnull=False)
    hold = (
        found.select_related("post__author", "post__decision", "site", "user")
        .order_by("-pk")
        .first()
    )
    if hold is None or not sees_hidden(person(request), hold.site_id):
        return None
    shows(request, hold.site_id)
    return hold


def _none(request: HttpRequest) -> HttpResponse:
    return notice(request, "There is no such post", "Or it is not for you to see.", status=404)
