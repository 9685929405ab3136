from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm

from reviews.console.wording import ANSWERS

NOTE_LENGTH = 2_000


class LoginForm(AuthenticationForm):
    """Django's own, which also carries what was typed when a session turned out to have ended."""

    note = forms.CharField(required=False, strip=False, widget=forms.HiddenInput)

    error_messages = {
        **AuthenticationForm.error_messages,
        "invalid_login": "That name and password do not go together.",
    }


def _code_field(label: str) -> forms.CharField:
    attributes = {"autocomplete": "one-time-code", "autocapitalize": "off", "spellcheck": "false"}
    return forms.CharField(label=label, max_length=40, widget=forms.TextInput(attrs=attributes))


def _password_field() -> forms.CharField:
    return forms.CharField(
        label="Your password",
        strip=False,
        max_length=4096,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


class CodeForm(forms.Form):
    """The second step of logging in: a code from the app, or a recovery code."""

    code = _code_field("Code")


class RemoveForm(forms.Form):
    """Who gives up two-step login shows once more that it is theirs."""

    password = _password_field()
    code = _code_field("Code from the app, or a recovery code")


class EnrolForm(forms.Form):
    """The password, a code from the app in use if there is one, and one from the new app."""

    new_code = _code_field("Code that the app shows")
    password = _password_field()
    code = _code_field("Code from the app in use until now, or a recovery code")

    def __init__(self, *args: Any, replaces: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not replaces:
            del self.fields["code"]


class VerdictForm(forms.Form):
    """A moderator's answer to a case, and the decision that the page showed."""

    kind = forms.ChoiceField(choices=[(answer.kind.value, answer.label) for answer in ANSWERS])
    seen_decision_id = forms.IntegerField(min_value=1, widget=forms.HiddenInput)
    note = forms.CharField(
        required=False,
        max_length=NOTE_LENGTH,
        widget=forms.Textarea(
            attrs={"rows": 1, "placeholder": "Add a note, if it helps", "autocomplete": "off"}
        ),
    )


class AlarmForm(forms.Form):
    """What somebody found who looked into an alarm."""

    note = forms.CharField(max_length=NOTE_LENGTH)
    clear = forms.BooleanField(required=False)


class SiteChoiceForm(forms.Form):
    """Which site to take cases from: 0 for all, nothing for the same as before."""

    site = forms.IntegerField(required=False, min_value=0)
