"""The kinds of fields that requests are checked with; each refuses what could not be stored."""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from functools import cached_property
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.fields import empty

from moderation.api import errors
from moderation.types import (
    ActorRole,
    FeedbackLabel,
    Mode,
    Outcome,
    PostType,
    Severity,
    Source,
    Status,
)

METADATA_BYTES = 16_384
METADATA_DEPTH = 8
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class Strict(serializers.Serializer[Any]):
    """Refuses unknown fields by name, together with whatever else is wrong."""

    @cached_property
    def known(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """The fields in a mapping that is quick to go through."""
        return dict(self.fields)

    def run_validation(self, data: Any = empty) -> Any:
        """As in the framework, but for validators of whole objects, of which there are none."""
        is_final, value = self.validate_empty_values(data)
        return value if is_final else self.to_internal_value(value)

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if not isinstance(data, Mapping):
            return super().to_internal_value(data)
        value: dict[str, Any] = {}
        wrong: dict[str, Any] = {
            errors.shortened(name): ["Unknown field."]
            for name in sorted(data.keys() - self.known.keys())[: errors.ERRORS_SHOWN]
        }
        for name, field in self.known.items():
            if name not in data and not field.required and field.default is empty:
                continue
            try:
                given = field.run_validation(data.get(name, empty))
            except serializers.ValidationError as error:
                wrong[name] = error.detail
            else:
                if given is not None:
                    value[name] = given
        if wrong:
            raise serializers.ValidationError(wrong)
        return value


class Text(serializers.CharField):
    """A string as it stands: nothing is trimmed, nothing else is taken for a string."""

    def __init__(self, **options: Any) -> None:
        super().__init__(trim_whitespace=False, **options)
        most = self.max_length if self.max_length and "validators" not in options else -1
        self._lengths = range(0 if self.allow_blank else 1, most + 1)
        """Of strings with which nothing else can be wrong than what cannot be stored."""

    def run_validation(self, data: Any = empty) -> Any:
        # Nearly every string is right, and to ask each validator takes ten times as long.
        if type(data) is str and len(data) in self._lengths and not UNSTORABLE.search(data):
            return data
        return super().run_validation(data)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return data


MEANINGS: dict[type[StrEnum], dict[str, str]] = {
    Outcome: {
        "allow": "readers may see it",
        "review": "a person looks; held, or published meanwhile",
        "block": "unpublished, kept and reversible",
    },
    Status: {
        "pending": "not judged yet",
        "decided": "the decision in force is about these words",
        "withdrawn": "taken back by the site",
    },
    Severity: {
        "low": "counts half",
        "normal": "counts once",
        "high": "counts twice",
    },
    Source: {
        "machine": "heuristics, lists and models",
        "expiry": "held unanswered for too long",
        "moderator": "a verdict",
        "feedback": "an owner or moderator, by feedback",
        "import": "came with imported history",
    },
    Mode: {
        "observe": "nothing but the standard test string is blocked",
        "review_only": "what the model would block is held",
        "provisional": "the model blocks, by thresholds that nobody certified",
        "certified": "the model blocks what a certificate covers; the rest of it is held",
    },
    PostType: {},
    ActorRole: {},
    FeedbackLabel: {},
}


def choices_of(words: type[StrEnum]) -> list[tuple[str, str]]:
    """Return words with what the documentation says of them."""
    return [(word.value, MEANINGS[words].get(word.value, word.value)) for word in words]


class Choice(serializers.ChoiceField):
    """One of some words; the complaint names them and repeats nothing of what came."""

    def __init__(self, words: type[StrEnum], **options: Any) -> None:
        super().__init__(choices=choices_of(words), **options)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str) or data not in self.choices:
            raise serializers.ValidationError(f"Not one of {', '.join(self.choices)}.")
        return data


def optional(most: int, **options: Any) -> Text:
    """Return a string that may be missing, null or empty, all of which mean "not said"."""
    return Text(required=False, allow_null=True, allow_blank=True, max_length=most, **options)


@extend_schema_field(
    {"type": "string", "anyOf": [{"format": "ipv4"}, {"format": "ipv6"}], "maxLength": 45}
)
class Address(serializers.Field[str, str, str, Any]):
    """An IP address; an IPv4 address mapped into IPv6 is taken for what it is."""

    default_error_messages = {"invalid": "Not an IPv4 or IPv6 address."}

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str) or "%" in data:
            self.fail("invalid")
        try:
            address = ipaddress.ip_address(data)
        except ValueError:
            self.fail("invalid")
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(address)

    def to_representation(self, value: str) -> str:
        return str(value)


@extend_schema_field(OpenApiTypes.DATETIME)
class Moment(serializers.Field[datetime, str, str, Any]):
    """An ISO 8601 date and time with a zone, in UTC from then on."""

    default_error_messages = {
        "invalid": "Not an ISO 8601 date and time with a zone, such as 2026-01-31T12:00:00Z.",
        "range": "Too early or too late.",
    }

    def to_internal_value(self, data: Any) -> datetime:
        if not isinstance(data, str) or len(data) > 40 or not data.isascii():
            self.fail("invalid")
        try:
            moment = datetime.fromisoformat(data.upper())
        except ValueError:
            self.fail("invalid")
        if moment.tzinfo is None:
            self.fail("invalid")
        try:
            return moment.astimezone(UTC)
        except OverflowError:
            self.fail("range")

    def to_representation(self, value: datetime) -> str:
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


class Metadata(serializers.Field[dict[str, Any], Any, Any, Any]):
    """An object of the site's own, kept with the post."""

    default_error_messages = {
        "invalid": "Not an object.",
        "deep": f"Nested more than {METADATA_DEPTH} deep.",
        "large": f"More than {METADATA_BYTES:,} bytes as JSON.",
        "unstorable": "NUL and lone surrogate characters cannot be stored.",
    }

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if not isinstance(data, dict):
            self.fail("invalid")
        for text, depth in _strings(data, 1):
            if depth > METADATA_DEPTH:
                self.fail("deep")
            if UNSTORABLE.search(text):
                self.fail("unstorable")
        if len(json.dumps(data, ensure_ascii=False).encode()) > METADATA_BYTES:
            self.fail("large")
        return data

    def to_representation(self, value: dict[str, Any]) -> dict[str, Any]:
        return value


def _strings(value: Any, depth: int) -> Iterator[tuple[str, int]]:
    """Yield every string in a JSON value with the depth of what holds it, and "" for each
    array and object with its own; goes one step deeper than is allowed and no further.
    """
    if isinstance(value, str):
        yield value, depth - 1
    elif isinstance(value, dict | list):
        yield "", depth
        if depth > METADATA_DEPTH:
            return
        if isinstance(value, dict):
            for name in value:
                yield name, depth
            value = list(value.values())
        for inner in value:
            yield from _strings(inner, depth + 1)


class Share(serializers.FloatField):
    """A number that is not below zero; no string that looks like one."""

    def __init__(self, *, most: float, **options: Any) -> None:
        super().__init__(min_value=0, max_value=most, **options)
        self.most = most

    def to_internal_value(self, data: Any) -> float:
        number = isinstance(data, int | float) and not isinstance(data, bool)
        if not number or not 0 <= data <= self.most:
            raise serializers.ValidationError(f"Not a number from 0 to {self.most:,.0f}.")
        return float(data)
