"""Words for pages without the console's covers, as the admin's: explicit ones behind one click."""

from __future__ import annotations

from django.utils.html import escape, format_html
from django.utils.safestring import SafeString

from reviews.console.case.explicit import spans

TELLS = "Explicit words: show the text"


def behind_a_click(text: str) -> SafeString:
    """Return `text` escaped; where it has explicit words, folded away until somebody asks."""
    if not spans(text):
        return escape(text)
    return format_html("<details><summary>{}</summary>{}</details>", TELLS, text)
