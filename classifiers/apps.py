"""The app `classifiers`: text in, probability out."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models.signals import post_migrate


class ClassifiersConfig(AppConfig):
    name = "classifiers"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        post_migrate.connect(_note_starter, sender=self)


def _note_starter(*, using: str, **_: Any) -> None:
    """A fresh database judges its first post with the shipped model."""
    from classifiers.models import RegistryState
    from classifiers.versions import registry

    # After `migrate classifiers zero` the signal comes too, and there are no tables.
    tables = connections[using].introspection.table_names()
    if using == DEFAULT_DB_ALIAS and RegistryState._meta.db_table in tables:
        registry.ensure_starter()
