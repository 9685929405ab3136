"""What operators set in the admin: sites and their rules, lists, keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import Model, OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin
from unfold.decorators import action, display
from unfold.forms import BaseDialogForm
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from classifiers.admin import ReadOnlyAdmin, leave_dialog
from moderation import access, lists, sites
from moderation.exceptions import InvalidListEntry
from moderation.models import ApiKey, ListEntry, Policy, Site
from moderation.types import Mode, PostType

if TYPE_CHECKING:
    from django.contrib.auth.models import User

RULES = (
    "mode",
    "review_from",
    "block_from",
    "published_types",
    "max_hold",
    "hold_fallback",
    "blocks_per_hour",
    "promise",
    "missed_limit",
    "missed_reviews_per_day",
    "block_audits_per_day",
    "allow_audits_per_day",
    "honeypot_field",
    "statements",
    "appeal_days",
)
"""The fields of a policy that an operator chooses."""
HOW_FAR = (
    "How far the machine may go. Observe: it allows every post and records what it would have "
    "done. Review only: it allows, and holds the rest for people; its model blocks nothing. "
    "Provisional: its model also blocks, by a threshold that nothing has shown to be right. "
    "Certified: its model blocks what random checks by people have shown to be right, and people "
    "judge the rest."
)
AUDITS = (
    "Of the posts that the machine {does}, about so many a day are drawn at random, and people "
    "judge them without seeing what the machine says. How often it is wrong there is known from "
    "these alone: more a day tell it sooner and more narrowly, and take more work."
)


def _person(request: HttpRequest) -> User:
    """Return who is asking; the admin lets nobody in who is not logged in."""
    return cast("User", request.user)


# Sites and their rules


class NewSiteForm(forms.ModelForm):  # type: ignore[type-arg]
    mode = forms.ChoiceField(
        choices=[(mode.value, mode.value.replace("_", " ")) for mode in Mode],
        initial=Mode.REVIEW_ONLY,
        widget=UnfoldAdminSelectWidget,
        help_text=HOW_FAR,
    )

    class Meta:
        model = Site
        fields = ("name",)


class SiteForm(forms.ModelForm):  # type: ignore[type-arg]
    """A site with the rules in force; what is changed of these becomes a new revision."""

    mode = forms.ChoiceField(
        choices=[(mode.value, mode.value.replace("_", " ")) for mode in Mode],
        widget=UnfoldAdminSelectWidget,
        help_text=HOW_FAR,
    )
    published_types = forms.MultipleChoiceField(
        choices=[(kind.value, kind.value) for kind in PostType],
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text="Post types that stay published while they wait for review; others are held.",
    )
    locals().update(
        forms.fields_for_model(
            Policy,
            fields=[rule for rule in RULES if rule not in ("mode", "published_types")],
            widgets={
                "review_from": UnfoldAdminDecimalFieldWidget(attrs={"step": "any"}),
                "block_from": UnfoldAdminDecimalFieldWidget(attrs={"step": "any"}),
                "max_hold": UnfoldAdminTextInputWidget,
                "hold_fallback": UnfoldAdminSelectWidget,
                "blocks_per_hour": UnfoldAdminIntegerFieldWidget,
                "promise": UnfoldAdminDecimalFieldWidget(attrs={"step": "any"}),
                "missed_limit": UnfoldAdminDecimalFieldWidget(attrs={"step": "any"}),
                "missed_reviews_per_day": UnfoldAdminIntegerFieldWidget,
                "block_audits_per_day": UnfoldAdminIntegerFieldWidget,
                "allow_audits_per_day": UnfoldAdminIntegerFieldWidget,
                "honeypot_field": UnfoldAdminTextInputWidget,
                "statements": UnfoldAdminSelectWidget,
                "appeal_days": UnfoldAdminIntegerFieldWidget,
            },
            help_texts={
                "max_hold": "How long a post may be held unanswered, as days hours:minutes:"
                "seconds.",
                "block_audits_per_day": AUDITS.format(does="blocks, or would block"),
                "allow_audits_per_day": AUDITS.format(does="allows"),
                "statements": "The reasons that the site can show the author of a blocked post: in "
                "plain, coarse words, with how to appeal, and nothing that would help a spammer. "
                "A campaign is several posts with the same words or link.",
            },
        )
    )

    class Meta:
        model = Site
        fields = ("name", "pool_labels")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.policy = sites.policy_of(self.instance)
        for rule in RULES:
            self.fields[rule].initial = getattr(self.policy, rule)

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        review, block = values.get("review_from"), values.get("block_from")
        if review is not None and block is not None and review > block:
            self.add_error("block_from", "Blocking cannot begin below review.")
        policy = Policy(**{rule: values[rule] for rule in RULES if rule in values})
        try:
            policy.clean_fields(exclude={"site", "revision", "created_by", *self.errors})
        except ValidationError as error:
            self.add_error(None, error)
        return values

    def changed_rules(self) -> dict[str, Any]:
        """Return only what was changed here: somebody else may have changed other rules."""
        return {rule: self.cleaned_data[rule] for rule in RULES if rule in self.changed_data}


@admin.register(Site)
class SiteAdmin(ModelAdmin):
    list_display = ("name", "mode", "policy_revision", "pool_labels", "created_at")
    search_fields = ("name",)
    ordering = ("name",)
    readonly_fields = ("policy_in_force", "guidelines")

    def get_fieldsets(self, request: HttpRequest, obj: Site | None = None) -> Any:
        if obj is None:
            return ((None, {"fields": ("name", "mode")}),)
        return (
            (None, {"fields": ("name", "pool_labels")}),
            (
                "Policy",
                {
                    "fields": ("policy_in_force", "guidelines", *RULES),
                    "description": "A change here is stored as a new revision. Decisions keep "
                    "naming the revision that they were made under.",
                },
            ),
        )

    def get_form(
        self, request: HttpRequest, obj: Site | None = None, change: bool = False, **kwargs: Any
    ) -> type[forms.ModelForm[Any]]:
        kwargs["form"] = NewSiteForm if obj is None else SiteForm
        return super().get_form(request, obj, change=change, **kwargs)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Site]:
        newest = Policy.objects.filter(site=OuterRef("pk")).order_by("-revision")
        return (
            super()
            .get_queryset(request)
            .annotate(
                mode_now=Subquery(newest.values("mode")[:1]),
                revision_now=Subquery(newest.values("revision")[:1]),
            )
        )

    def save_model(self, request: HttpRequest, obj: Site, form: Any, change: bool) -> None:
        if change:
            super().save_model(request, obj, form, change)
            sites.change_policy(site=obj, created_by=_person(request), **form.changed_rules())
            return
        made = sites.create_site(
            name=obj.name, mode=form.cleaned_data["mode"], created_by=_person(request)
        )
        obj.pk, obj.created_at = made.pk, made.created_at

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    @display(description="Mode", label=True)
    def mode(self, site: Any) -> str:
        return str(site.mode_now).replace("_", " ")

    @display(description="Policy")
    def policy_revision(self, site: Any) -> str:
        return f"revision {site.revision_now}"

    @display(description="In force")
    def policy_in_force(self, site: Any) -> SafeString:
        url = reverse("admin:moderation_policy_changelist") + f"?site__id__exact={site.pk}"
        return format_html(
            'Revision {} · <a class="text-primary-600 dark:text-primary-500" href="{}">'
            "all revisions</a>",
            site.revision_now,
            url,
        )

    @display(description="Guidelines")
    def guidelines(self, site: Any) -> SafeString:
        return format_html(
            '<a class="text-primary-600 dark:text-primary-500" href="{}">Write them</a>',
            reverse("console:write-guidelines", args=[site.pk]),
        )


@admin.register(Policy)
class PolicyAdmin(ReadOnlyAdmin):
    list_display = ("site", "revision", "mode", "review_from", "block_from", "max_hold", "by_whom")
    list_filter = ("site", "mode")
    list_select_related = ("site", "created_by")

    @display(description="Changed", empty_value="–")
    def by_whom(self, policy: Policy) -> str:
        who = policy.created_by.get_username() if policy.created_by else "a command"
        return f"{policy.created_at:%Y-%m-%d %H:%M} by {who}"


@admin.register(ListEntry)
class ListEntryAdmin(ModelAdmin):
    list_display = ("value", "kind", "verdict", "site", "note", "created_at")
    list_filter = ("site", "kind", "verdict")
    list_select_related = ("site",)
    search_fields = ("value", "note")
    show_full_result_count = False
    fields = ("site", ("kind", "verdict"), "value", "note")

    def get_form(
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> type[forms.ModelForm[Any]]:
        kwargs["form"] = ListEntryForm
        return super().get_form(request, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: ListEntry, form: Any, change: bool) -> None:
        if not change:
            obj.created_by = _person(request)
        super().save_model(request, obj, form, change)


class ListEntryForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = ListEntry
        fields = ("site", "kind", "verdict", "value", "note")

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        if values.get("kind") and values.get("value"):
            try:
                values["value"] = lists.normalize(values["kind"], values["value"])
            except InvalidListEntry as error:
                raise ValidationError({"value": error.sentence}) from error
        return values


# Keys


EDITABLE_OF_KEY = ("name", "requests_per_minute")


class ConfirmDialog(BaseDialogForm):
    """Asks for nothing but a second click."""


@admin.register(ApiKey)
class ApiKeyAdmin(ModelAdmin):
    list_display = ("prefix", "name", "site", "kind", "last_used_at", "state")
    list_filter = ("site", "kind")
    list_select_related = ("site",)
    search_fields = ("prefix", "name")
    ordering = ("-pk",)
    actions_detail = ("revoke",)

    def get_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> Any:
        asked = ("site", "name", "kind", "requests_per_minute")
        shown = ("prefix", "created_at", "created_by", "last_used_at", "revoked_at")
        return asked if obj is None else (*asked, *shown)

    def get_readonly_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> Any:
        if obj is None:
            return ()
        return [name for name in self.get_fields(request, obj) if name not in EDITABLE_OF_KEY]

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: ApiKey, form: Any, change: bool) -> None:
        if change:
            obj.save(update_fields=EDITABLE_OF_KEY)
            return
        made, key = access.create_key(
            site=obj.site,
            name=obj.name,
            kind=obj.kind,
            created_by=_person(request),
        )
        obj.pk, obj.prefix = made.pk, made.prefix
        obj.save(update_fields=["requests_per_minute"])
        request.new_key = key  # type: ignore[attr-defined]

    def response_add(
        self, request: HttpRequest, obj: ApiKey, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Show the key in the answer itself, so that it is stored nowhere, not even in a cookie."""
        context = {
            **self.admin_site.each_context(request),
            "title": f"The new key of {obj.site}",
            "opts": self.opts,
            "content": format_html(
                '<div class="max-w-2xl py-4"><p class="mb-4">This key is shown once. Copy it now: '
                "only its digest is stored, so nobody can look it up again.</p>"
                '<p class="mb-6 p-4 rounded-default border border-base-200 dark:border-base-700 '
                'text-base text-important break-all select-all"><code id="new-key">{}</code></p>'
                '<p><a class="text-primary-600 dark:text-primary-500 font-medium" href="{}">'
                "I have copied it</a></p></div>",
                request.new_key,  # type: ignore[attr-defined]
                reverse("admin:moderation_apikey_changelist"),
            ),
        }
        return TemplateResponse(request, "admin/base_site.html", context)

    @display(description="State", label={"works": "success", "revoked": "danger"})
    def state(self, key: ApiKey) -> str:
        return "revoked" if key.revoked_at else "works"

    @action(
        description="Revoke",
        permissions=["change"],
        icon="block",
        dialog={
            "title": "Revoke this key?",
            "description": "It stops working with the next request, for good.",
            "form_class": ConfirmDialog,
            "form_submit_text": "Revoke",
        },
    )
    def revoke(self, request: HttpRequest, form: ConfirmDialog, object_id: str) -> HttpResponse:
        found = get_object_or_404(self.get_queryset(request), pk=object_id)
        key = access.revoke_key(api_key=found)
        messages.success(request, f"{key.prefix}… no longer works.")
        return leave_dialog(request, reverse("admin:moderation_apikey_change", args=[key.pk]))
