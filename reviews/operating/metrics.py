"""What `/metrics` says, in Prometheus' words: counters from the broker, states from the facts.

Every web process says the same, for the whole installation: ask one of them. No label holds what
people wrote or a site's name; slots are as many as there are sites with models of their own.
"""

from __future__ import annotations

import hmac
import ipaddress
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import redis
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.metrics_core import Metric

from moderation.broker import counters
from reviews.operating import facts as measured
from reviews.operating import findings
from reviews.operating.types import Broker, Database, Facts, Waiting
from reviews.states import Lane

COUNTERS: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    "http_requests": ("Answered requests.", ("method", "route", "status")),
    "posts_accepted": ("Posts and edits that were stored.", ()),
    "decisions": ("Decisions recorded.", ("outcome", "source", "ground", "mode")),
    "appeals": ("Appeals filed, resolved and reopened.", ("event", "state")),
    "rate_limited": ("Requests refused because a key's quota was spent.", ()),
    "post_retries": ("Posts claimed again because judging broke off.", ()),
    "posts_given_up": ("Posts sent to a person because judging kept failing.", ()),
    "events_delivered": ("Events that all subscribers took.", ("kind",)),
    "event_failures": ("Deliveries of an event that failed and will be repeated.", ("kind",)),
    "database_errors": ("Requests that failed because of the database.", ()),
    "broker_errors": ("Times the broker did not answer, by who asked.", ("where",)),
}
"""Names without prefix and `_total`, what they count, their labels."""
HISTOGRAMS: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    "http_request_duration_seconds": ("Time to answer.", ("method", "route")),
    "decision_delay_seconds": ("Time from a post to the machine's decision on it.", ()),
}


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """The page that Prometheus reads; 404 for whoever may not."""
    if not may_read(request):
        raise Http404
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Collected(measured.recent()))
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def may_read(request: HttpRequest) -> bool:
    """Whether the figures may be read: by those who send WINNOW_METRICS_TOKEN where it is set; else
    from loopback, and by nobody in production.

    A proxy on the same machine makes everybody look like loopback.
    """
    token = settings.WINNOW_METRICS_TOKEN
    if token:
        sent = request.headers.get("Authorization", "")
        return hmac.compare_digest(sent.encode(), f"Bearer {token}".encode())
    if settings.PRODUCTION:
        return False
    return ipaddress.ip_address(request.META["REMOTE_ADDR"]).is_loopback


@dataclass(frozen=True, eq=False)
class Collected:
    """Facts and counters as a collector of prometheus_client."""

    facts: Facts

    def collect(self) -> Iterator[Metric]:
        facts = self.facts
        yield _gauge("up", "1 if the part answers.", ["part"], {
            ("database",): facts.database is not None,
            ("broker",): facts.broker is not None,
        })  # fmt: skip
        report = findings.report(facts)
        yield _gauge(
            "part_state",
            "0 well, 1 to watch, 2 broken, 3 unknown, as on the operators' page.",
            ["part"],
            {(each.part.lower().replace(" ", "_"),): each.state for each in report.findings},
        )
        yield _gauge("disk_free_bytes", "Of the state folder.", [], {(): facts.disk_free})
        yield _gauge("disk_size_bytes", "Of the state folder.", [], {(): facts.disk_total})
        if facts.database is not None and not facts.database.not_migrated:
            yield from _of_database(facts.database, facts.now)
        if facts.broker is not None:
            yield from _of_broker(facts.broker)
            try:
                yield from _of_counters(counters.read())
            except redis.RedisError:
                return  # gone since the facts were measured; `up` says so next time


def _gauge(name: str, about: str, labels: list[str], values: dict[tuple[str, ...], Any]) -> Metric:
    family = GaugeMetricFamily(f"winnow_{name}", about, labels=labels)
    for key, value in values.items():
        family.add_metric(key, float(value))
    return family


def _age(moment: datetime | None, now: datetime) -> float:
    return max((now - moment).total_seconds(), 0.0) if moment else 0.0


def _of_database(found: Database, now: datetime) -> Iterator[Metric]:
    lanes = {lane.value: found.lanes.get(lane.value, Waiting()) for lane in Lane}
    simple: tuple[tuple[str, str, float], ...] = (
        ("posts_pending", "Posts that wait to be judged.", found.posts.count),
        ("posts_pending_oldest_seconds", "Age of the oldest.", _age(found.posts.oldest, now)),
        ("posts_pending_retried", "Of those, tried more than once.", found.posts.tried),
        ("posts_held_ending", "Held posts whose time ends within an hour.", found.held_soon),
        ("posts_held_overdue", "Posts held beyond their time.", found.held_over.count),
        ("events_undelivered", "Events that wait to be told.", found.events.count),
        ("events_oldest_seconds", "Age of the oldest.", _age(found.events.oldest, now)),
        ("events_failing", "Of those, failed at least once.", found.events.tried),
        ("relay_listens", "1 if a relay holds the lock.", found.relay_since is not None),
        ("learner_revision", "Of the sites' learners, together.", found.learners.revisions),
        ("learners_behind", "Learners with labels to look at.", found.learners.behind),
        ("learners_broken", "Learners that cannot be read.", found.learners.broken),
        ("database_connections", "Open connections.", found.connections),
        ("database_connections_max", "Connections that are allowed.", found.most_connections),
    )
    for name, about, value in simple:
        yield _gauge(name, about, [], {(): value})
    yield _gauge("cases_open", "Cases that wait for a moderator.", ["lane"], {
        (lane,): waiting.count for lane, waiting in lanes.items()
    })  # fmt: skip
    yield _gauge("cases_oldest_seconds", "Age of the oldest.", ["lane"], {
        (lane,): _age(waiting.oldest, now) for lane, waiting in lanes.items()
    })  # fmt: skip
    yield _gauge("job_last_run_timestamp_seconds", "When beat last sent it.", ["job"], {
        (job.name,): job.last_run.timestamp() if job.last_run else 0 for job in found.jobs
    })  # fmt: skip
    yield _gauge("job_overdue_seconds", "How late it is.", ["job"], {
        (job.name,): job.overdue.total_seconds() for job in found.jobs
    })  # fmt: skip
    yield _gauge("model_refused", "1 if it serves but cannot be loaded.", ["slot"], {
        (each.slot,): bool(each.problem) for each in found.serving
    })  # fmt: skip
    serving = InfoMetricFamily("winnow_model", "The version that serves.", labels=["slot"])
    for each in found.serving:
        serving.add_metric([each.slot], {"version": each.model})
    yield serving
    runs: defaultdict[tuple[str, ...], int] = defaultdict(int)
    for run in found.training:
        runs[(run.state,)] += 1
    yield _gauge("training_slots", "Slots by how their last training ended.", ["state"], runs)


def _of_broker(found: Broker) -> Iterator[Metric]:
    yield _gauge("workers", "Workers that showed a sign of life.", [], {(): len(found.workers)})
    yield _gauge("broker_messages", "Doorbells that wait.", [], {(): found.messages})
    yield _gauge("broker_memory_bytes", "In use.", [], {(): found.memory})


def _of_counters(counted: dict[counters.Key, float]) -> Iterator[Metric]:
    by_name: defaultdict[str, dict[tuple[str, ...], float]] = defaultdict(dict)
    for key, number in counted.items():
        by_name[key[0]][key[1:]] = number
    for name, (about, labels) in COUNTERS.items():
        family = CounterMetricFamily(f"winnow_{name}", about, labels=labels)
        if not labels:
            family.add_metric((), by_name[name].get((), 0.0))
        else:
            for pairs, value in sorted(by_name[name].items()):
                given = dict(zip(pairs[::2], pairs[1::2], strict=True))
                family.add_metric([given[label] for label in labels], value)
        yield family
    for name, (about, labels) in HISTOGRAMS.items():
        yield _histogram(name, about, labels, by_name[name])


def _histogram(
    name: str, about: str, labels: tuple[str, ...], values: dict[tuple[str, ...], float]
) -> Metric:
    """Return one histogram; the last two parts of a key are its bucket, or that it is the sum."""
    family = HistogramMetricFamily(f"winnow_{name}", about, labels=labels)
    buckets: defaultdict[tuple[str, ...], dict[str, float]] = defaultdict(dict)
    for pairs, value in sorted(values.items()):
        buckets[pairs[:-2]]["sum" if pairs[-2] == "sum" else pairs[-1]] = value
    for pairs, found in buckets.items():
        given = dict(zip(pairs[::2], pairs[1::2], strict=True))
        total = found.pop("sum", 0.0)
        cumulated = counters.cumulated(name, found)
        family.add_metric([given[label] for label in labels], cumulated, total)
    return family
