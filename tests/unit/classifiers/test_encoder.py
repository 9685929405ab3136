"""The text encoder that `make install` exports: what its vectors promise to others."""

import os
import shutil
import subprocess
import sys
import time

import numpy as np
import pytest
from django.conf import settings

from classifiers.encoder import loaded, reader
from classifiers.encoder.facts import MANIFEST
from classifiers.encoder.model import Encoder
from classifiers.exceptions import EncoderUnusable
from config import state

TEXTS = [
    "subscribe to my channel for a free gift card",
    "sub to my page and get gift cards for nothing",
    "the lecture on bridges was moved to tuesday",
    "",
    "купи дешево сейчас \u200f مجانا ‮ 無料 😀",
    "free casino bonus " * 2_000,
]


@pytest.fixture(scope="module")
def installed() -> Encoder:
    found = loaded.current()
    if found is None:
        pytest.skip(f"NO TEXT ENCODER IN {settings.WINNOW_ENCODER}: make install exports one")
    return found


def test_vectors_have_length_one_and_the_order_of_their_texts(installed):
    vectors = installed.embed(TEXTS)
    assert vectors.dtype == np.float32
    assert vectors.shape == (len(TEXTS), installed.dimensions)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    assert np.array_equal(installed.embed(TEXTS[::-1]), vectors[::-1])


def test_a_text_has_the_same_vector_alone_and_among_others(installed):
    together = installed.embed(TEXTS)
    for text, vector in zip(TEXTS, together, strict=True):
        assert np.array_equal(installed.embed([text])[0], vector)


def test_nothing_is_kept_to_be_told_to_the_runtime_s_maker(installed, tmp_path):
    """ONNX Runtime's telemetry first makes itself a store and a name in the home folder."""
    program = f"""
from pathlib import Path
from classifiers.encoder.model import Encoder
Encoder(Path({str(settings.WINNOW_ENCODER)!r})).embed(["hello"])
"""
    home = {"HOME": str(tmp_path), "PATH": os.environ["PATH"]}
    subprocess.run([sys.executable, "-c", program], env=home, check=True, cwd=state.CHECKOUT)
    assert not list(tmp_path.rglob("*"))


def test_no_text_gives_no_vector(installed):
    assert installed.embed([]).shape == (0, installed.dimensions)


def test_what_means_the_same_is_near(installed):
    vectors = installed.embed(TEXTS[:3])
    assert vectors[0] @ vectors[1] > 0.5 > vectors[0] @ vectors[2]


def test_a_long_text_costs_no_more_than_some_windows(installed):
    def seconds(text: str) -> float:
        began = time.process_time()
        installed.embed([text] * 5)
        return time.process_time() - began

    installed.embed(TEXTS)
    long, short = "free casino bonus " * 1_300, "free casino bonus " * 80
    assert any(seconds(long) < 2 * seconds(short) + 0.1 for _ in range(3))


def test_a_long_text_is_read_from_its_start_to_its_end(installed):
    honest = " ".join(f"the lecture on bridges number {n} was moved" for n in range(20))
    offer = "free casino bonus, click to claim your cash prize now. " * 6
    whole = installed.embed([honest, f"{offer} {honest}", f"{honest} {offer}", offer])
    alone = whole @ whole[3]
    assert alone[0] < alone[1] - 0.1
    assert alone[0] < alone[2] - 0.1


@pytest.mark.parametrize("characters", [300, 3_900, 4_100, 24_000])
def test_what_is_long_is_read_in_windows_that_cover_it_evenly(installed, characters):
    windows = installed.reader.windows("w " * (characters // 2))
    assert len(windows) in (reader.WINDOWS, reader.WINDOWS - 1)
    assert {len(window) for window in windows} == {reader.WINDOW + 2}


def test_a_passage_is_the_text_with_words_left_out(installed):
    for text in TEXTS:
        assert np.array_equal(installed.passage(text).vector, installed.embed([text])[0])
    text = "the lecture on bridges was moved to tuesday"
    passage = installed.passage(text)
    assert " ".join(passage.words.values()) == text
    left = installed.embed(["the lecture was moved to tuesday", ""])
    assert np.array_equal(passage.without({2, 3}), left[0])
    assert np.array_equal(passage.without(passage.words), left[1])
    assert np.array_equal(passage.without(()), passage.vector)


def test_of_a_long_text_only_what_lacks_words_is_read_again(installed, monkeypatch):
    text = " ".join(f"word{n}" for n in range(1_000))
    passage = installed.passage(text)
    # What no window shows was not read, and cannot be left out.
    assert 0 < len(passage.words) < 1_000
    runs = []
    run = passage._run
    monkeypatch.setattr(passage, "_run", lambda tokens: runs.append(tokens) or run(tokens))
    passage.without({0, 1})
    assert len(runs) == 1
    assert len(runs[0]) < reader.WINDOW


def test_what_is_written_without_spaces_is_left_out_in_pieces(installed):
    passage = installed.passage("無料で今すぐ登録" * 30)
    assert len(passage.words) > 2
    assert "".join(passage.words.values()) in "無料で今すぐ登録" * 30


def test_a_child_process_has_a_session_of_its_own(installed):
    expected = installed.embed(TEXTS[:1])
    child = os.fork()
    if not child:
        fresh = loaded.current()
        same = fresh is not installed and np.array_equal(fresh.embed(TEXTS[:1]), expected)
        os._exit(0 if same else 1)
    assert os.waitpid(child, 0)[1] == 0


def test_without_one_there_is_none(settings, tmp_path):
    settings.WINNOW_ENCODER = tmp_path
    assert loaded.current() is None


@pytest.mark.parametrize("suffix", [".onnx", ".json"])
def test_a_file_that_changed_is_refused(installed, settings, tmp_path, suffix):
    copy = shutil.copytree(settings.WINNOW_ENCODER, tmp_path / "copy")
    changed = next(file for file in copy.glob(f"*{suffix}") if file.name != MANIFEST)
    changed.write_bytes(changed.read_bytes()[:-1] + b"\0")
    settings.WINNOW_ENCODER = copy
    with pytest.raises(EncoderUnusable, match=changed.name):
        loaded.current()


@pytest.mark.parametrize(
    "manifest", ["", "[]", "null", '{"format": 1}', '{"format": 99, "name": "x"}', "\x00"]
)
def test_a_broken_manifest_is_refused(settings, tmp_path, manifest):
    (tmp_path / MANIFEST).write_text(manifest)
    settings.WINNOW_ENCODER = tmp_path
    with pytest.raises(EncoderUnusable):
        loaded.current()
