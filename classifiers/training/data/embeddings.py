"""Embeddings of many texts, kept in a folder, as they take a hundred times what the rest takes.

A file holds the first bytes of each text's SHA-256 and its vector in 16 bits, never a word; and
only those of the texts that were asked for last, so that what a site forgets is forgotten here.
"""

from __future__ import annotations

import hashlib
import logging
import os
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final
from zipfile import BadZipFile

import numpy as np

from classifiers.arrays import Vectors
from classifiers.encoder.model import Encoder

logger = logging.getLogger(__name__)

KEY_BYTES: Final = 16
AT_ONCE: Final = 256

Told = Callable[[int, int], None]


def of(texts: Sequence[str], encoder: Encoder, shelf: Path | None, progress: Told) -> Vectors:
    """Shape (n, dimensions), in order; what the folder lacks is made and put there."""
    keys = [_key(text) for text in texts]
    kept = _read(shelf, encoder) if shelf is not None else {}
    missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in kept}
    found = {key: kept[key] for key in keys if key in kept}
    names, left = list(missing), list(missing.values())
    for start in range(0, len(left), AT_ONCE):
        progress(start, len(left))
        made = encoder.embed(left[start : start + AT_ONCE]).astype(np.float16)
        found.update(zip(names[start : start + AT_ONCE], made, strict=True))
    if shelf is not None and found.keys() != kept.keys():
        _write(shelf, encoder, found)
    if not texts:
        return np.zeros((0, 0), dtype=np.float32)
    return np.stack([found[key] for key in keys]).astype(np.float32)


def _key(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:KEY_BYTES]


def _file(shelf: Path, encoder: Encoder) -> Path:
    return shelf / f"{hashlib.sha256(encoder.digest.encode()).hexdigest()[:16]}.npz"


def _read(shelf: Path, encoder: Encoder) -> dict[bytes, Vectors]:
    try:
        with np.load(_file(shelf, encoder), allow_pickle=False) as stored:
            keys, vectors = stored["keys"], stored["vectors"]
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, BadZipFile) as error:
        logger.warning("the kept embeddings cannot be read and are made anew: %r", error)
        return {}
    return {key.tobytes(): vector for key, vector in zip(keys, vectors, strict=True)}


def _write(shelf: Path, encoder: Encoder, found: dict[bytes, Vectors]) -> None:
    """Whole or not at all; another process may do the same."""
    shelf.mkdir(parents=True, exist_ok=True, mode=0o700)
    keys = np.frombuffer(b"".join(found), dtype=np.uint8).reshape(-1, KEY_BYTES)
    handle, name = tempfile.mkstemp(dir=shelf, suffix=".npz")
    with os.fdopen(handle, "wb") as file:
        np.savez(file, keys=keys, vectors=np.stack(list(found.values())))
    Path(name).replace(_file(shelf, encoder))
