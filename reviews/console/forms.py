from __future__ import annotations

from django import forms
from django.contrib.auth.forms import AuthenticationForm

from reviews.console.wording import ANSWERS

NOTE_LENGTH = 2_000


class LoginForm(AuthenticationForm):
    """Django's own, with the attributes that password managers look for."""

    error_messages = {
        **AuthenticationForm.error_messages,
        "invalid_login": "That name and password do not go together.",
    }


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


class SiteChoiceForm(forms.Form):
    """Which site to take cases from: 0 for all, nothing for the same as before."""

    site = forms.IntegerField(required=False, min_value=0)
