"""One trace from the request to the decision, as a collector receives it over HTTP."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from config import state
from tests.conftest import worker_environment
from tests.integration.api.conftest import make_api

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
WORDS = "Words that belong in no span"
REQUEST = """
import sys, django; django.setup()
from django.test import Client
body = {"text": sys.argv[2], "author": {"id": "kim"}}
answer = Client(SERVER_NAME="localhost").post("/api/v1/posts", body, "application/json",
    headers={"Authorization": "Bearer " + sys.argv[1],
    "traceparent": "00-%s-00f067aa0ba902b7-01"})
assert answer.status_code == 202, answer.content
from opentelemetry import trace; trace.get_tracer_provider().shutdown()
""".replace("%s", TRACE)


@pytest.fixture
def received(monkeypatch) -> Iterator[list[tuple[str, Any]]]:
    """What a collector in this process gets: pairs of service and span."""
    spans: list[tuple[str, Any]] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            for found in ExportTraceServiceRequest.FromString(body).resource_spans:
                [service] = [
                    a.value.string_value
                    for a in found.resource.attributes
                    if a.key == "service.name"
                ]
                spans.extend((service, s) for scope in found.scope_spans for s in scope.spans)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Collector) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        endpoint = f"http://127.0.0.1:{server.server_port}"
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)
        monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "200")
        yield spans
        server.shutdown()


def attributes(span: Any) -> dict[str, str]:
    return {a.key: a.value.string_value for a in span.attributes}


def is_whole(spans: list[Any]) -> bool:
    """Whether the decision is there, the task that it is linked to, and the ring for that."""
    there = {span.span_id: span for span in spans}
    decided = [span for span in spans if span.name == "decide"]
    tasks = [there.get(link.span_id) for span in decided for link in span.links]
    return any(task and task.parent_span_id in there for task in tasks)


def test_one_trace_from_the_request_to_the_decision(received, start_worker, eventually):
    api = make_api("Example")
    with start_worker():
        subprocess.run(
            [sys.executable, "-c", REQUEST, api.key, WORDS],
            env={**worker_environment(), "WINNOW_PROCESS": "web"},
            cwd=state.CHECKOUT,
            check=True,
        )
        # Each process sends what it has in its own time.
        eventually(lambda: is_whole([s for _, s in received]), what="the trace")
    ours = [(service, s) for service, s in received if s.trace_id.hex() == TRACE]
    [(web, request)] = [(service, s) for service, s in ours if s.name == "POST /api/v1/posts"]
    [(worker, decide)] = [(service, s) for service, s in ours if s.name == "decide"]
    assert (web, worker) == ("winnow-web", "winnow-worker")
    assert request.parent_span_id.hex() == "00f067aa0ba902b7"
    assert attributes(decide)["winnow.request_id"] == TRACE
    assert attributes(decide)["winnow.outcome"] in {"allow", "review", "block"}
    inside = [
        attributes(s).get("db.system.name") or attributes(s).get("db.system") for _, s in ours
    ]
    assert {"postgresql", "redis"} <= set(inside)
    # The batch that judged it has a trace of its own, from the relay's ring, and is linked.
    [link] = decide.links
    [task] = [s for _, s in received if s.span_id == link.span_id]
    assert task.name == "moderation.tasks.judge_pending"
    rings = {s.span_id for _, s in received if s.name.startswith("ring ")}
    assert task.parent_span_id in rings
    assert any(s.parent_span_id == task.span_id for _, s in received)
    assert WORDS not in str(received) and api.key not in str(received)


def test_nothing_is_imported_while_it_is_off():
    code = (
        "import sys, django; django.setup(); from config import wsgi;"
        "heavy = 'opentelemetry.exporter', 'opentelemetry.instrumentation';"
        # redis-py itself imports the API where it is installed.
        "sys.exit(any(name.startswith(heavy) for name in sys.modules))"
    )
    environment = {k: v for k, v in os.environ.items() if not k.startswith("OTEL_")}
    subprocess.run([sys.executable, "-c", code], env=environment, cwd=state.CHECKOUT, check=True)
