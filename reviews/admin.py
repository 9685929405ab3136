"""Cases, verdicts and labels in the admin, the people who judge, and the schedules."""

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
from django.utils.safestring import SafeString
from django_celery_beat import admin as beat
from django_celery_beat.models import (
    ClockedSchedule,
    CrontabSchedule,
    IntervalSchedule,
    PeriodicTask,
    SolarSchedule,
)
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import action, display
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from classifiers.admin import ReadOnlyAdmin, leave_dialog
from moderation.admin.history import ExactSearch, PostAdmin, ReadOnlyInline, RevisionInline
from moderation.admin.operators import ConfirmDialog
from moderation.models import Post, PostRevision
from reviews.console.covered import behind_a_click
from reviews.console.explicit import spans
from reviews.models import (
    Appeal,
    Case,
    ImportRun,
    Label,
    LegalHold,
    ListChange,
    Look,
    LookPlan,
    Membership,
    PageView,
    Retention,
    RetrainRun,
    Verdict,
)
from reviews.people import second_factor
from reviews.roles import GIVEN, Act, roles_that

STATE_COLOURS = {"open": "warning", "judged": "success", "closed": "info"}
VERDICT_COLOURS = {"spam": "danger", "not_spam": "success", "remove": "warning"}
APPEAL_COLOURS = {"open": "warning", "upheld": "danger", "overturned": "success"}
RUN_COLOURS = {"promoted": "success", "failed": "danger", "running": "info", "kept": "warning"}

for plain in (
    Post,
    User,
    Group,
    PeriodicTask,
    ClockedSchedule,
    CrontabSchedule,
    IntervalSchedule,
    SolarSchedule,
    AccessAttempt,
    AccessLog,
    AccessFailureLog,
    # Their pages would show keys and codes.
    TOTPDevice,
    StaticDevice,
):
    if admin.site.is_registered(plain):
        admin.site.unregister(plain)


# Review


class CaseInline(ReadOnlyInline, TabularInline):
    model = Case
    fields = ("opened_at", "revision", "lane", "state", "round", "closed_at", "closed_because")


class LabelInline(ReadOnlyInline, TabularInline):
    model = Label
    fields = ("created_at", "revision", "label", "source", "audit", "retraction")
    readonly_fields = ("retraction",)

    @display(description="Retracts an earlier one", boolean=True)
    def retraction(self, label: Label) -> bool:
        return label.retracts_id is not None


class CoveredRevisionInline(RevisionInline):
    """Revisions, whose explicit words wait for a click."""

    readonly_fields = ("its_title", "its_text", "its_context")
    fields = (*readonly_fields, *RevisionInline.fields[3:])

    @display(description="Title")
    def its_title(self, words: PostRevision) -> SafeString:
        return behind_a_click(words.title)

    @display(description="Text")
    def its_text(self, words: PostRevision) -> SafeString:
        return behind_a_click(words.text)

    @display(description="Context")
    def its_context(self, words: PostRevision) -> SafeString:
        return behind_a_click(words.context)


@admin.register(Post)
class ReviewedPostAdmin(PostAdmin):
    """A post with what people said of it; explicit words wait for a click."""

    inlines = (CoveredRevisionInline, *PostAdmin.inlines[1:], CaseInline, LabelInline)

    @display(description="Words")
    def excerpt(self, post: Any) -> SafeString:
        if not spans(post.start or ""):
            return super().excerpt(post)
        # The excerpt is the way to the post, which a click on it would open.
        return SafeString("Explicit words")

    @display(description="Text")
    def words(self, post: Post) -> SafeString:
        return behind_a_click(super().words(post))


@admin.register(Case)
class CaseAdmin(ExactSearch, ReadOnlyAdmin):
    list_display = ("id", "site", "post_id", "lane", "shown_state", "holder", "opened_at")
    list_filter = ("site", "state", "lane")
    finds_by_site = True
    list_select_related = ("site", "holder")
    search_help_text = PostAdmin.search_help_text

    @display(description="State", ordering="state", label=STATE_COLOURS)
    def shown_state(self, case: Case) -> str:
        return case.state


@admin.register(Verdict)
class VerdictAdmin(ReadOnlyAdmin):
    list_display = ("id", "case", "site", "shown_kind", "user", "note", "created_at")
    list_filter = ("kind", "user")
    list_select_related = ("case__site", "user")

    @display(description="Site")
    def site(self, verdict: Verdict) -> str:
        return str(verdict.case.site)

    @display(description="Verdict", ordering="kind", label=VERDICT_COLOURS)
    def shown_kind(self, verdict: Verdict) -> str:
        return verdict.kind


@admin.register(Label)
class LabelAdmin(ExactSearch, ReadOnlyAdmin):
    list_display = ("id", "site", "post_id", "label", "source", "audit", "in_force", "created_at")
    list_filter = ("site", "label", "source", "audit")
    finds_by_site = True
    list_select_related = ("site", "retracted_by")
    search_help_text = PostAdmin.search_help_text

    @display(description="In force", boolean=True)
    def in_force(self, label: Label) -> bool:
        return label.retracts_id is None and not hasattr(label, "retracted_by")


@admin.register(Appeal)
class AppealAdmin(ExactSearch, ReadOnlyAdmin):
    list_display = ("id", "site", "post_id", "shown_state", "via", "created_at", "resolved_at")
    list_filter = ("site", "state", "via")
    finds_by_site = True
    list_select_related = ("site",)
    search_help_text = PostAdmin.search_help_text

    @display(description="State", ordering="state", label=APPEAL_COLOURS)
    def shown_state(self, appeal: Appeal) -> str:
        return appeal.state


@admin.register(ListChange)
class ListChangeAdmin(ExactSearch, ReadOnlyAdmin):
    """Who trusted or denied whom from a case, and who took it back; not about hidden posts."""

    post_field = "post_id"
    list_display = ("created_at", "site", "user", "kind", "value", "before", "after", "undoes_id")
    list_filter = ("site", "user", "kind")
    finds_by_site = True
    list_select_related = ("site", "user")
    search_help_text = PostAdmin.search_help_text

    def get_queryset(self, request: HttpRequest) -> QuerySet[ListChange]:
        found: QuerySet[ListChange] = super().get_queryset(request)
        hidden = Post.objects.filter(pk=OuterRef("post_id"), hidden_at__isnull=False)
        return found.exclude(Exists(hidden))


@admin.register(LegalHold)
class LegalHoldAdmin(ExactSearch, ReadOnlyAdmin):
    """Who hid a dangerous post, and who showed it again: by id, without a word of it."""

    list_display = ("created_at", "site", "act", "user", "post_id", "verdict_id")
    fields = list_display
    list_filter = ("site", "act", "user")
    finds_by_site = True
    list_select_related = ("site", "user")
    search_help_text = PostAdmin.search_help_text


# Learning


@admin.register(RetrainRun)
class RetrainRunAdmin(ReadOnlyAdmin):
    list_display = ("slot", "shown_state", "labels", "model", "reason", "started_at", "finished_at")
    list_filter = ("state", "slot")
    list_select_related = ("model",)

    @display(description="State", ordering="state", label=RUN_COLOURS)
    def shown_state(self, run: RetrainRun) -> str:
        return run.state


@admin.register(ImportRun)
class ImportRunAdmin(ReadOnlyAdmin):
    list_display = (
        *("file_name", "site", "labelled", "read_as", "rows_done", "rows_skipped", "finished_at"),
    )
    list_filter = ("site", "labelled")
    list_select_related = ("site",)


class ScheduleTaskSelect(UnfoldAdminSelectWidget, beat.TaskSelectWidget):
    """The list of tasks, dressed like the other fields."""


class ScheduleForm(beat.PeriodicTaskForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["task"].widget = UnfoldAdminTextInputWidget()
        self.fields["regtask"].widget = ScheduleTaskSelect()


@admin.register(PeriodicTask)
class PeriodicTaskAdmin(beat.PeriodicTaskAdmin, ModelAdmin):
    form = ScheduleForm
    list_select_related = ("interval", "crontab", "solar", "clocked")


@admin.register(IntervalSchedule)
class IntervalScheduleAdmin(beat.IntervalScheduleAdmin, ModelAdmin):
    pass


@admin.register(CrontabSchedule)
class CrontabScheduleAdmin(beat.CrontabScheduleAdmin, ModelAdmin):
    pass


@admin.register(ClockedSchedule)
class ClockedScheduleAdmin(beat.ClockedScheduleAdmin, ModelAdmin):
    pass


# Forgetting


@admin.register(Retention)
class RetentionAdmin(ModelAdmin):
    list_display = ("site", "words_days", "facts_days", "ran_at")
    list_select_related = ("site",)
    fields = ("site", "words_days", "facts_days")

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        return ("site",) if obj else ()


# Second looks


@admin.register(LookPlan)
class LookPlanAdmin(ModelAdmin):
    list_display = ("site", "second_share", "spam_share", "gold_share", "plain_share")
    list_select_related = ("site",)

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        return ("site",) if obj else ()


@admin.register(Look)
class LookAdmin(ReadOnlyAdmin):
    list_display = ("id", "site", "kind", "why", "probability", "own", "due_at", "ended")
    list_filter = ("site", "kind", "why", "own")
    list_select_related = ("site",)


# People


@admin.register(PageView)
class PageViewAdmin(ReadOnlyAdmin):
    """Who was shown what. What was searched for is found by its own page alone."""

    list_display = ("created_at", "user", "page", "subject", "sent", "site")
    list_filter = ("site", "user", "sent")
    finds_by_site = True
    list_select_related = ("user", "site")
    search_fields = ("=subject",)
    search_help_text = "The id of a case, a post or an author, in full."


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
