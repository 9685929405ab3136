"""Every error of the API as a problem detail (RFC 9457), whoever noticed it."""

from __future__ import annotations

import json
import sys
import traceback
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

import structlog
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.core.signals import got_request_exception
from django.db import InterfaceError, InternalError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.utils.html import escape
from django.views import defaults
from django.views.decorators.http import require_safe
from rest_framework import exceptions as rest

from moderation import trail
from moderation.broker import counters
from moderation.exceptions import StaleDecision
from moderation.submitting.idempotency import IdempotencyMismatch

log = structlog.get_logger(__name__)

MEDIA_TYPE = "application/problem+json"
TYPES_AT = "/api/v1/problems/"
API = "/api/"
RETRY_UNAVAILABLE_SECONDS = 5
READ_ONLY: Final = "25006"
"""PostgreSQL's code for a write that it refuses because it only reads."""
TOO_SLOW: Final = "57014"
"""That for a statement that was ended because it took too long."""
NAME_SHOWN = 100
ERRORS_SHOWN = 50
FRAMES_LOGGED = 10


@dataclass(frozen=True, slots=True)
class Kind:
    """One type of problem: `about` is what its page says."""

    status: int
    title: str
    about: str


KINDS: dict[str, Kind] = {
    "bad-request": Kind(400, "Bad request", "The request is not understood."),
    "malformed-json": Kind(
        400,
        "The body is not JSON",
        "The body must be one JSON text in UTF-8, without names that stand twice in one object.",
    ),
    "validation-error": Kind(
        400,
        "Some fields are wrong",
        "The member `errors` names each field by a JSON pointer and says what is wrong with it.",
    ),
    "unauthorized": Kind(
        401, "A valid API key is needed", "Send the header `Authorization: Bearer KEY`."
    ),
    "forbidden": Kind(403, "Not allowed", "The API key may not do this."),
    "not-found": Kind(
        404, "Not found", "There is no such thing, or it belongs to another site than the key."
    ),
    "method-not-allowed": Kind(
        405, "Method not allowed", "The header `Allow` names the methods of this address."
    ),
    "not-acceptable": Kind(406, "Not acceptable", "Answers are JSON: accept `application/json`."),
    "conflict": Kind(409, "Changed in the meantime", "Fetch the present state and try again."),
    "already-appealed": Kind(
        409, "Appealed already", "There is one appeal against a decision, and here it was made."
    ),
    "appeal-refused": Kind(
        409,
        "Cannot be appealed against",
        "An appeal is against the block in force of the post as it reads now, within the site's "
        "days.",
    ),
    "length-required": Kind(
        411, "Length required", "Send the header `Content-Length`, not a chunked body."
    ),
    "too-large": Kind(413, "Body too large", "The body has more bytes than are accepted."),
    "unsupported-media-type": Kind(
        415, "Unsupported media type", "Send `application/json` in UTF-8, not compressed."
    ),
    "idempotency-mismatch": Kind(
        422,
        "Idempotency-Key used for another request",
        "A key stands for one method, address and body for 24 hours. Use a new key.",
    ),
    "rate-limited": Kind(
        429, "Too many posts", "The header `Retry-After` says after how many seconds to go on."
    ),
    "internal-error": Kind(500, "Internal error", "The fault is ours, and it is in our log."),
    "unavailable": Kind(
        503,
        "Unavailable for the moment",
        "The database does not answer or takes nothing in. Try again after the seconds of the "
        "header `Retry-After`; with an `Idempotency-Key` that is safe.",
    ),
}


class Problem(Exception):
    """A request that cannot be answered as asked."""

    def __init__(
        self,
        kind: str,
        detail: str = "",
        *,
        errors: list[dict[str, str]] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail or KINDS[kind].about)
        self.kind = kind
        self.detail = detail
        self.errors = errors
        self.headers = headers or {}

    @property
    def status(self) -> int:
        return KINDS[self.kind].status

    def as_json(self) -> dict[str, Any]:
        """Return the members of the problem detail, without `instance`."""
        kind = KINDS[self.kind]
        members: dict[str, Any] = {
            "type": f"{TYPES_AT}{self.kind}",
            "title": kind.title,
            "status": kind.status,
            "detail": self.detail or kind.about,
        }
        if self.errors is not None:
            members["errors"] = self.errors
        return members


def respond(problem: Problem) -> HttpResponse:
    """Return the answer. Its `instance` is also in the log when the fault is ours."""
    instance = uuid.uuid4().urn
    if problem.status >= 500:
        log.warning("api.problem", kind=problem.kind, instance=instance)
    # ASCII: what a client sent is quoted here, and it may hold half a surrogate pair.
    members = {**problem.as_json(), "instance": instance}
    if request_id := trail.here().request_id:
        members["request_id"] = request_id
    body = json.dumps(members)
    return HttpResponse(
        body, content_type=MEDIA_TYPE, status=problem.status, headers=dict(problem.headers)
    )


def invalid(detail: Any, *, at: str = "") -> Problem:
    """Return the problem of a serializer's complaints; `at` is the pointer of what it checked."""
    errors = [
        {"pointer": f"#{pointer}", "detail": sentence}
        for pointer, sentence in _complaints(detail, at)
    ]
    if len(errors) > ERRORS_SHOWN:
        more = len(errors) - ERRORS_SHOWN
        errors = [*errors[:ERRORS_SHOWN], {"pointer": "#", "detail": f"And {more} more errors."}]
    first = errors[0] if errors else {"pointer": "#", "detail": ""}
    return Problem("validation-error", f"{first['pointer']}: {first['detail']}", errors=errors)


def _complaints(detail: Any, pointer: str) -> Iterator[tuple[str, str]]:
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            here = pointer if name == "non_field_errors" else f"{pointer}/{pointer_token(name)}"
            yield from _complaints(inner, here)
    elif isinstance(detail, list | tuple):
        for inner in detail:
            yield from _complaints(inner, pointer)
    else:
        yield pointer, str(detail)


def shortened(name: str) -> str:
    """Return a name for a message: a client may send one of a megabyte."""
    return name if len(name) <= NAME_SHOWN else name[:NAME_SHOWN] + "…"


def pointer_token(name: object) -> str:
    """Return one step of a JSON pointer in a URI fragment (RFC 6901, section 6).

    >>> pointer_token("a/b ~")
    'a~1b%20~0'
    """
    escaped = shortened(str(name)).replace("~", "~0").replace("/", "~1")
    return quote(escaped.encode("utf-8", "replace"), safe="~!$&'()*+,;=:@")


def exception_handler(error: Exception, context: Mapping[str, Any]) -> HttpResponse:
    """Return the problem that an exception in an API view means; 500 for what nobody foresaw."""
    problem = problem_of(error)
    if problem is None:
        # Without the message, which may quote a post.
        frames = traceback.format_tb(error.__traceback__)[-FRAMES_LOGGED:]
        log.error("api.unexpected", error=type(error).__name__, frames=frames)
        got_request_exception.send(sender=exception_handler, request=context["request"]._request)
        problem = Problem("internal-error")
    return respond(problem)


def problem_of(error: Exception) -> Problem | None:
    """Return the problem that an exception means, or None."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, rest.APIException):
        return _from_framework(error)
    if isinstance(error, Http404):
        return Problem("not-found")
    if isinstance(error, PermissionDenied):
        return Problem("forbidden")
    if isinstance(error, SuspiciousOperation):
        # Django's own limits, such as a question of more than a thousand parameters.
        return Problem("bad-request")
    if isinstance(error, IdempotencyMismatch):
        return Problem("idempotency-mismatch", error.sentence)
    if isinstance(error, StaleDecision):
        return Problem("conflict", error.sentence)
    if is_database_away(error):
        counters.count("database_errors")
        log.error("api.database", error=type(error).__name__, cause=type(error.__cause__).__name__)
        return Problem("unavailable", headers={"Retry-After": str(RETRY_UNAVAILABLE_SECONDS)})
    return None


def is_database_away(error: BaseException | None) -> bool:
    """Return whether the database does not answer or, as a standby does, only reads."""
    if isinstance(error, InternalError):
        return _sqlstate(error) == READ_ONLY
    return isinstance(error, OperationalError | InterfaceError)


def _sqlstate(error: BaseException | None) -> str | None:
    return getattr(error and error.__cause__, "sqlstate", None)


FRAMEWORK: tuple[tuple[type[rest.APIException], str], ...] = (
    (rest.ParseError, "malformed-json"),
    (rest.AuthenticationFailed, "unauthorized"),
    (rest.NotAuthenticated, "unauthorized"),
    (rest.PermissionDenied, "forbidden"),
    (rest.NotFound, "not-found"),
    (rest.MethodNotAllowed, "method-not-allowed"),
    (rest.NotAcceptable, "not-acceptable"),
    (rest.UnsupportedMediaType, "unsupported-media-type"),
    (rest.Throttled, "rate-limited"),
)


def _from_framework(error: rest.APIException) -> Problem:
    if isinstance(error, rest.ValidationError):
        return invalid(error.detail)
    kind = next((kind for type_, kind in FRAMEWORK if isinstance(error, type_)), "bad-request")
    headers = {}
    if challenge := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    # The kind itself says more than "credentials were not provided".
    detail = "" if isinstance(error, rest.NotAuthenticated) else str(error.detail)
    return Problem(kind, detail, headers=headers)


# What Django itself answers, below /api as problems, elsewhere as its pages

AWAY: Final = (
    "<!doctype html><html lang=en><meta charset=utf-8><title>Back in a moment</title>"
    "<h1>Back in a moment</h1>"
    "<p>The database does not answer, or takes nothing in for now. Load this page again in a few "
    "seconds."
)


def handler400(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    if request.path.startswith(API):
        return respond(Problem("bad-request"))
    return defaults.bad_request(request, exception)


def handler403(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    if request.path.startswith(API):
        return respond(Problem("forbidden"))
    return defaults.permission_denied(request, exception)


def handler404(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    if request.path.startswith(API):
        return respond(Problem("not-found"))
    return defaults.page_not_found(request, exception)


def handler500(request: HttpRequest) -> HttpResponseBase:
    # Called while the exception is handled.
    error = sys.exc_info()[1]
    problem = problem_of(error) if isinstance(error, Exception) else None
    if problem is None or problem.kind != "unavailable":
        problem = Problem("internal-error")
    if request.path.startswith(API):
        return respond(problem)
    # A page that takes too long would take too long again.
    if problem.kind == "unavailable" and _sqlstate(error) != TOO_SLOW:
        return HttpResponse(AWAY, status=problem.status, headers=dict(problem.headers))
    return defaults.server_error(request)


@require_safe
def problem_page(request: HttpRequest, kind: str) -> HttpResponse:
    """The page behind a problem's `type`."""
    if kind not in KINDS:
        return respond(Problem("not-found"))
    known = KINDS[kind]
    return HttpResponse(
        "<!doctype html><html lang=en><meta charset=utf-8>"
        f"<title>{escape(known.title)}</title>"
        f"<h1>{escape(known.title)}</h1><p>Status {known.status}. {escape(known.about)}</p>"
    )
