"""Model versions in the admin: looked at, promoted and rolled back, never edited."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from unfold.admin import ModelAdmin
from unfold.decorators import action, display
from unfold.forms import BaseDialogForm
from unfold.paginator import InfinitePaginator
from unfold.views import ChangeList
from unfold.widgets import UnfoldAdminTextareaWidget

from classifiers.exceptions import RegistryError
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


class ReasonDialog(BaseDialogForm):
    """Asks why, before anything is done."""

    reason = forms.CharField(
        max_length=500,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text="Kept with the version.",
    )


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
    actions_detail = ("promote", "roll_back")

    def has_registry_permission(self, request: HttpRequest, obj: Model | str | None = None) -> bool:
        return request.user.has_perm("classifiers.change_modelversion")

    @display(description="Stage", ordering="stage", label=STAGE_COLOURS)
    def shown_stage(self, version: ModelVersion) -> str:
        return version.stage

    @display(description="Reason")
    def why(self, version: ModelVersion) -> str:
        return version.reason[:120]

    @action(
        description="Promote",
        permissions=["registry"],
        icon="upgrade",
        dialog={
            "title": "Put this version into production?",
            "description": "Workers of its slot switch to it within seconds. The version that "
            "serves now is retired, and can be rolled back to.",
            "form_class": ReasonDialog,
            "form_submit_text": "Promote",
        },
    )
    def promote(self, request: HttpRequest, form: ReasonDialog, object_id: str) -> HttpResponse:
        # Imported here and below: it brings the models' libraries, 25 MB, into every web process.
        from classifiers import registry

        version = ModelVersion.objects.get(pk=object_id)
        reason = _reason(request, form)
        return self._change(
            request,
            version,
            lambda: registry.promote(name=version.name, reason=reason),
            f"{version.name} now serves {version.slot}.",
        )

    @action(
        description="Roll back this slot",
        permissions=["registry"],
        icon="undo",
        dialog={
            "title": "Go back to the version that served before?",
            "description": "The production version of this slot is retired. A site that has no "
            "earlier version of its own is served by the global model.",
            "form_class": ReasonDialog,
            "form_submit_text": "Roll back",
        },
    )
    def roll_back(self, request: HttpRequest, form: ReasonDialog, object_id: str) -> HttpResponse:
        from classifiers import registry

        version = ModelVersion.objects.get(pk=object_id)
        reason = _reason(request, form)
        return self._change(
            request,
            version,
            lambda: registry.rollback(slot=version.slot, reason=reason),
            f"{version.slot} is back at the version that served before.",
        )

    def _change(
        self,
        request: HttpRequest,
        version: ModelVersion,
        change: Callable[[], Any],
        done: str,
    ) -> HttpResponse:
        try:
            change()
        except RegistryError as error:
            messages.error(request, str(error))
        else:
            messages.success(request, done)
        return leave_dialog(
            request, reverse("admin:classifiers_modelversion_change", args=[version.pk])
        )


def _reason(request: HttpRequest, form: ReasonDialog) -> str:
    return f"{form.cleaned_data['reason']} (by {request.user.get_username()})"
