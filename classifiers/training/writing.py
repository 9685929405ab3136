"""What a training writes: the model, what it was made from, and its card."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from classifiers.scorers.linear import LinearScorer
from classifiers.training.card import write_card
from classifiers.training.data import room
from classifiers.training.data.dataset import Snapshot
from classifiers.training.fitting.recipe import Trained
from classifiers.versions import artifacts

PACKAGE: Final = Path(__file__).parents[1]
LIBRARIES: Final = ("numpy", "scipy", "safetensors")


def facts_of(
    snapshot: Snapshot,
    trained: Trained,
    *,
    held: int = 0,
    parent: LinearScorer | None = None,
    parent_digest: str = "",
) -> dict[str, Any]:
    """What goes into the manifest besides the figures."""
    spam = int(snapshot.spam.sum())
    return {
        "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "snapshot": {
            "sha256": snapshot.sha256,
            "spam": spam,
            "ham": len(snapshot.rows) - spam,
            "held_back": held,
            "no_room": snapshot.left_out.get(room.NO_ROOM, 0),
        },
        "training": {
            "strength": trained.strength,
            "asked": round(trained.asked, 4) if trained.head else None,
            "passages": None if trained.passages is None else trained.passages.as_dict(),
        },
        "parent": {"name": parent.version if parent else "", "digest": parent_digest},
        "code": {"sha256": code_digest()},
        "libraries": {
            "python": platform.python_version(),
            **{name: version(name) for name in LIBRARIES},
        },
    }


def code_digest() -> str:
    """SHA-256 over the source files that decide what a model sees and how it is fitted."""
    digest = hashlib.sha256()
    for file in sorted(PACKAGE.rglob("*.py")):
        if "management" not in file.parts and "migrations" not in file.parts:
            digest.update(f"{file.relative_to(PACKAGE)}\n".encode())
            digest.update(file.read_bytes())
    return digest.hexdigest()


def write_model(
    output: Path,
    trained: Trained,
    facts: Mapping[str, Any],
    *,
    prefix: str,
    name: str = "",
    own_encoder: Mapping[str, bytes] | None = None,
) -> tuple[str, str]:
    """Name and digest of the model written to `output`; `own_encoder` goes with a head."""
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    name = name or f"{prefix}-{stamp}-{facts['snapshot']['sha256'][:6]}"
    digest = artifacts.write(
        output,
        name=name,
        weights=trained.weights,
        calibration=trained.calibration,
        doubt=trained.doubt,
        head=trained.head,
        known=trained.known,
        passage_limit=None if trained.passages is None else trained.passages.log_odds,
        card=write_card(name, facts),
        facts=facts,
        encoder=own_encoder if trained.head is not None else None,
    )
    return name, digest
