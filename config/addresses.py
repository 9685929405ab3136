"""Who asks: the address that guesses at passwords are counted by."""

from __future__ import annotations

import ipaddress

from django.conf import settings
from django.http import HttpRequest

IPV6_PREFIX = 64
"""What one subscriber has: whoever owns a network of that size owns all its addresses."""


def client_address(request: HttpRequest) -> str | None:
    """Return the client's IPv4 address, or the network of its IPv6 address; None if unknown.

    Each trusted proxy (WINNOW_TRUSTED_PROXIES) appends to X-Forwarded-For the address that it
    was asked by; what stands further left came from the client, who may write what they like.
    Without trusted proxies the header means nothing.
    """
    chain = [request.META.get("REMOTE_ADDR", "")]
    if settings.WINNOW_TRUSTED_PROXIES:
        forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
        chain = [*(part.strip() for part in forwarded if part.strip()), *chain]
    # A chain shorter than configured: somebody asked a proxy, or us, directly.
    asked = chain[-min(settings.WINNOW_TRUSTED_PROXIES + 1, len(chain))]
    return _network(asked)


def _network(address: str) -> str | None:
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return None
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found, IPV6_PREFIX), strict=False).network_address)
    return str(found)
