"""What the meaning of a post says anywhere: fitted, written, read."""

from dataclasses import replace

import numpy as np
import pytest

from classifiers.encoder import loaded
from classifiers.scorers import meaning
from classifiers.training.data.dataset import Row
from classifiers.training.encoders.meaning import fitted, write
from classifiers.types import Content
from tests.unit.classifiers.test_head import Meaning


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.setattr(meaning, "FILE", tmp_path / "meaning.json")
    meaning._all.cache_clear()
    yield meaning.FILE
    meaning._all.cache_clear()


def rows(count):
    texts = ("cash in hand {}", "a garden with {} trees")
    return [Row(Content(texts[i % 2].format(i)), i % 2 == 0) for i in range(count)]


def test_it_tells_what_posts_written_for_the_starter_say():
    made = fitted(rows(60), Meaning())
    spam, honest = made.log_odds(Meaning().embed(["cash", "garden"]))
    assert spam > 1.0
    assert honest < -1.0


def test_posts_count_by_their_weight_and_only_where_they_can_be_read():
    foreign = Row(Content("สวัสดีครับ ยินดีต้อนรับ"), True)
    encoder = Meaning()
    even = fitted([*rows(60), foreign], encoder)
    assert foreign.content.text not in encoder.asked
    weighed = [replace(row, weight=3.0 if row.spam else 1.0) for row in rows(60)]
    heavy = fitted(weighed, encoder)
    assert even.average[0] == pytest.approx(0.0, abs=1e-6)
    assert heavy.average[0] == pytest.approx(0.5 * 0.5**0.5, rel=1e-3)
    assert heavy.log_odds(np.zeros((1, 3)))[0] > even.log_odds(np.zeros((1, 3)))[0]


def test_what_is_written_is_read_beside_other_encoders(file):
    average = np.array([0.25, 0.125], np.float32)
    first = meaning.Meaning(np.array([1.5, -2.0], np.float32), 0.25, average)
    write(file, "a", first)
    write(file, "b", replace(first, shift=-1.0))
    found = meaning.of_encoder("a")
    assert found.vector.tolist() == [1.5, -2.0]
    assert found.average.tolist() == [0.25, 0.125]
    assert found.log_odds(np.array([[1.0, 1.0]]))[0] == pytest.approx(-0.25)
    assert meaning.of_encoder("b").shift == -1.0
    assert meaning.of_encoder("c") is None


def test_it_is_known_of_the_encoder_that_is_installed():
    installed = loaded.current()
    if installed is None or installed.name != "all-MiniLM-L6-v2":
        pytest.skip("THE ENGLISH TEXT ENCODER IS NOT INSTALLED: make install exports it")
    known = meaning.of_encoder(installed.digest)
    texts = [
        "Earn $500 a day from home, no experience, message me on telegram to begin",
        "Thanks for the notes, I will bring the projector to the meeting on Tuesday",
    ]
    spam, honest = known.log_odds(installed.embed(texts))
    assert spam > 0.5
    assert honest < -0.5
