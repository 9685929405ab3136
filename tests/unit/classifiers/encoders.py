"""A text encoder of some kilobytes, made up, in the shape that people publish theirs in."""

import json
from pathlib import Path

import numpy as np
import pytest

WORDS = ["free", "casino", "bonus", "thanks", "lecture", "dinner", "train", "coffee"]
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


SHAPE = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2}
SHAPES = {
    "Bert": SHAPE | {"intermediate_size": 32},
    "XLMRoberta": SHAPE | {"intermediate_size": 32},
    "T5": {"d_model": 16, "d_kv": 8, "num_heads": 2, "d_ff": 32, "num_layers": 2},
    "GPT2": {"n_embd": 16, "n_layer": 2, "n_head": 2, "bos_token_id": 2, "eos_token_id": 3},
}


def publish(
    directory: Path,
    *,
    pooling: str = "mean_tokens",
    seed: int = 7,
    architecture: str = "Bert",
    **config: object,
) -> Path:
    """Writes a random model with a vocabulary of thirteen words, as Hugging Face directories are.

    `architecture` is one of SHAPES; XLMRoberta is what most multilingual encoders have.
    """
    torch = pytest.importorskip("torch", reason="PyTorch is not installed (ENCODER=no)")
    import transformers
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    vocabulary = {word: place for place, word in enumerate([*SPECIAL, *WORDS])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    names = {f"{name.strip('[]').lower()}_token": name for name in SPECIAL}
    transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer, **names).save_pretrained(
        directory
    )
    torch.manual_seed(seed)
    made = getattr(transformers, f"{architecture}Config")(
        vocab_size=len(vocabulary), pad_token_id=0, **SHAPES[architecture] | config
    )
    getattr(transformers, f"{architecture}Model")(made).save_pretrained(directory)
    (directory / "1_Pooling").mkdir(exist_ok=True)
    chosen = {f"pooling_mode_{pooling}": True, "word_embedding_dimension": 16}
    (directory / "1_Pooling" / "config.json").write_text(json.dumps(chosen))
    return directory


class Passage:
    """A text of whole words, as `classifiers.encoder.passage.Passage` reads it, for any `embed`."""

    def __init__(self, text, embed):
        self._embed = embed
        self.words = dict(enumerate(text.split()))
        self.vector = self.without(())
        self.read = 0

    def without(self, places):
        self.read = getattr(self, "read", 0) + 1
        kept = [word for place, word in self.words.items() if place not in places]
        return np.asarray(self._embed([" ".join(kept)])[0])


def by_torch(source: Path, texts: list[str], pooling: str, dense=None) -> np.ndarray:
    """What the source itself gives, in 32 bits."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(source, local_files_only=True)
    model = AutoModel.from_pretrained(source, local_files_only=True).eval()
    model = model.get_encoder() if model.config.is_encoder_decoder else model
    rows = []
    with torch.no_grad():
        for text in texts:
            given = tokenizer([text], return_tensors="pt", truncation=True, max_length=128)
            states = model(input_ids=given["input_ids"]).last_hidden_state[0]
            ways = {"mean": states.mean(dim=0), "max": states.amax(dim=0)}
            row = (ways | {"cls": states[0], "last": states[-1]})[pooling]
            row = row if dense is None else torch.tanh(dense(row))
            rows.append((row / row.norm()).numpy())
    return np.array(rows)
