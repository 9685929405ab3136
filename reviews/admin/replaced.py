"""Pages of other apps that ours replace, or that nobody should see."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import Model


def leave_out(*models: type[Model]) -> None:
    """Take away the pages that were registered for these models."""
    for model in models:
        if admin.site.is_registered(model):
            admin.site.unregister(model)
