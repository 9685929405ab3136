"""Runs, second looks, pages shown and what a site keeps, in the admin."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Exists, Model, OuterRef, QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin
from unfold.decorators import display

from classifiers.admin import ReadOnlyAdmin
from moderation.admin.history import ExactSearch, PostAdmin
from moderation.models import Post
from reviews.models import (
    ImportRun,
    LegalHold,
    ListChange,
    Look,
    LookPlan,
    PageView,
    Retention,
    RetrainRun,
)

RUN_COLOURS = {"promoted": "success", "failed": "danger", "running": "info", "kept": "warning"}


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


@admin.register(Retention)
class RetentionAdmin(ModelAdmin):
    list_display = ("site", "words_days", "facts_days", "ran_at")
    list_select_related = ("site",)
    fields = ("site", "words_days", "facts_days")

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        return ("site",) if obj else ()


@admin.register(LookPlan)
class LookPlanAdmin(ModelAdmin):
    """How much is looked at again: it is changed, and never deleted, or the usual shares would be
    in force again without anybody having said so."""

    list_display = ("site", "second_share", "spam_share", "gold_share", "plain_share")
    list_select_related = ("site",)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        return ("site",) if obj else ()


@admin.register(Look)
class LookAdmin(ReadOnlyAdmin):
    list_display = ("id", "site", "kind", "why", "probability", "own", "due_at", "ended")
    list_filter = ("site", "kind", "why", "own")
    list_select_related = ("site",)


@admin.register(PageView)
class PageViewAdmin(ReadOnlyAdmin):
    """Who was shown what. What was searched for is found by its own page alone."""

    list_display = ("created_at", "user", "page", "subject", "sent", "site")
    list_filter = ("site", "user", "sent")
    finds_by_site = True
    list_select_related = ("user", "site")
    search_fields = ("=subject",)
    search_help_text = "The id of a case, a post or an author, in full."
