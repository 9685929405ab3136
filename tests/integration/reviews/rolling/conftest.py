"""A candidate beside the model that serves."""

# Models are imported inside: this file is read before Django's settings.

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from classifiers.models import ModelVersion, Rollout


@pytest.fixture(autouse=True)
def fresh(settings, tmp_path: Path):
    from classifiers.models import ModelVersion, RegistryState
    from classifiers.versions import lineup

    settings.WINNOW_MODEL_DIR = tmp_path / "installed"
    settings.WINNOW_SHADOW_POSTS = settings.WINNOW_CANARY_POSTS = 4
    RegistryState.objects.all().delete()
    ModelVersion.objects.all().delete()
    lineup.forget()
    yield
    lineup.forget()


@pytest.fixture
def site(db):
    from tests.integration.reviews.promised import certifying_site

    return certifying_site(promise=0.08, days=30)


@pytest.fixture
def make(tmp_path: Path):
    from classifiers.versions import registry
    from tests.unit.classifiers import models

    def make(name: str, bias: float = 0.0) -> ModelVersion:
        models.write(tmp_path / name, models.blank(name, bias))
        return registry.register(directory=tmp_path / name)

    return make


@pytest.fixture
def rollout(make) -> Rollout:
    from classifiers.versions import registry
    from reviews.learning import rolling
    from tests.integration.reviews.promised import MODEL

    baseline = make(MODEL, -3.0)
    registry.promote(name=MODEL, reason="")
    return rolling.begin(version=make("model-2", -2.0), baseline=baseline)
