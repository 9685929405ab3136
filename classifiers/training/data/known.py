"""What a model has been trained on, as far as its manifest tells: figures on that flatter it.

A manifest keeps the smallest SAMPLE of the hashes of its texts (bottom-k sketch; Cohen, Kaplan:
Summarizing data using bottom-k sketches, 2007), in base64, four bytes each, sorted. Of another
file's texts those below the largest of these are a fair sample: the share of them that is there is
the share that the model knows. Older manifests name files and count their rows.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from classifiers.training.data.dataset import Snapshot
from classifiers.types import Content

SAMPLE: Final = 4_000
SHORTEST: Final = 20
"""Letters and signs of a text that is its own: shorter ones are said everywhere."""
LEAST_SHARE: Final = 0.02
LEAST_FOUND: Final = 3
LEAST_COUNTED: Final = 50
"""Rows from which two files with as many of each class are taken for the same."""
_FILE: Final = re.compile(r"(.+?)(?: \(([^()]*)\))?: (\d+) spam, (\d+) ham")

Hashes = NDArray[np.uint32]


def hashes(contents: Iterable[Content]) -> Hashes:
    """One for each different text that is long enough, sorted; case and spaces do not count."""
    found = set()
    for content in contents:
        text = "".join(f"{content.title}{content.text}".casefold().split())
        if len(text) >= SHORTEST:
            found.add(hashlib.blake2b(text.encode(), digest_size=4).digest())
    return np.sort(np.frombuffer(b"".join(found), dtype=">u4").astype(np.uint32))


def sample(contents: Iterable[Content], parent: Mapping[str, Any] | None = None) -> str:
    """What goes into the manifest: of these texts and of those of the parent's manifest."""
    own = hashes(contents)
    both = np.union1d(own, _stored(parent)) if parent else own
    return base64.b64encode(both[:SAMPLE].astype(">u4").tobytes()).decode()


def of(name: str, snapshot: Snapshot, manifest: Mapping[str, Any]) -> str:
    """What of a file of this name a model knows, as a sentence without its end; or nothing."""
    told = manifest.get("snapshot", {})
    files = [match for line in told.get("files", ()) if (match := _FILE.fullmatch(line))]
    if told.get("sha256") == snapshot.sha256 and not any(match[2] for match in files):
        return "this is the file that"
    stored = _stored(manifest)
    mine = hashes(snapshot.contents)
    if len(stored) >= SAMPLE:
        mine = mine[mine <= stored[-1]]
    found = int(np.isin(mine, stored).sum())
    if found >= LEAST_FOUND and found >= LEAST_SHARE * len(mine):
        return f"about {found / len(mine):.0%} of its texts are among those that"
    if len(stored) and len(mine) >= LEAST_COUNTED:
        return ""
    alike = (match for match in files if _same(match, name, snapshot))
    return next((f"it looks like {match[0].split(':')[0]}, which" for match in alike), "")


def _same(match: re.Match[str], name: str, snapshot: Snapshot) -> bool:
    """Whether a line of a manifest is about this file: by its name, or by how many rows it has."""
    splits = match[2].split(", ") if match[2] else []
    rows = [row for row in snapshot.rows if not splits or row.split in ("", *splits)]
    spam = sum(row.spam for row in rows)
    alike = (spam, len(rows) - spam) == (int(match[3]), int(match[4]))
    return bool(rows) and (match[1] == name or (alike and len(rows) >= LEAST_COUNTED))


def _stored(manifest: Mapping[str, Any]) -> Hashes:
    kept = manifest.get("snapshot", {}).get("sample", "")
    return np.frombuffer(base64.b64decode(kept), dtype=">u4").astype(np.uint32)
