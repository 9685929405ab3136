"""A model is put into service for all sites, or for one that there is."""

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from classifiers.models import GLOBAL_SLOT, ModelVersion
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


def test_a_rollback_keeps_who_put_a_model_into_service_and_names_what_serves(site, made):
    slot = f"--slot=site:{site.pk}"
    why = ("--reason=It reads Thai.", "--by=Noor")
    call_command("promote_model", str(made), slot, *why, stdout=StringIO())
    said = StringIO()
    call_command("rollback_model", slot, "--reason=Complaints.", "--by=Jo", stdout=said)
    shared = ModelVersion.objects.get(slot=GLOBAL_SLOT, stage="production")
    assert said.getvalue() == (
        f"{shared.name}, the model that all sites share, serves site:{site.pk}.\n"
    )
    kept = ModelVersion.objects.get(name="made").reason
    assert "UTC: Complaints. (by Jo)" in kept
    assert kept.endswith("It had been put into service: It reads Thai. (by Noor)")


def test_of_a_site_that_there_is_not_nothing_is_rolled_back(db):
    with pytest.raises(CommandError, match="there is no site 99"):
        call_command("rollback_model", "--slot=site:99")
