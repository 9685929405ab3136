"""Public suffixes, from the list that its package brings."""

from __future__ import annotations

from functools import cache

import tldextract


@cache
def extractor() -> tldextract.TLDExtract:
    """What takes hosts apart: no network, no cache on disk."""
    return tldextract.TLDExtract(
        cache_dir=None, suffix_list_urls=(), include_psl_private_domains=True
    )


@cache
def last_labels() -> frozenset[str]:
    """Every last label of a known public suffix, in Unicode and in punycode."""
    labels = {suffix.rpartition(".")[2] for suffix in extractor().tlds}
    return frozenset(
        labels | {label.encode("idna").decode() for label in labels if not label.isascii()}
    )
