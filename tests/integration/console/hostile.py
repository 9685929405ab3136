"""Attacks in every field of every row: what a page or an export has to bear."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from django.apps import apps
from django.db import DatabaseError, models, transaction

ATTACK = (
    "\"><img src=x onerror=__hit=1>'</textarea></title><script>__hit=1</script>"
    "<svg/onload=__hit=1><a href=javascript:__hit=1>x</a>{{constructor.constructor('__hit=1')()}}"
    "{% now 'Y' %}${__hit=1}';__hit=1;//\u202e\u2066\x1b[31m%s%n=cmd|'/c calc'!A1" + "W" * 300
)
APPS = ("moderation", "reviews", "classifiers", "auth", "django_celery_beat", "axes", "admin")
# What code reads: a lie there breaks the row, and says nothing of the page.
KEPT = frozenset({"password", "digest", "snapshot_hash", "codename", "app_label", "timezone"})
KEPT_MODELS = frozenset({"Permission", "CrontabSchedule", "SolarSchedule", "ClockedSchedule"})


def poison(as_owner: Callable[[], AbstractContextManager[None]]) -> set[str]:
    """Write the attack into each text field of each row, where the database lets us.

    Returns the fields it stands in, as "model.field".
    """
    hit: set[str] = set()
    with as_owner():
        for label in APPS:
            for model in apps.get_app_config(label).get_models():
                if model.__name__ not in KEPT_MODELS:
                    hit |= {f"{model.__name__}.{name}" for name in _poison_model(model)}
    return hit


def _poison_model(model: Any) -> set[str]:
    done = set()
    for field in model._meta.concrete_fields:
        value = _value_for(field)
        if value is None or field.name in KEPT:
            continue
        try:
            with transaction.atomic():
                if model._default_manager.update(**{field.name: value}):
                    done.add(field.name)
        except DatabaseError:
            continue  # the schema itself refuses it
    return done


def _value_for(field: models.Field[Any, Any]) -> Any:
    if field.choices or field.primary_key or field.is_relation:
        return None
    if isinstance(field, models.JSONField):
        return [{"code": ATTACK, "sentence": ATTACK, "weight": 1.0}]
    if isinstance(field, models.CharField | models.TextField):
        return ATTACK[: field.max_length or None]
    return None
