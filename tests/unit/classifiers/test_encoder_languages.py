"""What an encoder can read: measured at its export, and asked of every post."""

import json
from dataclasses import asdict

import numpy as np
import pytest

from classifiers.encoder.facts import FORMAT, MANIFEST, Facts
from classifiers.encoder.languages import Reads, beyond_ascii
from classifiers.encoder.model import Encoder
from classifiers.exceptions import EncoderUnusable
from classifiers.training.encoders import export as exporting
from classifiers.training.encoders import languages as reading
from tests.unit.classifiers import encoders

ENGLISH = Reads({"en": True, "de": False, "th": False}, ("LATIN",), {"LATIN": 0.7})
SENTENCES = json.loads(reading.SENTENCES.read_text())


def cut(text: str) -> list[tuple[bool, int, int]]:
    """Words of eight letters at most are known whole, longer ones by halves, "qq" not at all."""
    tokens, start = [], 0
    for word in text.split(" "):
        middle, end = start + len(word) // 2, start + len(word)
        whole = len(word) <= 8
        tokens += [("qq" in word, start, end)] if whole else [(False, start, middle)] * 2
        start = end + 1
    return tokens


@pytest.mark.parametrize(
    ("text", "language", "unread"),
    [
        ("the dog sleeps in the garden and nobody wakes it up", "", 0.0),
        ("the dog sleeps in the garden 😀😀😀 12.50 €", "", 0.0),
        ("სად არის სადგური", "", 1.0),
        ("გთხოვ call me", "", 5 / 11),
        ("qqq dog", "", 0.5),
        ("a short sentence", "de", 1.0),
        ("a short sentence", "DE_at", 1.0),
        ("a short sentence", "en-GB", 0.0),
        ("a short sentence", "und", 0.0),
        ("a short sentence", "cy", 0.0),
        ("straßenbahnhaltestelle verspätung schienenersatzverkehr", "", 1.0),
        ("straßenbahnhaltestelle verspätung schienenersatzverkehr", "sv", 1.0),
        # Whoever says that it is English is believed, and so is what is too short to tell.
        ("straßenbahnhaltestelle verspätung schienenersatzverkehr", "en", 0.0),
        ("verspätung", "", 0.0),
        ("https://straßenbahnhaltestelle.example/verspätung/schienenersatzverkehr", "", 0.0),
        ("", "", 0.0),
        ("12345 !!!", "", 0.0),
    ],
)
def test_what_of_a_text_cannot_be_read(text, language, unread):
    assert ENGLISH.unread(text, language, cut) == pytest.approx(unread)


@pytest.mark.parametrize(
    ("text", "language", "unread"),
    [("plain words", "", 0.0), ("plain", "en", 0.0), ("plain", "th", 1.0), ("où", "", 0.5)],
)
def test_without_a_measure_what_is_not_ascii_is_not_read(text, language, unread):
    assert beyond_ascii(text, language) == unread


class Polyglot:
    """Knows which of the sentences a text is in some languages, and cuts those of the others."""

    def __init__(self, *languages: str, unknown: bool = False) -> None:
        self._places = {
            reading._body(text): (place, name in languages)
            for name, texts in SENTENCES.items()
            for place, text in enumerate(texts)
        }
        self._unknown = unknown
        self.reader = self

    def cut(self, text: str) -> list[tuple[bool, int, int]]:
        if text in self._places and not self._places[text][1]:
            return [(False, place, place + 1) for place in range(len(text))]
        return [(self._unknown, 0, len(text))]

    def embed(self, texts: list[str]) -> np.ndarray:
        places = [self._places[text] for text in texts]
        return np.eye(13)[[place if known else 12 for place, known in places]]


def test_languages_are_read_whose_sentences_lie_beside_their_translations():
    found = reading.measure(Polyglot("en", "th", "zh"))
    assert {name for name, read in found.languages.items() if read} == {"en", "th", "zh"}
    assert found.scripts == ("HAN", "LATIN", "THAI")


def test_one_that_knows_no_letters_shows_nothing():
    assert reading.measure(Polyglot(*SENTENCES, unknown=True)) == Reads()


def test_every_language_has_the_same_sentences():
    assert {len(texts) for texts in SENTENCES.values()} == {12}
    assert all(len(set(texts)) == 12 for texts in SENTENCES.values())


def test_an_encoder_of_which_nothing_was_shown_goes_by_what_is_not_ascii(tmp_path):
    exporting.export(encoders.publish(tmp_path / "source"), tmp_path / "encoder")
    manifest = tmp_path / "encoder" / MANIFEST
    stored = json.loads(manifest.read_text())
    manifest.write_text(json.dumps({**stored, "reads": asdict(Reads())}))
    made = Encoder(tmp_path / "encoder")
    assert made.unread(["plain", "สวัสดี", "plain"], ["", "", "fr"]).tolist() == [0.0, 1.0, 1.0]


@pytest.mark.parametrize("reads", ["[]", '{"languages": {}}', '{"languages": [], "scripts": []}'])
def test_a_broken_measure_is_refused(reads):
    facts = dict.fromkeys(("name", "digest", "dimensions", "prefix", "model", "tokenizer"), "")
    content = json.dumps({"format": FORMAT, **facts, "reads": json.loads(reads)})
    with pytest.raises(EncoderUnusable):
        Facts.parse(content.encode())


class Crowded(Polyglot):
    """The same, with all its vectors in a narrow cone."""

    def embed(self, texts: list[str]) -> np.ndarray:
        vectors = super().embed(texts) + np.full(13, 1.0)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_what_all_vectors_have_in_common_is_found_where_it_is_much():
    known = ("en", "th", "zh")
    reads = Reads(dict.fromkeys(SENTENCES, False) | dict.fromkeys(known, True), ("LATIN",))
    assert reading.crowd(Polyglot(*known), reads) is None
    assert reading.crowd(Polyglot(*known), Reads()) is None
    centre = reading.crowd(Crowded(*known), reads)
    vectors = Crowded(*known).embed([reading._body(text) for text in SENTENCES["en"]])
    assert (vectors @ vectors.T).min() > 0.8
    less = vectors - centre
    less /= np.linalg.norm(less, axis=1, keepdims=True)
    assert np.abs((less @ less.T)[~np.eye(12, dtype=bool)]).mean() < 0.2


def test_crowded_vectors_are_exported_less_their_mean_under_another_name(tmp_path, monkeypatch):
    source = encoders.publish(tmp_path / "source")
    plain = exporting.export(source, tmp_path / "plain")
    before = Encoder(tmp_path / "plain").embed(["free casino", "thanks dinner"])
    centre = before.mean(axis=0)
    monkeypatch.setattr(exporting, "crowd", lambda encoder, reads: centre)
    facts = exporting.export(source, tmp_path / "centred")
    assert facts.digest != plain.digest
    after = Encoder(tmp_path / "centred").embed(["free casino", "thanks dinner"])
    expected = (before - centre) / np.linalg.norm(before - centre, axis=1, keepdims=True)
    assert (after * expected).sum(axis=1).min() > 0.9
    monkeypatch.setattr(exporting.Published, "load", None)
    assert exporting.export(source, tmp_path / "centred") == facts
