"""OpenTelemetry traces, from a request to the decision on what it brought. Off by default.

Switched on by OpenTelemetry's own `OTEL_EXPORTER_OTLP_ENDPOINT` (with the other `OTEL_*`
variables). The packages are the extra `traces`, imported nowhere but here and only then.

A request's span is kept with the post, as a traceparent; a post's decision is a span of that
same trace, linked to the task that judged it in a batch with others. Statements are recorded
with placeholders, never with values: what people wrote is in no span.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from celery.signals import (
    before_task_publish,
    task_postrun,
    task_prerun,
    worker_process_shutdown,
)
from django.core.exceptions import ImproperlyConfigured
from django.db.backends.signals import connection_created

from moderation import trail
from moderation.trail import Traced

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse
    from opentelemetry.trace import Span

STATEMENT_CHARACTERS = 500


def is_on() -> bool:
    """Return whether the environment names a collector."""
    given = os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT") or os.environ.get(
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
    )
    return bool(given) and os.environ.get("OTEL_SDK_DISABLED", "").lower() != "true"


def start(process: str) -> None:
    """Have this process trace what it does. Raises ImproperlyConfigured without the packages."""
    try:
        from opentelemetry import trace
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.instrumentation.redis import RedisInstrumentor
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        raise ImproperlyConfigured(
            f"OTEL_EXPORTER_OTLP_ENDPOINT is set, but the extra `traces` is not installed: {error}"
        ) from error
    resource = Resource.create({"service.name": f"winnow-{process}"})
    provider = TracerProvider(resource=resource)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    # Polling would be a span a second: only what somebody asked for is traced.
    within: Any = WithinSpans(provider)
    RedisInstrumentor().instrument(tracer_provider=within)
    connection_created.connect(trace_statements, weak=False)
    before_task_publish.connect(send_trace, weak=False)
    task_prerun.connect(begin_task, weak=False)
    task_postrun.connect(end_task, weak=False)
    worker_process_shutdown.connect(lambda **_: provider.force_flush(2_000), weak=False)
    trail.traceparent = traceparent
    trail.listeners.append(trace_decisions)


class WithinSpans:
    """A provider whose tracers make spans only inside of others."""

    def __init__(self, provider: Any) -> None:
        self._provider = provider

    def get_tracer(self, *args: Any, **given: Any) -> Any:
        return _InnerTracer(self._provider.get_tracer(*args, **given))


class _InnerTracer:
    def __init__(self, tracer: Any) -> None:
        self._tracer = tracer

    def start_as_current_span(self, *args: Any, **given: Any) -> AbstractContextManager[Any]:
        from opentelemetry import trace

        tracer = self._tracer if trace.get_current_span().is_recording() else trace.NoOpTracer()
        manager: AbstractContextManager[Any] = tracer.start_as_current_span(*args, **given)
        return manager


def _tracer() -> Any:
    from opentelemetry import trace

    return trace.get_tracer("winnow")


def _context_of(carrier: dict[str, str]) -> Any:
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    return TraceContextTextMapPropagator().extract(carrier)


def traceparent() -> str:
    """Return the present span as W3C writes it, empty if there is none."""
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    carrier: dict[str, str] = {}
    TraceContextTextMapPropagator().inject(carrier)
    return carrier.get("traceparent", "")


def trace_requests(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: a span for each request. Does nothing at all when traces are off."""
    if not is_on():
        return get_response

    from opentelemetry.trace import SpanKind

    from config.middleware import route_of

    def middleware(request: HttpRequest) -> HttpResponse:
        above = _context_of({"traceparent": request.headers.get("traceparent", "")})
        with _tracer().start_as_current_span(
            f"{request.method}", context=above, kind=SpanKind.SERVER
        ) as span:
            response = get_response(request)
            route = route_of(request)
            span.update_name(f"{request.method} {route}")
            span.set_attribute("http.request.method", request.method or "")
            span.set_attribute("http.route", route)
            span.set_attribute("http.response.status_code", response.status_code)
            span.set_attribute("winnow.request_id", response.headers.get("X-Request-ID", ""))
            return response

    return middleware


def trace_statements(connection: Any, **_: Any) -> None:
    """Have each of a connection's statements make a span inside the present one."""
    if execute_in_span not in connection.execute_wrappers:
        connection.execute_wrappers.append(execute_in_span)


def execute_in_span(
    execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]
) -> Any:
    from opentelemetry import trace
    from opentelemetry.trace import SpanKind

    if not trace.get_current_span().is_recording():
        return execute(sql, params, many, context)
    text = " ".join(str(sql).split())
    with _tracer().start_as_current_span(
        text.partition(" ")[0].upper() or "SQL", kind=SpanKind.CLIENT, record_exception=False
    ) as span:
        span.set_attribute("db.system.name", "postgresql")
        span.set_attribute("db.query.text", text[:STATEMENT_CHARACTERS])
        return execute(sql, params, many, context)


def send_trace(sender: str, headers: dict[str, Any], **_: Any) -> None:
    """A doorbell names the span that rang it: the relay's have one of their own."""
    with _tracer().start_as_current_span(f"ring {sender.rpartition('.')[2]}"):
        headers["traceparent"] = traceparent()


_running: dict[str, tuple[Any, Any]] = {}


def begin_task(task_id: str, task: Any, **_: Any) -> None:
    from opentelemetry.trace import SpanKind

    rung = {"traceparent": getattr(task.request, "traceparent", None) or ""}
    manager = _tracer().start_as_current_span(
        task.name, context=_context_of(rung), kind=SpanKind.CONSUMER
    )
    _running[task_id] = (manager, manager.__enter__())


def end_task(task_id: str, **_: Any) -> None:
    manager, _span = _running.pop(task_id, (None, None))
    if manager is not None:
        manager.__exit__(None, None, None)


def trace_decisions(traced: Sequence[Traced]) -> None:
    """A span for each decision, from the post's arrival, in the trace of its request."""
    from opentelemetry import trace

    here: Span = trace.get_current_span()
    links = [trace.Link(here.get_span_context())] if here.is_recording() else []
    for each in traced:
        if not each.origin.traceparent:
            continue
        decision = each.decision
        span = _tracer().start_span(
            "decide",
            context=_context_of({"traceparent": each.origin.traceparent}),
            links=links,
            start_time=_nanoseconds(each.submitted_at),
        )
        span.set_attribute("winnow.request_id", each.origin.request_id)
        span.set_attribute("winnow.post", str(decision.post_id))
        span.set_attribute("winnow.outcome", str(decision.outcome))
        span.set_attribute("winnow.source", str(decision.source))
        span.set_attribute("winnow.ground", str(decision.by))
        span.set_attribute("winnow.model", decision.model)
        span.end(_nanoseconds(decision.created_at))


def _nanoseconds(moment: Any) -> int:
    return int(moment.timestamp() * 1_000_000_000)
