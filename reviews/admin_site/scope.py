"""Whose rows the admin shows to whom, and what may be done to them; `reviews.roles` has the table.

A superuser sees and does everything. A site's auditor sees what is of that site; its owner and its
operator change its settings. A model that is named in neither table here is for superusers alone,
and so are Django's own permissions: they open nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django.core.exceptions import PermissionDenied
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest

from moderation.models import Site
from reviews.people.permissions import sites_of
from reviews.people.watching import shows
from reviews.roles import Act, roles_that

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin
    from django.contrib.auth.models import AnonymousUser, User

SITE_OF: Final[dict[str, str]] = {
    "moderation.site": "pk",
    "moderation.policy": "site",
    "moderation.listentry": "site",
    "moderation.apikey": "site",
    "moderation.post": "site",
    "moderation.postrevision": "post__site",
    "moderation.decision": "site",
    "moderation.author": "site",
    "moderation.feedback": "post__site",
    "moderation.event": "site",
    "moderation.score": "post__site",
    "moderation.auditdraw": "site",
    "moderation.certificate": "site",
    "reviews.retention": "site",
    "reviews.lookplan": "site",
    "reviews.look": "site",
    "moderation.dataread": "site",
    "reviews.pageview": "site",
    "reviews.membership": "site",
    "reviews.case": "site",
    "reviews.verdict": "case__site",
    "reviews.label": "site",
    "reviews.appeal": "site",
    "reviews.listchange": "site",
    "reviews.legalhold": "site",
    "reviews.importrun": "site",
}
"""Models whose rows belong to a site, and the way there."""
SETTINGS: Final[dict[str, frozenset[str]]] = {
    "moderation.site": frozenset({"view", "change"}),
    "moderation.policy": frozenset({"view"}),
    "moderation.listentry": frozenset({"view", "add", "change", "delete"}),
    "moderation.apikey": frozenset({"view", "add", "change"}),
    "reviews.retention": frozenset({"view", "add", "change", "delete"}),
    "reviews.lookplan": frozenset({"view", "add", "change"}),
    "reviews.membership": frozenset({"view"}),
}
"""What may be done to a site's settings by whoever may set them."""
POST_OF: Final[dict[str, str]] = {
    "moderation.post": "",
    "moderation.postrevision": "post__",
    "moderation.decision": "post__",
    "moderation.feedback": "post__",
    "moderation.event": "post__",
    "moderation.score": "post__",
    "moderation.auditdraw": "decision__post__",
    "reviews.case": "post__",
    "reviews.verdict": "case__post__",
    "reviews.label": "post__",
    "reviews.appeal": "post__",
    "reviews.look": "verdict__case__post__",
}
"""Models whose rows are about a post, and the way there: those about hidden ones are not shown."""


def acts_that(does: str, label: str) -> frozenset[Act]:
    """Return the acts that let somebody do this (view, add, change, delete) to such rows."""
    acts = {Act.AUDIT} if does == "view" and label in SITE_OF else set()
    if does in SETTINGS.get(label, ()):
        acts.add(Act.SET)
    return frozenset(acts)


def opens_admin(user: User | AnonymousUser) -> bool:
    """Return whether the admin has anything for this person."""
    if not user.is_active or user.is_superuser:
        return user.is_active
    roles = roles_that(Act.SET) | roles_that(Act.AUDIT)
    return Site.objects.filter(memberships__user=user, memberships__role__in=roles).exists()


def sites_where(user: User | AnonymousUser, does: str, label: str) -> Q:
    """Return the condition on a site's id under which this person may do this to its rows."""
    where = Q(pk__in=[])
    for act in acts_that(does, label):
        where |= Q(pk__in=sites_of(user, act).values("pk"))
    return where


class RoleBackend:
    """Answers `has_perm` for whoever is no superuser, and lets no other backend answer."""

    def authenticate(self, request: HttpRequest | None) -> None:
        """Nobody logs in by it: it has no credentials that it could be asked with."""

    def has_perm(self, user_obj: Any, perm: str, obj: Model | None = None) -> bool:
        app, _, rest = perm.partition(".")
        does, _, model = rest.partition("_")
        acts = acts_that(does, f"{app}.{model}")
        if any(act in self._acts_of(user_obj) for act in acts):
            return True
        raise PermissionDenied

    def has_module_perms(self, user_obj: Any, app_label: str) -> bool:
        return any(
            act in self._acts_of(user_obj)
            for label in SITE_OF
            if label.startswith(f"{app_label}.")
            for act in acts_that("view", label)
        )

    def _acts_of(self, user: Any) -> frozenset[Act]:
        """Return what somebody may do on any site; looked up once for each request's user."""
        known: frozenset[Act] | None = getattr(user, "_acts_in_admin", None)
        if known is None:
            known = frozenset(act for act in (Act.SET, Act.AUDIT) if sites_of(user, act).exists())
            user._acts_in_admin = known
        return known


class OfSites:
    """An admin page that shows and offers only the rows of sites where the person may do this."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)  # type: ignore[misc]
        way = POST_OF.get(rows.model._meta.label_lower)
        if way is not None:
            rows = rows.filter(**{f"{way}hidden_at": None})
        return _of_sites(rows, request, "view")

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Model | None:
        found: Model | None = super().get_object(request, object_id, from_field)  # type: ignore[misc]
        way = SITE_OF.get(self.model._meta.label_lower)  # type: ignore[attr-defined]
        if found is not None and way is not None:
            of = type(found)._default_manager.filter(pk=found.pk)
            shows(request, of.values_list(way, flat=True)[0])
        return found

    def _may_do(self, request: HttpRequest, does: str, obj: Any) -> bool:
        """`obj` is a row, or its id where Unfold asks for a page's buttons."""
        if obj is None or request.user.is_superuser:
            return True
        rows = self.model._default_manager.filter(pk=getattr(obj, "pk", obj))  # type: ignore[attr-defined]
        return _of_sites(rows, request, does).exists()

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        allowed = super().has_view_permission(request, obj)  # type: ignore[misc]
        return allowed and self._may_do(request, "view", obj)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        allowed = super().has_change_permission(request, obj)  # type: ignore[misc]
        return allowed and self._may_do(request, "change", obj)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        allowed = super().has_delete_permission(request, obj)  # type: ignore[misc]
        return allowed and self._may_do(request, "delete", obj)

    def get_list_filter(self, request: HttpRequest) -> Any:
        """Leave out what would list the sites and people of others."""
        given = super().get_list_filter(request)  # type: ignore[misc]
        if request.user.is_superuser:
            return given
        fields = {field.name: field for field in self.model._meta.get_fields()}  # type: ignore[attr-defined]
        return [one for one in given if not isinstance(one, str) or not fields[one].is_relation]

    def formfield_for_foreignkey(self, field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        label = field.remote_field.model._meta.label_lower
        if label == "moderation.site" and not request.user.is_superuser:
            own = self.model._meta.label_lower  # type: ignore[attr-defined]
            offered = field.remote_field.model._default_manager
            kwargs["queryset"] = offered.filter(sites_where(request.user, "add", own))
        return super().formfield_for_foreignkey(field, request, **kwargs)  # type: ignore[misc]


def _of_sites(rows: QuerySet[Any], request: HttpRequest, does: str) -> QuerySet[Any]:
    if request.user.is_superuser:
        return rows
    label = rows.model._meta.label_lower
    if label not in SITE_OF:
        return rows.none()
    own = Site.objects.filter(sites_where(request.user, does, label))
    return rows.filter(**{f"{SITE_OF[label]}__in": own})


def of_sites(page: type[ModelAdmin[Any]]) -> type[ModelAdmin[Any]]:
    """Return the page as everybody sees it who is no superuser: their sites' rows alone."""
    return page if issubclass(page, OfSites) else type(page.__name__, (OfSites, page), {})
