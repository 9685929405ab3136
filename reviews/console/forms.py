from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib.auth.forms import AuthenticationForm

from moderation import guidelines
from moderation.exceptions import InvalidGuidelines
from moderation.models import Guidelines
from reviews.console.wording import ANSWERS
from reviews.judging.verdicts import ruled_by
from reviews.queue.languages import NAMES
from reviews.states import VerdictKind

NOTE_LENGTH = 2_000


class LoginForm(AuthenticationForm):
    """Django's own, which also carries what was typed when a session turned out to have ended."""

    note = forms.CharField(required=False, strip=False, widget=forms.HiddenInput)
    by = forms.IntegerField(required=False, widget=forms.HiddenInput)
    form = forms.CharField(required=False, widget=forms.HiddenInput)

    error_messages = {
        **AuthenticationForm.error_messages,
        "invalid_login": "Wrong name or password.",
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
    new_code.widget.attrs["inputmode"] = "numeric"  # no recovery code, as elsewhere
    password = _password_field()
    code = _code_field("Code from the app in use until now, or a recovery code")

    def __init__(self, *args: Any, replaces: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not replaces:
            del self.fields["code"]


class AnswerForm(forms.Form):
    """An answer, by its name or by the number of a rule that leads to it, and a note."""

    kind = forms.ChoiceField(
        required=False, choices=[(answer.kind.value, answer.label) for answer in ANSWERS]
    )
    rule = forms.IntegerField(required=False, min_value=1)
    guidelines = forms.IntegerField(required=False, widget=forms.HiddenInput)
    note = forms.CharField(
        required=False,
        max_length=NOTE_LENGTH,
        widget=forms.Textarea(
            attrs={
                "rows": 1,
                "placeholder": "Add a note, if it helps",
                "autocomplete": "off",
                "data-key": "m",
            }
        ),
    )

    def __init__(self, *args: Any, site_id: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.site_id = site_id

    def clean(self) -> dict[str, Any]:
        """Turn a rule that was chosen by its number into the answer that it leads to."""
        given = super().clean() or self.cleaned_data
        number, shown = given.pop("rule", None), given.pop("guidelines", None)
        given["ruled"] = None
        if number is not None:
            # The version that was shown: in another one the number may be another rule's.
            written = Guidelines.objects.filter(pk=shown or 0, site=self.site_id).first()
            ruled = ruled_by(written, number)
            if ruled is None:
                raise forms.ValidationError("There is no rule with this number.")
            given["kind"], given["ruled"] = VerdictKind(ruled.rule.leads.value), ruled
        if not given.get("kind") and "kind" not in self.errors:
            raise forms.ValidationError("Choose one of the answers.")
        return given


class VerdictForm(AnswerForm):
    """A moderator's answer to a case, and what its page showed (`standing.decision_token`)."""

    seen = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)


class GuidelinesForm(forms.Form):
    """What a site asks of its members, as plain text."""

    text = forms.CharField(
        max_length=guidelines.LENGTH,
        widget=forms.Textarea(attrs={"rows": 24, "spellcheck": "true"}),
    )
    public = forms.BooleanField(required=False)
    over = forms.IntegerField(min_value=0)
    """The version that the page showed, 0 where there was none."""

    def clean_text(self) -> str:
        text = "\n".join(self.cleaned_data["text"].splitlines())
        try:
            guidelines.parse(text)
        except InvalidGuidelines as error:
            raise forms.ValidationError(error.sentence) from error
        return text


class PreferencesForm(forms.Form):
    """How one moderator works."""

    languages = forms.MultipleChoiceField(
        required=False,
        choices=list(NAMES.items()),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": "%(value)s is none of these languages."},
    )
    covers = forms.BooleanField(required=False)
    keys = forms.BooleanField(required=False)
    email = forms.EmailField(label="E-mail address", required=False)
    digest = forms.BooleanField(required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen = frozenset(self.initial.get("languages", ()))
        languages = cast("forms.MultipleChoiceField", self.fields["languages"])
        # Those that were chosen before stand first.
        languages.choices = sorted(NAMES.items(), key=lambda pair: pair[0] not in chosen)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        if given.get("digest") and not given.get("email") and "email" not in self.errors:
            self.add_error("email", "A daily mail needs an address.")
        return given


class AlarmForm(forms.Form):
    """What somebody found who looked into an alarm."""

    note = forms.CharField(max_length=NOTE_LENGTH)
    clear = forms.BooleanField(required=False)


class SiteChoiceForm(forms.Form):
    """Which site to take cases from: 0 for all, nothing for the same as before."""

    site = forms.IntegerField(required=False, min_value=0)
