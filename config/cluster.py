"""What is remembered of the embedded servers of one state folder, and where their files lie."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from importlib import util
from pathlib import Path
from urllib.parse import quote

from config import state
from config.processes import Account, Program, spawn, stop, wait_until
from config.state import Urls

DATABASE = "winnow"
OWNER = "winnow_owner"
APPLICATION = "winnow_app"


class ServerFailed(Exception):
    """An embedded server did not start."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """Ports and passwords, kept in `cluster.json` (0600)."""

    id: str
    postgres_port: int
    valkey_port: int
    superuser_password: str
    owner_password: str
    application_password: str
    valkey_password: str
    roles_made: bool = False
    root_home: str = ""
    """Where root laid the data; empty until root did."""

    @property
    def urls(self) -> Urls:
        at = f"127.0.0.1:{self.postgres_port}/{DATABASE}"
        return Urls(
            database=f"postgresql://{APPLICATION}:{quote(self.application_password)}@{at}",
            owner=f"postgresql://{OWNER}:{quote(self.owner_password)}@{at}",
            redis=f"redis://:{quote(self.valkey_password)}@127.0.0.1:{self.valkey_port}/0",
        )


@dataclass(frozen=True, slots=True)
class Place:
    """Where the servers of one state folder run, and as whom."""

    folder: Path
    """The state folder: logs, ports, passwords."""
    home: Path
    """The servers' data."""
    account: Account | None
    mark: str


@dataclass(slots=True)
class Server:
    """One running server."""

    program: Program
    process: subprocess.Popen[bytes]


def load(folder: Path) -> Cluster:
    """Return what was remembered, or a new cluster with random passwords."""
    values = state.read_json(folder / "cluster.json")
    if values is not None and not _is_copy(folder, Cluster(**values)):
        return Cluster(**values)
    cluster = Cluster(
        id=secrets.token_hex(6),
        postgres_port=free_port(),
        valkey_port=free_port(),
        superuser_password=secrets.token_urlsafe(24),
        owner_password=secrets.token_urlsafe(24),
        application_password=secrets.token_urlsafe(24),
        valkey_password=secrets.token_urlsafe(24),
    )
    return save(folder, cluster)


def _is_copy(folder: Path, cluster: Cluster) -> bool:
    """Return whether root's data belongs to a state folder that this one was copied from.

    One that was moved takes its data along: then nothing is left where it was.
    """
    if not cluster.root_home or not Path(cluster.root_home).exists():
        return False
    owner = state.read_json(Path(cluster.root_home) / "owner.json") or {}
    original = Path(owner.get("state_folder", folder))
    if original == folder.resolve():
        return False
    values = state.read_json(original / "cluster.json")
    return values is not None and values["id"] == cluster.id


def save(folder: Path, cluster: Cluster) -> Cluster:
    """Remember a cluster and return it."""
    state.write_json(folder / "cluster.json", asdict(cluster))
    return cluster


def make_home(folder: Path, cluster: Cluster, account: Account | None) -> tuple[Path, Cluster]:
    """Return the folder that holds the servers' data, made if it is missing.

    Root's is named after the cluster: who deletes the state folder starts afresh, and never
    meets data whose passwords are gone.
    """
    if account is None:
        return state.create(folder / "servers"), cluster
    home = Path(cluster.root_home) if cluster.root_home else root_base() / cluster.id
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.chown(home, account.uid, account.gid)
    state.write_json(home / "owner.json", {"state_folder": str(folder.resolve())})
    return home, save(folder, replace(cluster, root_home=str(home)))


def root_base() -> Path:
    """Return root's folder of this checkout below /var/lib, or /var/tmp where that is closed.

    Raises ServerFailed when somebody else made a folder of that name.
    """
    name = f"winnow-{state.key(state.CHECKOUT)}"
    for parent in (Path("/var/lib"), Path("/var/tmp")):  # noqa: S108 - ownership is checked below
        base = parent / name
        try:
            base.mkdir(mode=0o755, exist_ok=True)
        except OSError:
            continue
        facts = base.lstat()
        if base.is_symlink() or facts.st_uid != 0 or facts.st_mode & 0o022:
            raise ServerFailed(f"{base} was not made by root alone; remove it first.")
        base.chmod(0o755)  # ours, whatever the umask was
        return base
    raise ServerFailed("Neither /var/lib nor /var/tmp can be written to.")


def copy_once(target: Path, fill: Callable[[Path], None]) -> None:
    """Have `fill` make a folder, readable for all, unless it is there already.

    A copy that was interrupted is never mistaken for a whole one.
    """
    if target.exists():
        return
    partial = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    partial.mkdir()
    fill(partial)
    for path in (partial, *partial.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
    try:
        partial.rename(target)
    except OSError:
        # Another start of the same checkout was faster; its copy is as good.
        shutil.rmtree(partial)
        if not target.exists():
            raise


def package_folder(name: str) -> Path:
    """Return where a package lies, without importing it."""
    spec = util.find_spec(name)
    if spec is None or spec.origin is None:
        raise ServerFailed(f"The package {name} is not installed: run make install.")
    return Path(spec.origin).parent


def free_port() -> int:
    """Return a loopback port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def port_is_free(port: int) -> bool:
    """Return whether a server could listen on this loopback port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def bring_up(program: Program, answers: Callable[[], bool]) -> Server:
    """Start a server and return it once it answers.

    Raises ServerFailed, with the end of its log, when it does not.
    """
    process = spawn(program)
    if not wait_until(answers, seconds=60, alive=lambda: process.poll() is None):
        stop(program, process)
        tail = "\n".join(program.log.read_text(errors="replace").splitlines()[-15:])
        raise ServerFailed(f"{program.name} did not start. The end of {program.log}:\n{tail}")
    return Server(program=program, process=process)
