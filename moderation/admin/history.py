"""Posts and what was decided about them, in the admin: all of it read-only.

Lists page without counting, and search by exact ids, so that indexes answer on large tables.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import F, Model, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Left
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.admin import StackedInline, TabularInline
from unfold.decorators import display

from classifiers.admin import ReadOnlyAdmin
from moderation.models import (
    AuditDraw,
    Author,
    Caution,
    Certificate,
    DataRead,
    Decision,
    Event,
    Feedback,
    Post,
    PostRevision,
    Score,
    Site,
)

OUTCOME_COLOURS = {"allow": "success", "review": "warning", "block": "danger"}
EXCERPT = 80
AUTHORS_FOUND = 100


def find_authors(term: str) -> QuerySet[Author]:
    """Return the authors with exactly this id, on any site."""
    return Author.objects.filter(site__in=list(Site.objects.values_list("pk", flat=True))).filter(
        external_id=term
    )


def find_posts(posts: QuerySet[Post], term: str) -> QuerySet[Post]:
    """Return the posts with this id, this external id, or by the author with this id."""
    try:
        return posts.filter(pk=UUID(term))
    except ValueError:
        pass
    sites = list(Site.objects.values_list("pk", flat=True))
    authors = list(find_authors(term).values_list("pk", flat=True)[:AUTHORS_FOUND])
    return posts.filter(Q(site__in=sites, external_id=term) | Q(author__in=authors))


class ExactSearch:
    """Search by whole ids: the lists of an admin mix in what finds them."""

    search_fields = ("pk",)
    post_field = "post"

    def find(self, rows: QuerySet[Any], term: str) -> QuerySet[Any]:
        """Return the rows about the posts that `find_posts` finds."""
        # In order, so that the database does not read posts until it happens upon enough.
        posts = find_posts(Post.objects.order_by("-pk"), term).values_list("pk", flat=True)
        return rows.filter(**{f"{self.post_field}__in": list(posts[:AUTHORS_FOUND])})

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip()
        return (self.find(queryset, term) if term else queryset), False


class ReadOnlyInline:
    """Rows below the post that they belong to."""

    extra = 0
    max_num = 0
    tab = True
    show_change_link = False
    ordering: tuple[str, ...] = ("-pk",)

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class RevisionInline(ReadOnlyInline, StackedInline):
    model = PostRevision
    fields = (
        "title",
        "text",
        "context",
        "permalink",
        ("author_name", "author_email", "author_url"),
        "user_agent",
        ("language", "posted_at", "registered_at"),
        "metadata",
        "created_at",
    )


class DecisionInline(ReadOnlyInline, TabularInline):
    model = Decision
    fk_name = "post"
    fields = ("created_at", "revision", "outcome", "published", "source", "probability", "rules")
    readonly_fields = ("rules",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Decision]:
        return super().get_queryset(request).select_related("policy", "user")

    @display(description="Model, policy")
    def rules(self, decision: Decision) -> str:
        model = decision.model or "no model"
        return f"{model}, {decision.mode} under policy {decision.policy.revision}"


class ScoreInline(ReadOnlyInline, TabularInline):
    model = Score
    fields = ("created_at", "revision", "scorer", "model", "probability", "serving")


class FeedbackInline(ReadOnlyInline, TabularInline):
    model = Feedback
    fields = ("created_at", "revision", "label", "actor_role", "actor_id")


@admin.register(Post)
class PostAdmin(ExactSearch, ReadOnlyAdmin):
    list_display = ("excerpt", "site", "author", "type", "status", "shown_outcome", "came", "id")
    list_filter = ("site", "status", "outcome", "type")
    finds_by_site = True
    list_select_related = ("site", "author")
    search_help_text = "A post's id, its external id, or its author's id, in full."
    fields = (
        "words",
        ("id", "external_id"),
        ("site", "author", "ip"),
        ("type", "revision"),
        ("status", "outcome", "decision"),
        ("created_at", "submitted_at", "decided_at"),
        ("hold_until", "attempts", "lease_until"),
    )
    readonly_fields = ("words",)
    inlines: tuple[type, ...] = (RevisionInline, DecisionInline, ScoreInline, FeedbackInline)

    def find(self, rows: QuerySet[Post], term: str) -> QuerySet[Post]:
        return find_posts(rows, term)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Post]:
        words = PostRevision.objects.filter(post=OuterRef("pk"), revision=OuterRef("revision"))
        start = words.annotate(start=Left("text", EXCERPT)).values("start")[:1]
        return super().get_queryset(request).annotate(start=Subquery(start))

    @display(description="Words")
    def excerpt(self, post: Any) -> SafeString:
        # In its own box: directions do not leak from it, and no word widens the table.
        return format_html(
            '<bdi style="display:block; max-width:26rem; white-space:normal; overflow:clip; '
            'overflow-wrap:anywhere">{}</bdi>',
            post.start or "–",
        )

    @display(description="Text")
    def words(self, post: Post) -> str:
        return post.revisions.get(revision=post.revision).text

    @display(description="Outcome", ordering="outcome", label=OUTCOME_COLOURS)
    def shown_outcome(self, post: Post) -> str | None:
        return post.outcome

    @display(description="Came in")
    def came(self, post: Post) -> str:
        return f"{post.submitted_at:%Y-%m-%d %H:%M}"


@admin.register(Author)
class AuthorAdmin(ExactSearch, ReadOnlyAdmin):
    list_display = ("external_id", "name", "site", "spam_verdicts", "ham_verdicts", "created_at")
    list_filter = ("site",)
    list_select_related = ("site",)
    search_help_text = "An author's id on the site, in full."

    def find(self, rows: QuerySet[Author], term: str) -> QuerySet[Author]:
        return rows.filter(pk__in=list(find_authors(term).values_list("pk", flat=True)))


@admin.register(Decision)
class DecisionAdmin(ExactSearch, ReadOnlyAdmin):
    list_display = (
        "id",
        "site",
        "post_id",
        "shown_outcome",
        "source",
        "by",
        "probability",
        "mode",
        "model",
        "created_at",
    )
    list_filter = ("site", "outcome", "source", "by", "failed", "capped")
    list_select_related = ("site",)
    search_help_text = PostAdmin.search_help_text
    exclude = ("fingerprint",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Decision]:
        return super().get_queryset(request).select_related("site", "policy__site", "user", "post")

    @display(description="Outcome", ordering="outcome", label=OUTCOME_COLOURS)
    def shown_outcome(self, decision: Decision) -> str:
        return decision.outcome


@admin.register(AuditDraw)
class AuditDrawAdmin(ReadOnlyAdmin):
    list_display = ("id", "site", "stratum", "probability", "draw", "selected", "created_at")
    list_filter = ("site", "stratum", "selected")
    list_select_related = ("site",)


@admin.register(DataRead)
class DataReadAdmin(ExactSearch, ReadOnlyAdmin):
    list_display = ("created_at", "site", "api_key", "account", "kind", "post", "count")
    list_filter = ("site", "kind")
    list_select_related = ("site", "api_key")


@admin.register(Certificate)
class CertificateAdmin(ReadOnlyAdmin):
    list_display = (
        "id",
        "site",
        "model",
        "threshold",
        "promise",
        "bound",
        "created_at",
        "ended_because",
    )
    list_filter = ("site", "broken", ("ended_at", admin.EmptyFieldListFilter))
    list_select_related = ("site",)


@admin.register(Caution)
class CautionAdmin(ReadOnlyAdmin):
    list_display = ("id", "site", "limit", "asks_from", "a_day", "created_at", "ended_because")
    list_filter = ("site", ("ended_at", admin.EmptyFieldListFilter))
    list_select_related = ("site",)


@admin.register(Event)
class EventAdmin(ExactSearch, ReadOnlyAdmin):
    list_display = ("id", "kind", "site", "post_id", "attempts", "created_at", "delivered_at")
    list_filter = ("kind", "site", ("delivered_at", admin.EmptyFieldListFilter))
    list_select_related = ("site",)
    search_help_text = PostAdmin.search_help_text


@admin.register(Score)
class ScoreAdmin(ExactSearch, ReadOnlyAdmin):
    list_display = ("id", "post_id", "scorer", "model", "probability", "serving", "created_at")
    list_filter = ("serving",)
    search_help_text = PostAdmin.search_help_text


@admin.register(Feedback)
class FeedbackAdmin(ExactSearch, ReadOnlyAdmin):
    list_display = ("id", "site", "post_id", "label", "actor_role", "actor_id", "created_at")
    list_filter = ("label", "actor_role")
    search_help_text = PostAdmin.search_help_text

    def get_queryset(self, request: HttpRequest) -> QuerySet[Feedback]:
        return super().get_queryset(request).annotate(site_name=F("post__site__name"))

    @display(description="Site")
    def site(self, feedback: Any) -> str:
        return feedback.site_name
