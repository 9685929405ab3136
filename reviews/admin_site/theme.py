"""How the admin looks and is ordered: the value of the setting `UNFOLD`.

Imported by the settings, so nothing here may touch models.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy


def _may(permission: str) -> Callable[[HttpRequest], bool]:
    return lambda request: request.user.has_perm(permission)


def _page(title: str, icon: str, model: str) -> dict[str, Any]:
    """Return the entry of a model's list, for those who may see it."""
    app, _, name = model.partition(".")
    return {
        "title": title,
        "model": model,
        "icon": icon,
        "link": reverse_lazy(f"admin:{app}_{name}_changelist"),
        "permission": _may(f"{app}.view_{name}"),
    }


def _group(title: str, *pages: dict[str, Any], collapsible: bool = False) -> dict[str, Any]:
    return {
        "title": title,
        "separator": True,
        "collapsible": collapsible,
        "items": list(pages),
    }


NAVIGATION: list[dict[str, Any]] = [
    {
        "items": [
            {"title": "Review queue", "icon": "inbox", "link": reverse_lazy("console:home")},
            {"title": "Overview", "icon": "dashboard", "link": reverse_lazy("admin:index")},
        ]
    },
    _group(
        "Sites",
        _page("Sites", "language", "moderation.site"),
        _page("API keys", "key", "moderation.apikey"),
        _page("Allow and deny lists", "rule", "moderation.listentry"),
        _page("Policies", "policy", "moderation.policy"),
        _page("Retention", "auto_delete", "reviews.retention"),
        _page("Second looks", "visibility", "reviews.lookplan"),
    ),
    _group(
        "Moderation",
        _page("Posts", "article", "moderation.post"),
        _page("Decisions", "gavel", "moderation.decision"),
        _page("Authors", "person", "moderation.author"),
        _page("Feedback", "feedback", "moderation.feedback"),
        _page("Events", "bolt", "moderation.event"),
        _page("Scores", "speed", "moderation.score"),
    ),
    _group(
        "Review",
        _page("Cases", "cases", "reviews.case"),
        _page("Verdicts", "how_to_vote", "reviews.verdict"),
        _page("Labels", "label", "reviews.label"),
        _page("Appeals", "balance", "reviews.appeal"),
        _page("Looks", "rule_folder", "reviews.look"),
        _page("List changes", "playlist_add_check", "reviews.listchange"),
        _page("Legal holds", "gavel", "reviews.legalhold"),
        _page("Audit draws", "casino", "moderation.auditdraw"),
        _page("Certificates", "verified", "moderation.certificate"),
    ),
    _group(
        "Learning",
        {"title": "Models", "icon": "lab_research", "link": reverse_lazy("console:models")},
        _page("Model versions", "model_training", "classifiers.modelversion"),
        _page("Retrainings", "history", "reviews.retrainrun"),
        _page("Imports", "upload_file", "reviews.importrun"),
        _page("Schedules", "schedule", "django_celery_beat.periodictask"),
        _page("Intervals", "timer", "django_celery_beat.intervalschedule"),
        _page("Crontabs", "calendar_month", "django_celery_beat.crontabschedule"),
    ),
    _group(
        "People",
        _page("Users", "group", "auth.user"),
        _page("Memberships", "badge", "reviews.membership"),
        _page("Pages shown", "visibility", "reviews.pageview"),
        _page("Data read", "download", "moderation.dataread"),
        _page("Groups", "groups", "auth.group"),
        _page("Failed log-ins", "lock", "axes.accessattempt"),
    ),
]

TITLES = {
    page["model"]: page["title"]
    for group in NAVIGATION
    for page in group["items"]
    if "model" in page
}
"""What a model's list is called, by `app.model`."""

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Winnow",
    "SITE_HEADER": "Winnow",
    "SITE_SUBHEADER": "Administration",
    "SITE_URL": reverse_lazy("console:home"),
    "SITE_ICON": lambda request: static("console/icon.svg"),
    "SITE_FAVICONS": [
        {
            "rel": "icon",
            "type": "image/svg+xml",
            "href": lambda request: static("console/icon.svg"),
        }
    ],
    "STYLES": [lambda request: static("console/admin.css")],
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "BORDER_RADIUS": "8px",
    "COLORS": {
        "base": {
            "50": "oklch(98.4% .003 85)",
            "100": "oklch(96.4% .005 85)",
            "200": "oklch(91.6% .008 85)",
            "300": "oklch(86% .011 85)",
            "400": "oklch(70.5% .014 85)",
            "500": "oklch(53% .014 85)",
            "600": "oklch(43.5% .013 85)",
            "700": "oklch(36.5% .012 85)",
            "800": "oklch(26.5% .009 85)",
            "900": "oklch(20.5% .007 85)",
            "950": "oklch(15% .005 85)",
        },
        "primary": {
            "50": "oklch(97.6% .012 183)",
            "100": "oklch(94.5% .028 183)",
            "200": "oklch(89% .048 183)",
            "300": "oklch(82% .068 183)",
            "400": "oklch(74.5% .085 183)",
            "500": "oklch(66% .088 183)",
            "600": "oklch(46.5% .072 183)",
            "700": "oklch(41% .064 183)",
            "800": "oklch(35% .054 183)",
            "900": "oklch(29% .044 183)",
            "950": "oklch(21% .032 183)",
        },
    },
    "SIDEBAR": {
        "show_search": True,
        "show_all_applications": False,
        "navigation": NAVIGATION,
    },
}
