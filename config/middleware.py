"""Headers that tell browsers what a page of ours may do."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

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
        response.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
        return response

    return middleware
