"""What every request gets: an id and a line in the log, and what browsers are told of a page."""

from __future__ import annotations

import time
from collections.abc import Callable

import structlog
from django.http import HttpRequest, HttpResponse

from moderation import trail
from moderation.broker import counters
from moderation.models import ApiKey

log = structlog.get_logger("winnow.access")

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

STRICT = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "frame-ancestors 'none'; form-action 'self'"
)
# Unfold's pages run Alpine.js, which evaluates expressions in attributes.
ADMIN = (
    f"{STRICT}; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'"
)
# Swagger UI sets style attributes.
DOCS = f"{STRICT}; style-src 'self' 'unsafe-inline'"
PERMISSIONS = ", ".join(
    f"{feature}=()"
    for feature in ("camera", "display-capture", "geolocation", "microphone", "payment", "usb")
)
PERSONAL = ("/review/", "/admin/", "/appeal/")


def policy_for(path: str) -> str:
    """Return the Content-Security-Policy of a page."""
    if path.startswith("/admin/"):
        return ADMIN
    if path.startswith("/api/docs"):
        return DOCS
    return STRICT


def security_headers(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: set the headers that a view did not set itself."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.setdefault("Content-Security-Policy", policy_for(request.path))
        response.setdefault("Permissions-Policy", PERMISSIONS)
        response.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        if request.path.startswith(PERSONAL):
            # What people wrote stays in no cache, nor in the browser after logging out.
            response.headers["Cache-Control"] = "no-store, private"
        return response

    return middleware


def follow_requests(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: give each request an id, and log and count how it was answered.

    Routes are told as templates: addresses name posts, and people put words there.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        began = time.perf_counter()
        request_id = trail.request_id_of(
            request.headers.get("X-Request-ID", ""), request.headers.get("traceparent", "")
        )
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        try:
            response = get_response(request)
            response.headers["X-Request-ID"] = request_id
            note(request, response, time.perf_counter() - began)
        finally:
            structlog.contextvars.clear_contextvars()
        return response

    return middleware


def note(request: HttpRequest, response: HttpResponse, seconds: float) -> None:
    """Log and count one answered request."""
    method = request.method if request.method in METHODS else "OTHER"
    route, status = route_of(request), str(response.status_code)
    key = getattr(request, "api_key", None)
    log.info(
        "request",
        method=method,
        route=route,
        status=response.status_code,
        ms=round(seconds * 1000, 1),
        bytes=None if response.streaming else len(response.content),
        key_prefix=key.prefix if isinstance(key, ApiKey) else None,
    )
    counters.count("http_requests", method=method, route=route, status=status)
    counters.observe("http_request_duration_seconds", seconds, method=method, route=route)


def route_of(request: HttpRequest) -> str:
    """Return the template of the address, such as `/api/v1/posts/<uuid:post_id>`."""
    match = request.resolver_match
    if match is not None:
        return f"/{match.route}"
    return "/static/" if request.path.startswith("/static/") else "unmatched"
