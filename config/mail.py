"""Where mail is handed over, from one address: `smtp://USER:PASSWORD@HOST:PORT`.

smtp://    begins in the clear and goes on encrypted (STARTTLS), or not at all; port 587
smtps://   encrypted from the start; port 465
smtp+plain://  in the clear, for a server on the same machine; port 25
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

PORTS: Final = {"smtp": 587, "smtps": 465, "smtp+plain": 25}
TIMEOUT: Final = 10
"""Seconds: a server that hangs holds up one process of a worker, and no post."""


def settings_of(url: str | None) -> dict[str, Any]:
    """Return Django's settings; without an address those by which nothing is sent.

    Raises ImproperlyConfigured.
    """
    if not url:
        return {"EMAIL_BACKEND": "django.core.mail.backends.dummy.EmailBackend"}
    try:
        parts = urlsplit(url)
        port = parts.port or PORTS[parts.scheme]
    except (ValueError, KeyError):
        raise ImproperlyConfigured(
            "WINNOW_SMTP_URL must begin with smtp://, smtps:// or smtp+plain:// and name a host."
        ) from None
    if not parts.hostname or parts.path.strip("/") or parts.query:
        raise ImproperlyConfigured("WINNOW_SMTP_URL must name a host and nothing after its port.")
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": parts.hostname,
        "EMAIL_PORT": port,
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_TLS": parts.scheme == "smtp",
        "EMAIL_USE_SSL": parts.scheme == "smtps",
        "EMAIL_TIMEOUT": TIMEOUT,
    }
