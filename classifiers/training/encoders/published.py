"""A text encoder as Hugging Face and sentence-transformers publish it: a directory.

    config.json                            of a transformer; of an encoder-decoder, the encoder
    model.safetensors or pytorch_model.bin, whole, or in parts that an *.index.json names
    tokenizer.json, or what transformers makes one of, such as vocab.txt
    modules.json, 1_Pooling, 2_Dense, ...  how its states become a vector; without, their mean

Nothing of it is run: no code from the directory, and pickled weights only as bare tensors.
torch and transformers are imported where a model is loaded.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from classifiers.exceptions import EncoderUnusable
from classifiers.training.encoders.vectors import encoder_alone, vector_of

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedTokenizerBase

CONFIG: Final = "config.json"
WEIGHTS: Final = "model.safetensors"
TOKENIZER: Final = "tokenizer.json"
OFFLINE: Final = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
}
_POOLING: Final = "1_Pooling"
_PICKLED: Final = "pytorch_model.bin"
_OTHER_TOKENIZERS: Final = (
    *("vocab.txt", "vocab.json", "merges.txt"),
    *("sentencepiece.bpe.model", "spiece.model", "tokenizer.model", "spm.model"),
)
_BESIDE_THEM: Final = ("tokenizer_config.json", "special_tokens_map.json", "added_tokens.json")
_WAYS: Final = {
    "mean": "mean",
    "mean_tokens": "mean",
    "cls": "cls",
    "cls_token": "cls",
    "max": "max",
    "max_tokens": "max",
    "lasttoken": "last",
}
_ACTIVATIONS: Final = ("Identity", "Tanh", "ReLU", "GELU", "Sigmoid", "SiLU")
_UNUSED: Final = ("pooler.", "decoder.", "lm_head.")
"""Beginnings of the names of weights that make no state: an encoder may lack them."""


@dataclass(frozen=True, slots=True)
class Published:
    """What lies in a directory; all files relative to it."""

    source: Path
    transformer: str
    """The folder of config.json; empty for the directory itself."""
    weights: tuple[str, ...]
    tokenizer: tuple[str, ...]
    pooling: str
    """`mean`, `cls`, `max` or `last`."""
    files: tuple[str, ...]
    """Of the layers behind the transformer."""
    dense: tuple[str, ...]
    """Folders of layers behind the pooling, in order."""

    @classmethod
    def find(cls, source: Path) -> Published:
        """Raises EncoderUnusable for a directory that lacks something, or has what we lack."""
        stored = _json(source / "modules.json") if (source / "modules.json").exists() else []
        try:
            steps = [(str(step["type"]).rsplit(".", 1)[-1], str(step["path"])) for step in stored]
        except (TypeError, KeyError) as error:
            raise EncoderUnusable(f"{source}: modules.json: {error!r}") from error
        for _, path in steps:
            _is_within(path, f"{source}: modules.json")
        if (source / "adapter_config.json").exists():
            raise EncoderUnusable(f"{source}: an adapter; merge it into its model first.")
        kinds = [kind for kind, _ in steps]
        order = [kind for kind in kinds if kind != "Dense"]
        if (
            order not in (["Transformer", "Pooling", "Normalize"][:n] for n in range(4))
            or ("Dense" in kinds and kinds[:2] != ["Transformer", "Pooling"])
            or ("Normalize" in kinds and kinds[-1] != "Normalize")
        ):
            raise EncoderUnusable(f"{source}: it has other layers than we export: {kinds}.")
        transformer = dict(steps).get("Transformer", "")
        folder = source / transformer
        _found(folder, CONFIG)
        pooling = f"{dict(steps).get('Pooling') or _POOLING}/config.json"
        dense = tuple(path for kind, path in steps if kind == "Dense")
        behind = [pooling] if (source / pooling).exists() else []
        for path in dense:
            behind += [f"{path}/config.json", f"{path}/{_weights_of(source / path)}"]
        return cls(
            source,
            transformer,
            _weights(folder),
            _tokenizer(folder),
            _pooling(source / pooling),
            tuple(behind),
            dense,
        )

    @property
    def folder(self) -> Path:
        return self.source / self.transformer

    def digests(self) -> dict[str, str]:
        """SHA-256 of all that makes the vectors, by file. Raises EncoderUnusable."""
        own = [CONFIG, *self.weights, *self.tokenizer]
        named = [str(Path(self.transformer) / name) for name in own]
        if self.dense:
            named.append("modules.json")
        return {name: sha256(self.source / name) for name in (*named, *self.files)}

    def parameters(self) -> int:
        """How many the encoder has: as many bytes as it will take. Raises EncoderUnusable."""
        os.environ.update(OFFLINE)
        import torch
        from transformers import AutoConfig, AutoModel

        try:
            config = AutoConfig.from_pretrained(
                self.folder, local_files_only=True, trust_remote_code=False
            )
            with torch.device("meta"):
                model = encoder_alone(AutoModel.from_config(config, trust_remote_code=False))
        except Exception as error:
            raise EncoderUnusable(f"{self.folder}: {_first(error)}") from error
        return sum(each.numel() for each in model.parameters())

    def load(self) -> tuple[PreTrainedTokenizerBase, torch.nn.Module]:
        """The tokenizer, and the model as `vector_of` has it. Raises EncoderUnusable."""
        os.environ.update(OFFLINE)
        from transformers import AutoModel, AutoTokenizer
        from transformers.utils import logging as their_logging

        their_logging.set_verbosity_error()
        their_logging.disable_progress_bar()
        offline: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
        try:
            tokenizer = AutoTokenizer.from_pretrained(self.folder, **offline)
            model, loaded = AutoModel.from_pretrained(
                self.folder,
                attn_implementation="eager",
                use_safetensors=not self.weights[0].startswith(_PICKLED),
                output_loading_info=True,
                **offline,
            )
            layers = [_dense(self.source / path) for path in self.dense]
        except EncoderUnusable:
            raise
        except Exception as error:
            # Whatever a library says that meets a directory which somebody else made.
            sentence = f"{self.folder}: {_first(error)}"
            if self.tokenizer[0] != TOKENIZER:
                sentence += f" (There is no {TOKENIZER}, and transformers may make none.)"
            raise EncoderUnusable(sentence) from error
        missing = [name for name in loaded["missing_keys"] if not name.startswith(_UNUSED)]
        if missing:
            raise EncoderUnusable(f"{self.folder}: it lacks weights: {', '.join(missing[:5])}.")
        return tokenizer, vector_of(encoder_alone(model).float().eval(), self.pooling, layers)


def tokenizer_bytes(tokenizer: PreTrainedTokenizerBase) -> bytes:
    """Raises EncoderUnusable for one that runs in Python only."""
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is None:
        raise EncoderUnusable(f"Of its tokenizer there is no {TOKENIZER}, and none can be made.")
    text: str = backend.to_str()
    return text.encode()


def sha256(file: Path) -> str:
    """Raises EncoderUnusable."""
    try:
        with file.open("rb") as content:
            return hashlib.file_digest(content, "sha256").hexdigest()
    except OSError as error:
        raise EncoderUnusable(f"{file}: {error.strerror}.") from error


def _found(folder: Path, name: str) -> None:
    if not (folder / name).is_file():
        raise EncoderUnusable(f"{folder}: there is no {name}.")


def _is_within(name: object, file: str) -> None:
    """Raises EncoderUnusable for what may lead out of the directory."""
    if not isinstance(name, str) or Path(name).is_absolute() or ".." in Path(name).parts:
        raise EncoderUnusable(f"{file}: {str(name)[:100]!r} is no file of the directory.")


def _weights(folder: Path) -> tuple[str, ...]:
    for name in (WEIGHTS, _PICKLED):
        if (folder / name).is_file():
            return (name,)
        index = folder / f"{name}.index.json"
        if index.is_file():
            try:
                parts = sorted(set(_json(index)["weight_map"].values()))
            except (TypeError, KeyError, AttributeError) as error:
                raise EncoderUnusable(f"{index}: {error!r}") from error
            for part in parts:
                _is_within(part, str(index))
                _found(folder, part)
            return (index.name, *parts)
    raise EncoderUnusable(f"{folder}: there is neither {WEIGHTS} nor {_PICKLED}.")


def _weights_of(folder: Path) -> str:
    name = WEIGHTS if (folder / WEIGHTS).is_file() else _PICKLED
    _found(folder, name)
    return name


def _tokenizer(folder: Path) -> tuple[str, ...]:
    if (folder / TOKENIZER).is_file():
        return (TOKENIZER,)
    found = [name for name in _OTHER_TOKENIZERS if (folder / name).is_file()]
    if not found:
        raise EncoderUnusable(f"{folder}: there is no {TOKENIZER}, nor what one can be made of.")
    return (*found, *(name for name in _BESIDE_THEM if (folder / name).is_file()))


def _pooling(chosen: Path) -> str:
    stored = _json(chosen) if chosen.exists() else {"pooling_mode": "mean"}
    if not isinstance(stored, Mapping):
        raise EncoderUnusable(f"{chosen}: it does not say how to pool.")
    prefix = "pooling_mode_"
    ways = {
        key.removeprefix(prefix)
        for key, on in stored.items()
        if on is True and key.startswith(prefix)
    }
    way = str(stored.get("pooling_mode") or "+".join(sorted(ways)))
    if way not in _WAYS:
        raise EncoderUnusable(f"{chosen.parent}: we do not pool by {way!r}.")
    return _WAYS[way]


def _dense(folder: Path) -> torch.nn.Module:
    """One layer of sentence-transformers' `Dense`. Raises EncoderUnusable."""
    import torch
    from safetensors.torch import load_file

    stored = _json(folder / CONFIG)
    activation = str(stored.get("activation_function", "Tanh")).rsplit(".", 1)[-1]
    if activation not in _ACTIVATIONS:
        raise EncoderUnusable(f"{folder}: we have no layer with {activation}.")
    name = _weights_of(folder)
    weights = (
        load_file(folder / name)
        if name == WEIGHTS
        else torch.load(folder / name, map_location="cpu", weights_only=True)
    )
    bias = bool(stored.get("bias", True))
    linear = torch.nn.Linear(int(stored["in_features"]), int(stored["out_features"]), bias=bias)
    linear.load_state_dict({key.removeprefix("linear."): each for key, each in weights.items()})
    return torch.nn.Sequential(linear.float(), getattr(torch.nn, activation)())


def _json(file: Path) -> Any:
    try:
        return json.loads(file.read_bytes())
    except (OSError, ValueError) as error:
        raise EncoderUnusable(f"{file}: {error}") from error


def _first(error: Exception) -> str:
    """The first line of what it says, or what it is."""
    return next((line for line in str(error).splitlines() if line.strip()), repr(error))
