"""The body of a request as JSON, or the reason why not. Strict, because what two parsers read
differently is how filters are fooled.

Read without the framework's parsers: limits hold before anything is read, and the bytes are
needed for idempotency.
"""

from __future__ import annotations

import json
import threading
from contextlib import nullcontext, suppress
from math import isfinite
from typing import Any

from django.http import HttpRequest
from django.http.request import UnreadablePostError

from moderation.api import errors

ENCODINGS = frozenset({"", "identity"})
LARGE_BYTES = 1_048_576
MOST_VALUES = 1_000_000
"""Brackets and commas in a large body, those in texts included. JSON of nothing else (`[[],[],…`)
takes twenty times its bytes in memory; honest posts come nowhere near."""
SKIPPED_BYTES = 65_536
_one_large_body = threading.Lock()


def read_body(request: HttpRequest, *, limit: int) -> bytes:
    """Return the body of a JSON request, at most `limit` bytes of it.

    Raises errors.Problem: 400, 411, 413 or 415.
    """
    _check_headers(request)
    declared = request.META.get("CONTENT_LENGTH") or ""
    if not declared and request.META.get("HTTP_TRANSFER_ENCODING"):
        raise errors.Problem("length-required")
    if declared.isdecimal() and int(declared) > limit:
        raise errors.Problem("too-large", f"The body may have at most {limit:,} bytes.")
    try:
        body = request.read(limit + 1)
    except UnreadablePostError:
        raise errors.Problem("malformed-json", "The body ended too early.") from None
    if len(body) > limit:
        raise errors.Problem("too-large", f"The body may have at most {limit:,} bytes.")
    return body


def skip_body(request: HttpRequest) -> None:
    """Read a body of ordinary size that is of no use."""
    declared = request.META.get("CONTENT_LENGTH") or ""
    if declared.isdecimal() and int(declared) <= SKIPPED_BYTES:
        with suppress(UnreadablePostError):
            request.read(SKIPPED_BYTES)


def _check_headers(request: HttpRequest) -> None:
    encoding = request.META.get("HTTP_CONTENT_ENCODING", "").strip().lower()
    if encoding not in ENCODINGS:
        raise errors.Problem("unsupported-media-type", "Compressed bodies are not accepted.")
    charset = request.content_params.get("charset", "utf-8") if request.content_params else "utf-8"
    if request.content_type != "application/json" or charset.lower() not in ("utf-8", "utf8"):
        raise errors.Problem(
            "unsupported-media-type", "Send the body as Content-Type: application/json, in UTF-8."
        )


class _Ambiguous(ValueError):
    """JSON that is well formed and yet means different things to different readers."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        seen: set[str] = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise _Ambiguous(f"The name {errors.shortened(twice)!a} stands twice in one object.")
    return result


def _float(digits: str) -> float:
    number = float(digits)
    if not isfinite(number):
        raise _Ambiguous("A number is too large.")
    return number


def _constant(name: str) -> float:
    raise _Ambiguous(f"{name} is not JSON.")


_decoder = json.JSONDecoder(object_pairs_hook=_object, parse_float=_float, parse_constant=_constant)


def parse_json(body: bytes) -> Any:
    """Return what the JSON text says. Raises errors.Problem (400, malformed-json; or 413).

    Refused besides what is not JSON: names that stand twice in an object, NaN and Infinity,
    numbers beyond the range of a double or of 4,300 digits, nesting beyond the interpreter's.
    """
    if not body:
        raise errors.Problem("malformed-json", "The body is empty.")
    large = len(body) > LARGE_BYTES
    if large and sum(map(body.count, (b"[", b"{", b","))) > MOST_VALUES:
        raise errors.Problem("too-large", "The body has too many values; send smaller batches.")
    try:
        with _one_large_body if large else nullcontext():
            return _decoder.decode(body.decode("utf-8"))
    except UnicodeDecodeError as error:
        detail = f"The body is not UTF-8 (byte {error.start})."
    except json.JSONDecodeError as error:
        detail = f"The body is not JSON: {error.msg} (line {error.lineno}, column {error.colno})."
    except RecursionError:
        detail = "The body is nested too deeply."
    except _Ambiguous as error:
        detail = str(error)
    except ValueError:
        detail = "A number has too many digits."
    raise errors.Problem("malformed-json", detail)
