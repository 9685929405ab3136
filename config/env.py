"""Typed readers of environment variables and secret files.

Each value `NAME` may instead be given as `NAME_FILE`, the path of a file that holds it
(as Docker and Kubernetes mount secrets). An empty value counts as not given.
"""

from __future__ import annotations

import os
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

TRUE = frozenset({"1", "true", "yes", "on"})
FALSE = frozenset({"0", "false", "no", "off"})


def read(name: str) -> str | None:
    """Return the value of `NAME`, or of the file named by `NAME_FILE`, or None.

    Raises ImproperlyConfigured when both are given or the file cannot be read.
    """
    value = os.environ.get(name, "").strip()
    path = os.environ.get(f"{name}_FILE", "").strip()
    if value and path:
        raise ImproperlyConfigured(f"Both {name} and {name}_FILE are set; give one of them.")
    if not path:
        return value or None
    try:
        return Path(path).read_text(encoding="utf-8").strip() or None
    except (OSError, UnicodeDecodeError) as error:
        raise ImproperlyConfigured(
            f"{name}_FILE names a file that cannot be read: {error}"
        ) from None


def text(name: str, default: str = "") -> str:
    """Return the value as it stands, or the default."""
    return read(name) or default


def choice(name: str, options: tuple[str, ...]) -> str:
    """Return one of `options`, the first when nothing is given.

    Raises ImproperlyConfigured for anything else.
    """
    value = text(name, options[0]).lower()
    if value not in options:
        raise ImproperlyConfigured(f"{name} must be one of {', '.join(options)}.")
    return value


def boolean(name: str, *, default: bool = False) -> bool:
    """Return True for 1, true, yes, on; False for 0, false, no, off.

    Raises ImproperlyConfigured for anything else.
    """
    value = text(name).lower()
    if not value:
        return default
    if value not in TRUE | FALSE:
        raise ImproperlyConfigured(f"{name} must be one of 1, true, yes, on, 0, false, no, off.")
    return value in TRUE


def integer(name: str, default: int, *, least: int = 0, most: int | None = None) -> int:
    """Return a whole number. Raises ImproperlyConfigured outside [least, most]."""
    value = text(name)
    try:
        number = int(value) if value else default
    except ValueError:
        raise ImproperlyConfigured(f"{name} must be a whole number.") from None
    if number < least or (most is not None and number > most):
        limits = f"at least {least}" if most is None else f"between {least} and {most}"
        raise ImproperlyConfigured(f"{name} must be {limits}.")
    return number


def strings(name: str, default: tuple[str, ...] = ()) -> list[str]:
    """Return a list that is given separated by commas."""
    value = text(name)
    return [part.strip() for part in value.split(",") if part.strip()] if value else list(default)


def path(name: str, default: Path) -> Path:
    """Return an absolute path."""
    value = text(name)
    return Path(value).expanduser().absolute() if value else default
