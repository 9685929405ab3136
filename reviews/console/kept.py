"""What somebody typed and could not store: it goes with them through the login, and comes back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.csrf import csrf_failure

from reviews.console.forms import LoginForm

if TYPE_CHECKING:
    from django.contrib.auth.models import User

KEPT: Final = "kept"
"""Session key: what was typed but not stored, by the address that it was sent to."""
MOST: Final = 5
"""Forms of which it is kept, the newest."""


def typed(request: HttpRequest) -> str:
    """Return what somebody wrote in the form that was sent: a note, or guidelines."""
    return request.POST.get("note", "") or request.POST.get("text", "")


def log_in_first(request: HttpRequest, *, back: str) -> HttpResponse:
    """Send whoever is not logged in to log in and then to `back`, with what they typed.

    Until somebody has logged in, it is in their browser only.
    """
    if not (words := typed(request)):
        return redirect_to_login(back, reverse("console:login"))
    initial = {"note": words, "by": request.POST.get("by"), "form": request.path}
    context = {"form": LoginForm(request, initial=initial), "next": back}
    return render(request, "console/login.html", context, status=403)


def give_back(request: HttpRequest, user: User, carried: dict[str, Any]) -> None:
    """Keep what the login form carried for who has logged in, if it was they who had typed it."""
    # The version before this one carried the note alone.
    if carried.get("by") == user.pk:
        keep(request, carried["note"], form=carried["form"])
    elif carried.get("note"):
        messages.info(request, "What was typed here before you logged in was not kept.")


def keep(request: HttpRequest, words: str, *, form: str) -> None:
    """Have the form of this address show the words until the session ends or they are stored."""
    if words:
        others = {at: said for at, said in request.session.get(KEPT, {}).items() if at != form}
        request.session[KEPT] = dict([*others.items(), (form, words)][-MOST:])


def kept(request: HttpRequest, form: str) -> str:
    """Return what was kept for the form that is sent to this address, if anything."""
    return str(request.session.get(KEPT, {}).get(form, ""))


def let_go(request: HttpRequest) -> None:
    """Keep what was sent to this address no longer: it is stored."""
    others = {at: said for at, said in request.session.get(KEPT, {}).items() if at != request.path}
    request.session[KEPT] = others


def page_outlived(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form without a valid CSRF token: mostly one from before the last login."""
    if not request.path.startswith(reverse("console:home")):
        return csrf_failure(request, reason)
    # Words from another site's form are not shown as if they were this person's.
    ours = urlsplit(request.headers.get("Origin", "")).netloc == request.get_host()
    context = {
        "heading": "Nothing was stored",
        "sentence": "This page is from before you last logged in. Open it again to go on.",
        "note": typed(request) if ours else "",
    }
    return render(request, "console/notice.html", context, status=403)


def page_of(request: HttpRequest, case_id: int | None) -> str:
    """Return the address of the page that was asked for, or that a form was sent from."""
    if request.method == "GET":
        return request.get_full_path()
    came = urlsplit(request.headers.get("Referer", ""))
    home = reverse("console:home")
    if came.netloc == request.get_host() and came.path.startswith(home):
        return f"{came.path}?{came.query}" if came.query else came.path
    return reverse("console:case", args=[case_id]) if case_id else home
