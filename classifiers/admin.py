"""Model versions in the admin: looked at; `/review/models/` promotes them and rolls back."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from unfold.admin import ModelAdmin
from unfold.decorators import display
from unfold.paginator import InfinitePaginator
from unfold.views import ChangeList

from classifiers.models import ModelVersion

STAGE_COLOURS = {
    "production": "success",
    "shadow": "info",
    "canary": "warning",
    "candidate": "info",
}


NEWEST = 10_000
"""Lists go back so far, filtered or not: what is older is found by search."""


class NewestPaginator(InfinitePaginator):
    """Pages of the newest rows. Nothing is counted, and rows are read only for the page shown."""

    count = NEWEST

    def page(self, number: Any) -> Any:
        number = self.validate_number(number)
        first = (number - 1) * self.per_page
        # The database would read whole rows, with all that is joined to them, to skip them.
        keys = self.object_list.values_list("pk", flat=True)[first : first + self.per_page]
        return self._get_page(self.object_list.filter(pk__in=list(keys)), number, self)


# Unfold's templates leave out the count for a class of this name.
NewestPaginator.__name__ = InfinitePaginator.__name__


class NewestList(ChangeList):
    """A list whose filters look through its newest rows: nothing may be found among millions."""

    def get_queryset(self, request: HttpRequest, *args: Any, **kwargs: Any) -> QuerySet[Any]:
        found = super().get_queryset(request, *args, **kwargs)
        filters = self.get_filters_params()
        if self.query or not filters:
            return found
        rows = self.root_queryset.order_by("-pk")
        site = filters.get("site__id__exact")
        if site and self.model_admin.finds_by_site:
            if len(filters) == 1:
                return found
            rows = rows.filter(site=site[0])
        oldest = rows.values_list("pk", flat=True)[NEWEST - 1 : NEWEST].first()
        if oldest is None:
            return found
        messages.info(
            request, f"Filters look through the newest {NEWEST:,} rows; search finds all."
        )
        return found.filter(pk__gte=oldest)


class ReadOnlyAdmin(ModelAdmin):
    """What happened: shown here, written elsewhere.

    Its tables may hold millions of rows, so its lists neither count nor read through them.
    """

    paginator = NewestPaginator
    finds_by_site = False
    """Whether an index holds each site's rows, newest first."""
    show_full_result_count = False
    list_per_page = 50
    ordering: tuple[str, ...] = ("-pk",)
    sortable_by: tuple[str, ...] = ()
    """Newest first is what an index gives; any other order would sort the whole table."""
    actions = None

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return NewestList

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


def leave_dialog(request: HttpRequest, url: str) -> HttpResponse:
    """Return the answer that brings the browser from a dialog to `url`, with htmx or without."""
    if request.headers.get("HX-Request"):
        return HttpResponse(headers={"HX-Redirect": url})
    return HttpResponseRedirect(url)


@admin.register(ModelVersion)
class ModelVersionAdmin(ReadOnlyAdmin):
    list_display = ("name", "slot", "shown_stage", "promoted_at", "created_at", "why")
    list_filter = ("stage", "slot")
    search_fields = ("name",)
    list_select_related = ("parent",)
    fields = (
        ("name", "slot", "stage"),
        "reason",
        "problem",
        ("created_at", "promoted_at"),
        "parent",
        "digest",
        "snapshot_hash",
        "manifest",
    )

    @display(description="Stage", ordering="stage", label=STAGE_COLOURS)
    def shown_stage(self, version: ModelVersion) -> str:
        return version.stage

    @display(description="Reason")
    def why(self, version: ModelVersion) -> str:
        return version.reason[:120]
