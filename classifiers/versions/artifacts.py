"""A model as a directory that explains itself: written once, verified before every use.

    manifest.json        what it is, how it was made, how it measured; sizes and digests
    weights.safetensors  `hashed` (float16), `numeric` and, with an encoder, `head` (float32);
                         `known` (uint8), the bits of what it has met
    card.md              the same for people
    encoder.json, *.onnx, *.json
                         a text encoder of the model's own, if it has one; see `classifiers.encoder`

The digest of a model is the SHA-256 over its manifest, and the manifest holds the SHA-256
and size of each other file: one string stands for everything. Nothing in a model runs.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors

from classifiers import features
from classifiers.calibration import Platt
from classifiers.encoder.model import Encoder
from classifiers.exceptions import (
    ArtifactCorrupt,
    ArtifactDigestMismatch,
    ArtifactIncompatible,
    ArtifactMissing,
    ArtifactTooLarge,
    ArtifactUnexpected,
    EncoderUnusable,
)
from classifiers.familiarity import PIECES, Doubt, MetPieces
from classifiers.passages import LIMIT
from classifiers.scorers.head import DIMENSIONS, Head
from classifiers.scorers.linear import LinearScorer, Weights
from classifiers.versions import placing

FORMAT: Final = 2
MANIFEST: Final = "manifest.json"
WEIGHTS: Final = "weights.safetensors"
CARD: Final = "card.md"
STARTER: Final = Path(__file__).parents[1] / "starter"
"""The model that comes with the code: a fresh machine judges its first post with it."""
LIMITS: Final = {MANIFEST: 1 << 20, WEIGHTS: 64 << 20, CARD: 1 << 20}
"""Bytes that each file may have; a model holds these files, and with an encoder of its own three
more."""
ENCODER_LIMIT: Final = 320 << 20
"""Bytes of a file of an encoder, a byte a parameter: XLM-RoBERTa, the base of most multilingual
encoders, has 278 million."""
_ENCODER_FILE: Final = re.compile(r"encoder\.json|[0-9a-f]{40}\.(?:onnx|json)")
HEADER_BYTES: Final = 4_096
"""Of the weights, which are four tensors at most: a header of megabytes takes long to refuse."""
_NAME: Final = re.compile(r"[^\x00-\x1f\x7f\ud800-\udfff]{1,100}")
_UNSTORABLE: Final = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")
"""NUL and surrogates, which `write` never escapes: the database takes neither."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What `manifest.json` says, checked."""

    digest: str
    stored: Mapping[str, Any]

    @property
    def name(self) -> str:
        return str(self.stored["name"])

    @property
    def snapshot(self) -> str:
        """SHA-256 of the data that the model learnt from; empty when it does not say."""
        return str(self.stored.get("snapshot", {}).get("sha256", ""))


def write(
    directory: Path,
    *,
    name: str,
    weights: Weights,
    calibration: Platt,
    card: str,
    facts: Mapping[str, Any],
    known: MetPieces,
    doubt: Doubt = Doubt(),
    head: Head | None = None,
    passage_limit: float | None = None,
    encoder: Mapping[str, bytes] | None = None,
) -> str:
    """Writes the model whole or not at all, in place of what `directory` held; its digest.

    `facts` (metrics, snapshot, parent, versions, created_at, ...) go into the manifest as
    they are. The weights are kept as `Weights.rounded` has them. `encoder` are the files of an
    encoder that goes with the model.
    """
    numeric = weights.numeric()
    tensors: dict[str, NDArray[Any]] = {
        "hashed": weights.rounded().hashed.astype(np.float16),
        "numeric": np.array(list(numeric.values()), dtype=np.float32),
        "known": known.bits,
    }
    if head is not None:
        tensors["head"] = np.ascontiguousarray(head.vector, dtype=np.float32)
    files = {WEIGHTS: save_tensors(tensors), CARD: card.encode(), **(encoder or {})}
    stored = {
        **facts,
        "format": FORMAT,
        "name": name,
        "kind": "linear",
        "features": {
            "version": features.FEATURES_VERSION,
            "hashed": features.HASHED,
            "numeric": list(numeric),
        },
        "bias": weights.bias,
        "calibration": calibration.as_dict(),
        "doubt": doubt.as_dict(),
        "encoder": None if head is None else head.as_dict(),
        "passage_limit": passage_limit,
        "files": {
            file: {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
            for file, content in files.items()
        },
    }
    text = json.dumps(stored, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)
    files[MANIFEST] = text.encode()
    _place(directory, files)
    return hashlib.sha256(files[MANIFEST]).hexdigest()


def inspect(directory: Path, *, digest: str | None = None) -> Manifest:
    """The manifest, after every file was found to be what it says.

    Raises an ArtifactError that names what is wrong.
    """
    return _verified(directory, digest)[0]


def load(directory: Path, *, digest: str | None = None, version: str = "") -> LinearScorer:
    """The scorer, named `version` (default: the name in the manifest).

    Raises an ArtifactError that names what is wrong; with `digest`, for any other model too.
    """
    manifest, files = _verified(directory, digest)
    try:
        scorer = _scorer(version or manifest.name, manifest.stored, files[WEIGHTS])
        own = _encoder_among(files)
        return scorer.with_encoder(Encoder.of_files(own)) if own else scorer
    except (
        ArithmeticError,
        AttributeError,
        LookupError,
        TypeError,
        ValueError,
        EncoderUnusable,
        SafetensorError,
    ) as e:
        raise ArtifactCorrupt(f"{directory}: {e}") from e


def encoder_of(directory: Path) -> dict[str, bytes]:
    """The files of the model's own encoder; empty for a model without. Raises an ArtifactError."""
    return _encoder_among(_verified(directory, None)[1])


def is_file_name(name: str) -> bool:
    """Whether a model may hold a file of that name."""
    return name in LIMITS or bool(_ENCODER_FILE.fullmatch(name))


def is_name(name: str) -> bool:
    """Whether a model may be called that."""
    return _NAME.fullmatch(name) is not None


def install(directory: Path, into: Path) -> tuple[Manifest, Path]:
    """Copies a verified model to `into`/DIGEST, whole or not at all; safe to repeat."""
    manifest, files = _verified(directory, None)
    target = into / manifest.digest
    try:
        inspect(target, digest=manifest.digest)
    except (
        ArtifactMissing,
        ArtifactCorrupt,
        ArtifactDigestMismatch,
        ArtifactUnexpected,
    ):
        _place(target, files)
    return manifest, target


def _verified(directory: Path, digest: str | None) -> tuple[Manifest, dict[str, bytes]]:
    files = _read(directory, trusted=digest is not None or directory == STARTER)
    found = hashlib.sha256(files[MANIFEST]).hexdigest()
    if digest is not None and found != digest:
        raise ArtifactDigestMismatch(f"{directory}: {found} instead of {digest}.")
    try:
        if _UNSTORABLE.search(files[MANIFEST]):
            raise ValueError("escapes of characters that cannot be stored")
        stored = json.loads(files[MANIFEST])
        named = {file: (facts["sha256"], facts["bytes"]) for file, facts in stored["files"].items()}
        readable = stored["format"] == FORMAT and is_name(stored["name"])
        Manifest(found, stored).snapshot.encode()
        kind, made_for = stored["kind"], stored["features"]
        compatible = (made_for["version"], made_for["hashed"]) == (
            features.FEATURES_VERSION,
            features.HASHED,
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ArtifactCorrupt(f"{directory}: the manifest: {error!r}") from error
    if named.keys() != files.keys() - {MANIFEST}:
        raise ArtifactUnexpected(f"{directory}: the manifest names {sorted(map(str, named))}.")
    for file, facts in named.items():
        if (hashlib.sha256(files[file]).hexdigest(), len(files[file])) != facts:
            raise ArtifactDigestMismatch(f"{directory}: {file} is not the one in the manifest.")
    if not readable or kind != "linear":
        raise ArtifactUnexpected(f"{directory}: of an unknown format or kind.")
    if not compatible:
        raise ArtifactIncompatible(
            f"{directory}: it reads features of version {made_for['version']}, "
            f"this release computes {features.FEATURES_VERSION}."
        )
    return Manifest(found, stored), files


def _read(directory: Path, *, trusted: bool) -> dict[str, bytes]:
    """The content of every file. Refuses links, unknown names and files over their limit.

    Unless `trusted`, because a digest is known, files with other hard links too.
    """
    if directory.is_symlink():
        raise ArtifactUnexpected(f"{directory} is a link.")
    if not directory.is_dir():
        raise ArtifactMissing(f"{directory} is not a directory.")
    present = {entry.name: entry for entry in os.scandir(directory)}
    for name, entry in present.items():
        if not is_file_name(name) or not entry.is_file(follow_symlinks=False):
            raise ArtifactUnexpected(f"{directory}: {name[:100]!r}.")
        if not trusted and entry.stat(follow_symlinks=False).st_nlink > 1:
            raise ArtifactUnexpected(f"{directory}: {name} has another name elsewhere.")
    for name in LIMITS:
        if name not in present:
            raise ArtifactMissing(f"{directory}: {name} is not there.")
    if len(present) > len(LIMITS) + 3:
        raise ArtifactUnexpected(f"{directory} holds {len(present)} files.")
    return {name: _content(directory, name) for name in present}


def _encoder_among(files: Mapping[str, bytes]) -> dict[str, bytes]:
    return {name: content for name, content in files.items() if name not in LIMITS}


def _content(directory: Path, name: str) -> bytes:
    # What was looked at may have been replaced since: no link is followed, no more is read.
    try:
        handle = os.open(directory / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        raise ArtifactUnexpected(f"{directory}: {name}: {error.strerror}.") from error
    with open(handle, "rb") as file:  # noqa: PTH123 - by its descriptor
        limit = LIMITS.get(name, ENCODER_LIMIT)
        content = file.read(limit + 1)
    if len(content) > limit:
        raise ArtifactTooLarge(f"{directory}: {name}.")
    return content


def _scorer(version: str, stored: Mapping[str, Any], content: bytes) -> LinearScorer:
    tensors = _tensors(content)
    calibration = Platt.from_dict(stored["calibration"])
    doubt, head = Doubt.from_dict(stored["doubt"]), None
    if stored["encoder"] is not None:
        vector = _checked(tensors.pop("head", None), np.float32)
        head = Head.from_dict(stored["encoder"], vector)
    known = MetPieces(_checked(tensors.pop("known", None), np.uint8, PIECES // 8))
    weights = _weights(stored, tensors, np.float16)
    limit = _passage_limit(stored)
    return LinearScorer(version, weights, calibration, doubt, head, known, passage_limit=limit)


def _passage_limit(stored: Mapping[str, Any]) -> float | None:
    """Models of before there were limits have none, but for the shipped one, which was measured."""
    limit = stored.get("passage_limit", LIMIT if stored.get("starter") is True else None)
    if limit is None:
        return None
    # A bool is an int, and below 0 nearly every long post would be asked about.
    if type(limit) not in (int, float) or not (np.isfinite(limit) and limit >= 0.0):
        raise ValueError("a limit of passages is a finite number from 0 on")
    return float(limit)


def _tensors(content: bytes) -> dict[str, NDArray[Any]]:
    if int.from_bytes(content[:8], "little") > HEADER_BYTES:
        raise ValueError("the weights' header is too large")
    return load_tensors(content)


def _weights(
    stored: Mapping[str, Any], tensors: Mapping[str, NDArray[Any]], kept_as: type[np.floating[Any]]
) -> Weights:
    names = stored["features"]["numeric"]
    if tensors.keys() != {"hashed", "numeric"}:
        raise ValueError(f"unexpected tensors {sorted(tensors)}")
    hashed = _checked(tensors["hashed"], kept_as, features.HASHED).astype(np.float32)
    numeric = _checked(tensors["numeric"], np.float32, len(names))
    bias = float(stored["bias"])
    if not np.isfinite(bias):
        raise ValueError("the bias is not a finite number")
    return Weights.of(hashed, dict(zip(names, numeric.tolist(), strict=True)), bias)


def _checked(
    tensor: NDArray[Any] | None, kept_as: type[np.number[Any]], length: int | None = None
) -> NDArray[Any]:
    """A vector of finite numbers; without `length`, of as many as an encoder may have."""
    if tensor is None or tensor.dtype != kept_as or tensor.ndim != 1:
        raise ValueError("a tensor is missing or of another type or shape")
    if len(tensor) != length and (length is not None or not 0 < len(tensor) <= DIMENSIONS):
        raise ValueError(f"a tensor has {len(tensor)} entries")
    if not np.isfinite(tensor).all():
        raise ValueError("a weight is not a finite number")
    return tensor


def _place(directory: Path, files: Mapping[str, bytes]) -> None:
    """Renames a complete directory into place, so that no reader sees half of one."""
    if directory.exists() and not _replaceable(directory):
        raise ArtifactUnexpected(f"{directory} holds other things than a model.")
    with placing.half_made(directory.parent) as fresh:
        for name, content in files.items():
            with (fresh / name).open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            (fresh / name).chmod(0o644)
        fresh.chmod(0o755)
        old = fresh.with_name(f"{fresh.name}-old")
        if directory.exists():
            directory.rename(old)
        fresh.rename(directory)
    shutil.rmtree(old, ignore_errors=True)


def _replaceable(directory: Path) -> bool:
    return directory.is_dir() and all(is_file_name(entry.name) for entry in directory.iterdir())
