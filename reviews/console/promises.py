"""What operators are shown of promises: how wrong the machine is, and what it may block."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from moderation.models import Certificate, Policy, Site
from moderation.types import Mode
from reviews.models import Measured


@dataclass(frozen=True, slots=True)
class Figure:
    name: str
    low: float
    high: float
    unit: str


@dataclass(frozen=True, slots=True)
class SitePromise:
    """One site, as the page shows it."""

    site: Site
    policy: Policy
    certificate: Certificate | None
    """The newest, in force or not."""
    measured: Measured | None
    figures: tuple[Figure, ...]

    @property
    def certifies(self) -> bool:
        return self.policy.mode == Mode.CERTIFIED

    @property
    def in_force(self) -> bool:
        return self.certificate is not None and self.certificate.ended_at is None


NAMES = (
    ("per_1000_honest", "honest posts of 1,000 blocked", ""),
    ("per_100_blocks", "blocks of 100 wrong", ""),
    ("per_week", "honest posts blocked a week", ""),
    ("missed_of_spam", "of the spam let through", " %"),
    ("spam_of_posts", "of the posts spam", " %"),
)


def overview() -> list[SitePromise]:
    """Every site, by name; a fixed number of queries."""
    policies = {policy.site_id: policy for policy in Policy.objects.in_force()}
    newest = Certificate.objects.order_by("site_id", "-pk").distinct("site_id")
    certificates = {certificate.site_id: certificate for certificate in newest}
    measured = {row.site_id: row for row in Measured.objects.all()}
    return [
        SitePromise(
            site,
            policies[site.pk],
            certificates.get(site.pk),
            measured.get(site.pk),
            _figures(measured.get(site.pk)),
        )
        for site in Site.objects.order_by("name")
    ]


def _figures(measured: Measured | None) -> tuple[Figure, ...]:
    if measured is None:
        return ()
    ends: dict[str, Any] = measured.figures["period"]["figures"]
    return tuple(Figure(words, ends[name][0], ends[name][1], unit) for name, words, unit in NAMES)
