"""What Prometheus reads is what was done; what Grafana and the alerts ask for is there."""

import json
import re
from pathlib import Path

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families as parse

from config import state
from moderation.broker import counters
from tests.integration.api.conftest import GTUBE, make_api

FOLDER = Path(state.CHECKOUT) / "docs" / "monitoring"


@pytest.fixture
def scrape(client, monkeypatch):
    """Read /metrics; returns a function of a sample's name and labels."""
    from reviews.operating import facts

    def read(**headers):
        monkeypatch.setattr(facts, "_kept", None)
        answer = client.get("/metrics", headers=headers)
        assert answer.status_code == 200
        found = list(parse(answer.content.decode()))
        samples = [sample for family in found for sample in family.samples]

        def value(name: str, **labels: str) -> float:
            return sum(
                sample.value
                for sample in samples
                if sample.name == name and labels.items() <= sample.labels.items()
            )

        value.names = {sample.name for sample in samples}
        value.families = {family.name for family in found}
        return value

    return read


def test_the_numbers_are_what_was_done(worker, scrape, eventually):
    from moderation.models import Event, Post

    api = make_api("Example")
    api.post("posts/batch", {"posts": [{"text": f"Number {i}"} for i in range(20)]})
    spam = api.submit(text=f"Now {GTUBE}")
    api.row.requests_per_minute = 0
    api.row.save()
    assert api.post("posts", {"text": "Too much"}).status_code == 429
    eventually(lambda: not Post.objects.filter(status="pending").exists())
    eventually(lambda: not Event.objects.filter(delivered_at=None).exists())
    said = eventually(lambda: (s := scrape())("winnow_decisions_total") == 21 and s)
    assert said("winnow_posts_accepted_total") == 21
    assert said("winnow_decisions_total", outcome="block", ground="standard_string") == 1
    assert said("winnow_decisions_total", source="machine") == 21
    assert said("winnow_decision_delay_seconds_count") == 21
    assert said("winnow_decision_delay_seconds_bucket", le="+Inf") == 21
    assert 0 < said("winnow_decision_delay_seconds_sum") < 21 * 60
    assert said("winnow_rate_limited_total") == 1
    route = {"route": "/api/v1/posts", "method": "POST"}
    assert said("winnow_http_requests_total", status="202", **route) == 1
    assert said("winnow_http_requests_total", status="429", **route) == 1
    assert said("winnow_http_request_duration_seconds_count", **route) == 2
    assert said("winnow_posts_pending") == 0 and said("winnow_events_undelivered") == 0
    assert eventually(lambda: scrape()("winnow_events_delivered_total") >= 21)
    assert eventually(lambda: scrape()("winnow_workers") == 1)
    assert said("winnow_relay_listens") == 1
    assert said("winnow_up", part="database") == said("winnow_up", part="broker") == 1
    assert Post.objects.get(pk=spam["id"]).outcome == "block"


def test_without_a_broker_the_rest_is_still_told(scrape, monkeypatch, away):
    monkeypatch.setattr("moderation.broker.doorbells.broker", lambda: away)
    said = scrape()
    assert said("winnow_up", part="broker") == 0 and said("winnow_up", part="database") == 1
    assert said("winnow_part_state", part="broker") == 2
    assert "winnow_posts_pending" in said.names and "winnow_workers" not in said.names


def test_counts_wait_for_a_broker_that_is_away(broker, monkeypatch, away):
    with monkeypatch.context() as patch:
        patch.setattr("moderation.broker.doorbells.broker", lambda: away)
        counters.count("rate_limited")
        counters.flush()
    counters.count("rate_limited", 2)
    assert counters.read()[("rate_limited",)] == 3


@pytest.mark.parametrize(
    ("production", "token", "sent", "status"),
    [
        (False, "", "", 200),
        (True, "", "", 404),
        (True, "", "Bearer ", 404),
        (True, "long and secret", "Bearer long and secret", 200),
        (False, "long and secret", "", 404),
        (False, "long and secret", "Bearer wrong", 404),
    ],
)
def test_who_may_read_metrics(client, settings, production, token, sent, status):
    settings.PRODUCTION, settings.WINNOW_METRICS_TOKEN = production, token
    assert client.get("/metrics", headers={"Authorization": sent}).status_code == status


def test_elsewhere_than_loopback_needs_the_token(client):
    assert client.get("/metrics", REMOTE_ADDR="203.0.113.5").status_code == 404


def asked(query: str) -> set[str]:
    return set(re.findall(r"\bwinnow_\w+", query))


def test_dashboard_and_alerts_ask_for_what_there_is(scrape, broker):
    dashboard = json.loads((FOLDER / "grafana-dashboard.json").read_text())
    rules = yaml.safe_load((FOLDER / "alerts.yml").read_text())["groups"][0]["rules"]
    queries = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    queries += [rule["expr"] for rule in rules]
    assert len(queries) > 30
    ends = re.compile(r"_(total|bucket|count|sum|info)$")
    there = {ends.sub("", name) for name in scrape().families}
    for query in queries:
        assert {ends.sub("", name) for name in asked(query)} <= there, query
    assert all(rule["annotations"]["summary"] and rule["annotations"]["todo"] for rule in rules)
    # And nothing is measured that nobody looks at.
    unseen = there - {ends.sub("", name) for query in queries for name in asked(query)}
    assert unseen <= {"winnow_broker_memory_bytes", "winnow_job_last_run_timestamp_seconds"}
