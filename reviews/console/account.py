"""Logging in, in one step or two, and a person's own account."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import wraps
from typing import Any, Final, cast

import segno
from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import authenticate, login
from django.contrib.auth.models import User
from django.contrib.auth.views import LoginView, redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.cache import never_cache
from django_otp import login as bind_session

from reviews.console import kept
from reviews.console.forms import CodeForm, EnrolForm, LoginForm, PreferencesForm, RemoveForm
from reviews.exceptions import WrongCode
from reviews.people import preferences, second_factor
from reviews.people.lockout import remember_browser

View = Callable[..., HttpResponse]

PENDING: Final = "second_step"
"""Session key: who gave the right password, and has yet to give a code."""
PENDING_SECONDS: Final = 300
BACKEND: Final = "django.contrib.auth.backends.ModelBackend"
FEW_CODES: Final = 3


class Login(LoginView):
    template_name = "console/login.html"
    authentication_form = LoginForm
    next_page = "console:home"
    redirect_authenticated_user = True

    def form_valid(self, form: Any) -> HttpResponse:
        user, target = form.get_user(), self.get_success_url()
        carried = {name: form.cleaned_data[name] for name in ("note", "by", "form")}
        if second_factor.authenticator_of(user) is None:
            return _enter(self.request, user, target, carried)
        self.request.session.cycle_key()
        self.request.session[PENDING] = {
            "user": user.pk,
            "password": user.get_session_auth_hash(),
            "until": time.time() + PENDING_SECONDS,
            "target": target,
            **carried,
        }
        return redirect("console:code")


def _enter(request: HttpRequest, user: User, target: str, carried: dict[str, Any]) -> HttpResponse:
    """`carried` has the `note` that somebody typed before, `by` whom and in which `form`."""
    login(request, user, backend=BACKEND)
    kept.give_back(request, user, carried)
    response = HttpResponseRedirect(target)
    remember_browser(response, user)
    return response


@never_cache
def code(request: HttpRequest) -> HttpResponse:
    """The second step: whoever has given their password gives a code."""
    pending = request.session.get(PENDING, {})
    user = _who_is_pending(pending)
    if user is None:
        request.session.pop(PENDING, None)
        return redirect("console:login")
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data["code"]
        if authenticate(request, username=user.get_username(), token=given) is not None:
            del request.session[PENDING]
            response = _enter(request, user, pending["target"], pending)
            bind_session(request, second_factor.authenticator_of(user))
            _warn_of_few(request, user)
            return response
        form.add_error("code", "That code is not right, or was used before. Take the next one.")
    return render(request, "console/code.html", {"form": form})


def _who_is_pending(pending: Any) -> User | None:
    if not pending or pending["until"] < time.time():
        return None
    user = User.objects.filter(pk=pending["user"], is_active=True).first()
    return user if user and user.get_session_auth_hash() == pending["password"] else None


def _warn_of_few(request: HttpRequest, user: User) -> None:
    left = second_factor.recovery_codes_left(user)
    if left <= FEW_CODES:
        messages.warning(
            request, f"You have {left} recovery codes left. Set up two-step login anew for ten."
        )


# One's own account


def logged_in_only(view: View) -> View:
    """Let in whoever is logged in, also those who have nothing set up yet."""

    @never_cache
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            return redirect_to_login(reverse("console:account"), reverse("console:login"))
        return view(request, *args, **kwargs)

    return guarded


@logged_in_only
def account(request: HttpRequest) -> HttpResponse:
    """One's own account; posted to, how one works."""
    user, status = cast("User", request.user), 200
    form = PreferencesForm(initial=preferences.as_form(user))
    if request.method == "POST":
        form = PreferencesForm(request.POST)
        if form.is_valid():
            preferences.change(user=user, **form.cleaned_data)
            messages.success(request, "Stored.")
            return redirect("console:account")
        status = 400
    device = second_factor.authenticator_of(user)
    context = {
        "device": device,
        "left": second_factor.recovery_codes_left(user),
        "may_remove": device is not None and not second_factor.is_required_of(user),
        "here": "account",
        "form": form,
        "sends_mail": settings.WINNOW_MAIL,
    }
    return render(request, "console/account.html", context, status=status)


@logged_in_only
def enrol(request: HttpRequest) -> HttpResponse:
    """Offer a key, and store it once the password and a code from it are right."""
    user = cast("User", request.user)
    device = second_factor.offered(user, request.session)
    replaces = second_factor.authenticator_of(user) is not None
    form = EnrolForm(request.POST or None, replaces=replaces)
    if request.method == "POST" and form.is_valid() and _is_really(request, user, form):
        try:
            codes = second_factor.enrol(
                device=device, code=form.cleaned_data["new_code"], session=request.session
            )
        except WrongCode as error:
            form.add_error("new_code", error.sentence)
        else:
            return render(request, "console/recovery_codes.html", {"codes": codes})
    context = {
        "form": form,
        "picture": _picture(device.config_url),
        "secret": _spaced(device.config_url.partition("secret=")[2].partition("&")[0]),
        "required": second_factor.must_enrol(user),
        "here": "account",
    }
    return render(request, "console/enrol.html", context)


@logged_in_only
def unenrol(request: HttpRequest) -> HttpResponse:
    """Give up two-step login, for the password and a code."""
    user = cast("User", request.user)
    if second_factor.authenticator_of(user) is None or second_factor.is_required_of(user):
        return redirect("console:account")
    form = RemoveForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and _is_really(request, user, form):
        second_factor.remove(user=user, session=request.session)
        messages.info(request, "Two-step login is off.")
        return redirect("console:account")
    return render(request, "console/unenrol.html", {"form": form, "here": "account"})


def _is_really(request: HttpRequest, user: User, form: forms.Form) -> bool:
    """Return whether the password, and the code where one is asked for, are this person's.

    Failures count towards the lock-out: a session that somebody left open is no way to guess.
    """
    name, given = user.get_username(), form.cleaned_data
    if authenticate(request, username=name, password=given["password"]) != user:
        form.add_error("password", "That password is not right.")
    elif "code" in given and authenticate(request, username=name, token=given["code"]) != user:
        form.add_error("code", "That code is not right, or was used before.")
    return form.is_valid()


def _picture(url: str) -> SafeString:
    """Return a QR code as SVG without style attributes, which the page's policy forbids."""
    drawn = segno.make(url, error="m").svg_inline(
        omitsize=True, border=3, dark="#000", light="#fff", svgclass="qr", lineclass=None
    )
    return mark_safe(drawn)  # noqa: S308 - made of numbers


def _spaced(secret: str) -> str:
    return " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))
