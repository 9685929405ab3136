"""Posts with what people said of them, cases, verdicts, labels and appeals, in the admin."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString
from unfold.admin import TabularInline
from unfold.decorators import display

from classifiers.admin import ReadOnlyAdmin
from moderation.admin.history import ExactSearch, PostAdmin, ReadOnlyInline, RevisionInline
from moderation.models import Post, PostRevision
from reviews.admin.replaced import leave_out
from reviews.console.case.explicit import spans
from reviews.models import Appeal, Case, Label, Verdict

leave_out(Post)

TELLS = "Explicit words: show the text"
STATE_COLOURS = {"open": "warning", "judged": "success", "closed": "info"}
VERDICT_COLOURS = {"spam": "danger", "not_spam": "success", "remove": "warning"}
APPEAL_COLOURS = {"open": "warning", "upheld": "danger", "overturned": "success"}


def behind_a_click(text: str) -> SafeString:
    """Return `text` escaped; where it has explicit words, folded away until somebody asks."""
    if not spans(text):
        return escape(text)
    return format_html("<details><summary>{}</summary>{}</details>", TELLS, text)


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
