"""The people who judge, in the admin: their roles, their two-step login, their failed log-ins."""

from __future__ import annotations

from typing import Any, cast

from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, User
from django.db.models import Exists, Model, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import action, display
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from classifiers.admin import leave_dialog
from moderation.admin.operators import ConfirmDialog
from reviews.admin.replaced import leave_out
from reviews.models import Membership
from reviews.people import second_factor
from reviews.roles import GIVEN, Act, roles_that

leave_out(User, Group, AccessAttempt, AccessLog, AccessFailureLog)
# Their pages would show keys and codes.
leave_out(TOTPDevice, StaticDevice)


class MembershipForm(forms.ModelForm):  # type: ignore[type-arg]
    lanes = forms.MultipleChoiceField(
        choices=[(lane.value, lane.value) for lane in GIVEN],
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text=Membership._meta.get_field("lanes").help_text,
    )


class MembershipInline(TabularInline):
    model = Membership
    form = MembershipForm
    extra = 0


@admin.register(User)
class UserAdmin(DjangoUserAdmin, ModelAdmin):  # type: ignore[type-arg]
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    inlines = (MembershipInline,)
    list_display = (*DjangoUserAdmin.list_display, "two_step")  # type: ignore[misc]
    actions_detail = ("reset_two_step",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        device = TOTPDevice.objects.filter(user=OuterRef("pk"), confirmed=True)
        return super().get_queryset(request).annotate(has_device=Exists(device))

    @display(description="Two-step login", boolean=True)
    def two_step(self, user: Any) -> bool:
        return user.has_device

    @action(
        description="Reset two-step login",
        permissions=["change"],
        icon="phonelink_erase",
        dialog={
            "title": "Reset this person's two-step login?",
            "description": "For somebody who has lost their phone and their recovery codes; make "
            "sure that it is they who ask. Their sessions end, and their password alone lets "
            "them in until they have set it up anew.",
            "form_class": ConfirmDialog,
            "form_submit_text": "Reset",
        },
    )
    def reset_two_step(
        self, request: HttpRequest, form: ConfirmDialog, object_id: str
    ) -> HttpResponse:
        user = User.objects.get(pk=object_id)
        if user == request.user:
            messages.error(request, "Change your own on your account's page, with a code.")
        elif second_factor.reset(user=user, by=cast("User", request.user)):
            messages.success(request, "Two-step login was reset.")
        else:
            messages.info(request, "There was none to reset.")
        return leave_dialog(request, reverse("admin:auth_user_change", args=[user.pk]))

    def get_inline_instances(self, request: HttpRequest, obj: User | None = None) -> list[Any]:
        # A user is made with name and password first; then there is somebody to add to sites.
        return super().get_inline_instances(request, obj) if obj else []


@admin.register(Group)
class GroupAdmin(DjangoGroupAdmin, ModelAdmin):
    pass


@admin.register(Membership)
class MembershipAdmin(ModelAdmin):
    form = MembershipForm
    list_display = ("user", "site", "role", "judges", "sees_hidden")
    list_filter = ("site", "role")
    list_select_related = ("user", "site")
    autocomplete_fields = ("user", "site")

    @display(description="Judges")
    def judges(self, membership: Membership) -> str:
        if membership.role not in roles_that(Act.JUDGE):
            return "–"
        return ", ".join(membership.lanes) or "all cases"


@admin.register(AccessAttempt)
class AccessAttemptAdmin(ModelAdmin):
    """Failed log-ins; deleting one lets the person try again at once."""

    list_display = ("username", "ip_address", "failures_since_start", "attempt_time")
    search_fields = ("username", "ip_address")
    fields = ("username", "ip_address", "user_agent", "failures_since_start", "attempt_time")
    readonly_fields = fields

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[AccessAttempt]:
        return super().get_queryset(request).order_by("-attempt_time")

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False
