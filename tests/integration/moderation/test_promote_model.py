"""A model is put into service for all sites, or for one that there is."""

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from classifiers.models import ModelVersion
from tests.unit.classifiers import models


@pytest.fixture
def made(settings: Any, tmp_path: Path) -> Path:
    settings.WINNOW_MODEL_DIR = tmp_path / "installed"
    models.write(tmp_path / "made", models.blank("made", 1.5))
    return tmp_path / "made"


def test_a_model_is_registered_for_a_site_that_there_is(site, made):
    said = StringIO()
    call_command("promote_model", str(made), f"--slot=site:{site.pk}", stdout=said)
    assert said.getvalue() == f"made serves site:{site.pk}.\n"
    assert ModelVersion.objects.get(name="made").slot == f"site:{site.pk}"


@pytest.mark.parametrize("number", [99, 10**18 - 1])
def test_no_model_serves_a_site_that_there_is_not(made, number):
    with pytest.raises(CommandError, match=f"there is no site {number}"):
        call_command("promote_model", str(made), f"--slot=site:{number}")
    assert not ModelVersion.objects.filter(name="made").exists()
