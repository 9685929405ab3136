"""Model files that are damaged, or made to run something: refused while judging goes on."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import shutil
import struct
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import httpx

from benchmarks.drills import Report, drill
from benchmarks.installation import Child, Installation, SiteAccess, running
from classifiers.versions import artifacts
from config import processes

CARD, MANIFEST, WEIGHTS = artifacts.CARD, artifacts.MANIFEST, artifacts.WEIGHTS
SECONDS: Final = 60.0
CANARY: Final = "canary"
SHIPPED: Final = artifacts.inspect(artifacts.STARTER).name
"""The model that serves before any other was promoted."""

Harm = Callable[[Path], object]


def write_model(directory: Path, name: str, bias: float) -> str:
    """Write a model like the shipped one, moved by a bias. Return its digest."""
    shipped = artifacts.load(artifacts.STARTER)
    weights = replace(shipped.weights, bias=shipped.weights.bias + bias)
    return artifacts.write(
        directory,
        name=name,
        weights=weights,
        known=shipped.known,
        calibration=shipped.calibration,
        card="",
        facts={},
    )


def rewrite(directory: Path, weights: bytes | None = None, **changes: object) -> None:
    """Change a model as somebody does who knows how digests are made."""
    manifest = json.loads((directory / MANIFEST).read_text())
    if weights is not None:
        (directory / WEIGHTS).write_bytes(weights)
        digest = hashlib.sha256(weights).hexdigest()
        manifest["files"][WEIGHTS] = {"sha256": digest, "bytes": len(weights)}
    (directory / MANIFEST).write_text(json.dumps({**manifest, **changes}))


def _flip(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


DAMAGE: Final[dict[str, Harm]] = {
    "weights cut in half": lambda d: os.truncate(d / WEIGHTS, (d / WEIGHTS).stat().st_size // 2),
    "one bit of the weights": lambda d: _flip(d / WEIGHTS),
    "no weights": lambda d: (d / WEIGHTS).unlink(),
    "an empty manifest": lambda d: (d / MANIFEST).write_bytes(b""),
    "another model's files": lambda d: write_model(d, "stranger", 0.5),
}


class Runs:
    """Touches a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"touch {self.path}",)


def _tensors(header: dict[str, Any], content: bytes = b"") -> bytes:
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + content


def _tensor(start: int, end: int, shape: list[int], kind: str = "F32") -> dict[str, Any]:
    return {"dtype": kind, "shape": shape, "data_offsets": [start, end]}


def _replaced(file: Path, make: Callable[[Path], object]) -> None:
    file.unlink()
    make(file)


def malice(outside: Path) -> dict[str, Harm]:
    """Return what turns a good model directory into a hostile one, by name.

    `outside` holds the canary that nothing may make and a `secret` that nothing may read.
    """
    runs, secret = pickle.dumps(Runs(outside / CANARY)), outside / "secret"
    onnx = b"\x08\x07\x12\x04evil" + str(secret).encode()
    return {
        "a pickle for weights": lambda d: rewrite(d, runs),
        "a pickle beside": lambda d: (d / "model.pkl").write_bytes(runs),
        "a skops file beside": lambda d: (d / "model.skops").write_bytes(b"PK\x03\x04" + runs),
        "an ONNX file with data elsewhere": lambda d: (d / "model.onnx").write_bytes(onnx),
        "code beside": lambda d: (d / "__init__.py").write_text(f"open({str(secret)!r})"),
        "weights that are a link": lambda d: _replaced(d / WEIGHTS, lambda f: f.symlink_to(secret)),
        "a card that is a link": lambda d: _replaced(d / CARD, lambda f: f.symlink_to(secret)),
        "a manifest that is a link": lambda d: _replaced(
            d / MANIFEST, lambda f: f.symlink_to(secret)
        ),
        "a card with another name": lambda d: _replaced(d / CARD, lambda f: f.hardlink_to(secret)),
        "a pipe": lambda d: _replaced(d / CARD, os.mkfifo),
        "a folder for weights": lambda d: _replaced(d / WEIGHTS, Path.mkdir),
        "names with ..": lambda d: rewrite(
            d, files={f"../{secret.name}": {"sha256": "", "bytes": 1}}
        ),
        "a manifest of 2 MB": lambda d: rewrite(d, remark="x" * 2_000_000),
        "a deep manifest": lambda d: (d / MANIFEST).write_bytes(b"[" * 500_000),
        "a number of many digits": lambda d: (d / MANIFEST).write_bytes(b"9" * 500_000),
        "a bias beyond doubles": lambda d: rewrite(d, bias=10**400),
        "NUL in the name": lambda d: rewrite(d, name="a\0b"),
        "weights of 65 MB": lambda d: os.truncate(d / WEIGHTS, 65 << 20),
        "a header of exabytes": lambda d: rewrite(d, struct.pack("<Q", 1 << 60) + b"{}"),
        "a header of 30 MB": lambda d: rewrite(
            d, _tensors({f"t{i}": _tensor(0, 0, [0]) for i in range(500_000)})
        ),
        "tensors that overlap": lambda d: rewrite(
            d, _tensors({n: _tensor(0, 8, [2]) for n in ("hashed", "numeric")}, b"\0" * 8)
        ),
        "a tensor beyond the end": lambda d: rewrite(
            d, _tensors({"hashed": _tensor(0, 1 << 40, [1 << 38])}, b"\0" * 8)
        ),
        "a shape of exabytes": lambda d: rewrite(
            d, _tensors({"hashed": _tensor(0, 8, [1 << 62, 1 << 62])}, b"\0" * 8)
        ),
    }


@dataclass(frozen=True)
class Judges:
    """A running service with one worker, and the folder where its models lie."""

    service: Installation
    worker: Child
    site: SiteAccess
    client: httpx.Client

    @property
    def folder(self) -> Path:
        return self.service.folder / "models"

    def judged_by(self) -> str:
        """Return the model that decides a post now; empty when none does in time."""
        stored = self.client.post("/api/v1/posts", json={"text": "Who decides?"})
        address = stored.headers["Location"]
        processes.wait_until(lambda: self._decision(address) is not None, seconds=SECONDS)
        decision = self._decision(address)
        return str(decision["versions"]["model"]) if decision else ""

    def _decision(self, address: str) -> dict[str, Any] | None:
        found: dict[str, Any] | None = self.client.get(address).json()["decision"]
        return found

    def restart_worker(self) -> None:
        self.worker.kill()
        self.service.restart(self.worker)

    def promote(self, what: str) -> bool:
        """Return whether a version or directory was taken into service."""
        try:
            self.service.manage("promote_model", what)
        except subprocess.CalledProcessError as error:
            if "Traceback" in error.stderr:
                raise
            return False
        return True

    def problems(self) -> list[str]:
        """Return what an operator sees of models that could not be loaded."""
        with self.service.database() as database:
            rows = database.execute("SELECT problem FROM classifiers_modelversion").fetchall()
        return [problem for (problem,) in rows if problem]


@contextmanager
def judging() -> Iterator[Judges]:
    with running(durable=False) as service:
        service.start("web")
        worker = service.start("worker")
        service.start("beat")
        site = service.create_site()
        with httpx.Client(base_url=service.url, headers=site.headers, timeout=30) as client:
            yield Judges(service, worker, site, client)


@drill(13, "truncated, corrupt or wrong model files")
def damaged_models(scale: float) -> Report:
    held: dict[str, bool] = {}
    with judging() as judges:
        digest = write_model(judges.service.folder / "second", "second", 0.1)
        judges.promote(str(judges.service.folder / "second"))
        copy = judges.folder / digest
        whole = judges.service.folder / "whole"
        shutil.copytree(copy, whole)
        some = list(DAMAGE.items())[: max(2, round(len(DAMAGE) * scale))]
        wrong = []
        for name, harm in some:
            _put(whole, copy)
            judges.restart_worker()
            before = judges.judged_by()
            log = judges.worker.program.log
            said = log.stat().st_size
            harm(copy)
            if (before, judges.judged_by()) != ("second", "second"):
                wrong.append(f"{name}: not served from memory")
            judges.restart_worker()
            # The alarm may come before the restart, from a child that had yet to load the model.
            mended = judges.judged_by() == "second"
            if not mended or b"is refused" not in log.read_bytes()[said:]:
                wrong.append(f"{name}: not mended with an alarm")
        held["the model goes on serving, and its copy is mended from the database"] = not wrong
        _break_everywhere(judges, digest, copy)
        judges.restart_worker()
        stand_in = judges.judged_by()
        held["broken everywhere, the one before serves"] = stand_in.startswith("starter")
        held["the log and the version say so"] = bool(
            judges.problems() and "cannot be loaded" in judges.worker.log()
        )
        write_model(judges.service.folder / "third", "third", 0.2)
        DAMAGE["one bit of the weights"](judges.service.folder / "third")
        refused = not judges.promote(str(judges.service.folder / "third"))
        held["a damaged one is not promoted"] = refused and judges.judged_by() == stand_in
        _put(whole, copy)
        judges.restart_worker()
        held["whole again, it serves again"] = judges.judged_by() == "second"
        held["and the alarm is over"] = not judges.problems()
    return Report(measured={"kinds": len(some), "wrong": wrong}, criteria=held)


def _put(whole: Path, copy: Path) -> None:
    shutil.rmtree(copy)
    shutil.copytree(whole, copy)


def _break_everywhere(judges: Judges, digest: str, copy: Path) -> None:
    DAMAGE["weights cut in half"](copy)
    with judges.service.database(owner=True) as database:
        database.execute(
            "UPDATE classifiers_modelfile SET content = substr(content, 1, 1000) WHERE digest = %s",
            [digest],
        )


WATCHED: Final = """
import json, os, sys, time
from pathlib import Path
from classifiers.versions import registry
from classifiers.exceptions import ClassifierError
from classifiers.models import ModelVersion
folder = Path({folder!r})
ModelVersion.objects.count()
told, inside = {{}}, None
ours = tuple(os.path.realpath(p) for p in (sys.prefix, sys.base_prefix, os.getcwd()))
def hook(event, arguments):
    if inside is None:
        return
    if event in ("os.system", "subprocess.Popen", "pickle.find_class", "os.exec", "ctypes.dlopen"):
        told.setdefault(inside.name, []).append(event)
    if event == "open" and isinstance(arguments[0], (str, bytes)):
        path = os.path.realpath(os.fsdecode(arguments[0]))
        if not path.startswith((os.path.realpath(inside) + os.sep, *ours)):
            told.setdefault(inside.name, []).append(path)
sys.addaudithook(hook)
for directory in sorted(folder.iterdir()):
    began, inside = time.process_time(), directory
    try:
        registry.register(directory=directory)
        told.setdefault(directory.name, []).append("taken")
    except ClassifierError:
        pass
    finally:
        inside = None
    if time.process_time() - began > 5:
        told.setdefault(directory.name, []).append("slow")
print(json.dumps(told))
"""


@drill(14, "hostile model files: pickles, links, pipes, headers and names that lead elsewhere")
def hostile_models(scale: float) -> Report:
    with judging() as judges:
        outside, offered = judges.service.folder / "outside", judges.service.folder / "offered"
        outside.mkdir()
        offered.mkdir()
        (outside / "secret").write_text("nobody reads this")
        harms = malice(outside)
        for name, harm in harms.items():
            write_model(offered / name, "evil", 0.3)
            harm(offered / name)
        (offered / "a directory that is a link").symlink_to(outside)
        told = json.loads(
            judges.service.manage("shell", "-v", "0", "-c", WATCHED.format(folder=str(offered)))
        )
        served = _in_place_of_the_serving(judges, harms, offered, scale)
        ran = (outside / CANARY).exists()
    return Report(
        measured={"offered": len(harms) + 1, "put_in_place": len(served), "told": told},
        criteria={
            "each is refused, nothing runs, nothing outside is opened": not told,
            "no canary": not ran,
            "the worker judges on": all(served.values()),
        },
    )


def _in_place_of_the_serving(
    judges: Judges, harms: dict[str, Harm], offered: Path, scale: float
) -> dict[str, bool]:
    """Return whether posts were judged when a hostile directory lay where a model should."""
    digest = write_model(judges.service.folder / "second", "second", 0.1)
    judges.promote(str(judges.service.folder / "second"))
    copy, served = judges.folder / digest, {}
    for name in list(harms)[:: max(1, round(4 / scale))]:
        shutil.rmtree(copy)
        shutil.copytree(offered / name, copy, symlinks=True)
        judges.restart_worker()
        served[name] = judges.judged_by() in ("second", SHIPPED)
    return served
