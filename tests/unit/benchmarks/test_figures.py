"""Each figure runs from beginning to end on made-up sets, so that none of them rots."""

import csv
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks import (
    band,
    calibration,
    corpus,
    label_efficiency,
    newcomer,
    quality,
    site_view,
    speed,
    transfer,
    unread,
)
from benchmarks.peers import trained
from benchmarks.peers.messages import mailbox, message
from classifiers.encoder import loaded
from tests.unit.classifiers.streams import stream

SPAM = ["prize", "claim", "winner", "cheap", "pills", "click", "bonus", "casino"]
HAM = ["garden", "dinner", "tomorrow", "train", "weather", "recipe", "thanks", "meeting"]
BOTH = ["the", "a", "you", "and", "is", "now", "for", "here", "this", "we"]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder like the real one: every file of every platform, with made-up posts."""
    folder = tmp_path_factory.mktemp("sets")
    generator = np.random.default_rng(0)
    for name in dict.fromkeys(file for files in corpus.PLATFORMS.values() for file in files):
        (folder / name).mkdir()
        with (folder / name / f"{name}.csv").open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["text", "label", "split"])
            for number in range(120):
                spam = number % 3 == 0
                own = generator.choice(SPAM if spam else HAM, 2).tolist()
                # Every eighth post talks like the other side, so that no model is perfect.
                own += generator.choice(HAM if spam == (number % 8 > 0) else SPAM, 1).tolist()
                words = [*own, *generator.choice(BOTH, 5).tolist(), f"{name[:3]}{number}"]
                split = ("train", "train", "train", "valid", "test")[number // 3 % 5]
                text = " ".join(generator.permutation(words).tolist())
                writer.writerow([text, "spam" if spam else "ham", split])
    return folder


@pytest.fixture
def figure(
    data: Path, capsys: pytest.CaptureFixture[str], settings: object, tmp_path: Path
) -> Callable[..., dict[str, object]]:
    """Runs one command and returns its one JSON object; without a text encoder."""
    settings.WINNOW_ENCODER = tmp_path / "none"

    def run(main: Callable[[list[str]], None], *more: str) -> dict[str, object]:
        capsys.readouterr()
        main(["--data", str(data), "--quick", "--json", *more])
        lines = capsys.readouterr().out.strip().splitlines()
        assert len(lines) == 1
        return json.loads(lines[0])

    return run


def test_quality(figure, tmp_path):
    peers = ["TF-IDF characters, C=10", "words, naive Bayes"]
    more = ["--sets", "sms_uci", "x_janitr", "--peers", *peers]
    found = figure(quality.main, *more, "--shelf", str(tmp_path))
    assert set(found["sms_uci"]["one_minus_roca_percent"]) == {"Winnow", *peers}
    assert found["sms_uci"]["posts"] == 96
    assert found["sms_uci"]["best_peer"] in peers
    assert found["sms_uci"]["one_minus_roca_percent"]["Winnow"] < 40.0
    # What peers said is taken from the shelf, and says the same.
    assert len(list((tmp_path / "sms_uci").glob("*.npy"))) == len(peers)
    assert figure(quality.main, *more, "--shelf", str(tmp_path)) == found
    assert figure(quality.main, *more, "--test")["sms_uci"]["posts"] == 24


class Oracle:
    """An encoder that knows of every made-up post which side it is of."""

    name, digest = "oracle", "o" * 64

    def embed(self, texts: list[str]) -> np.ndarray:
        more = [sum((word in SPAM) - (word in HAM) for word in text.split()) for text in texts]
        spam = np.array(more)[:, None] > 0
        return np.where(spam, [[1.0, 0.0]], [[0.0, 1.0]]).astype(np.float32)

    def unread(self, texts: list[str], languages: list[str]) -> np.ndarray:
        return np.zeros(len(texts))


def test_band(figure, monkeypatch):
    asked = ("--sets", "x_janitr", "--draws", "2")
    without = figure(band.main, *asked)["x_janitr"]
    assert without["kept"] == [0, 0]
    assert without["asked"] == without["difference"] == without["log_loss_difference"] == 0.0
    monkeypatch.setattr(loaded, "current", Oracle)
    found = figure(band.main, *asked)["x_janitr"]
    assert found["kept"] == [5, 5]
    assert 0.0 < found["asked"] < 1.0
    errors, losses = found["one_minus_roca_percent"], found["log_loss"]
    assert errors["never"] == pytest.approx(without["one_minus_roca_percent"]["never"])
    # A few posts alone may be asked about, which costs what can be seen.
    assert errors["always"] < errors["cascade"] < errors["never"]
    assert losses["always"] < losses["cascade"] < losses["never"]
    for difference, interval in (
        ("difference", "interval_95"),
        ("log_loss_difference", "log_loss_interval_95"),
    ):
        low, high = found[interval]
        assert 0.0 < low < found[difference] < high


def test_transfer(figure, tmp_path, monkeypatch):
    peers = ["TF-IDF words, SVM", "words, naive Bayes"]
    asked = ("--sets", "x_janitr", "--peers", *peers, "--shelf", str(tmp_path))
    found = figure(transfer.main, *asked)
    with monkeypatch.context() as kept:
        # What peers did comes from the shelf.
        kept.setattr(transfer, "_alone", None)
        assert figure(transfer.main, *asked) == found
    errors = found["x_janitr"]["errors"]
    assert set(errors) == {"ours", *peers, *(f"{peer}, with the others" for peer in peers)}
    assert set(errors["ours"]) == {"0", "20", "50", "100", "200", "300"}
    assert found["geometric_mean"]["sets"] == ["x_janitr"]
    low, high = found["x_janitr"]["fifty_are_worth"]["of_single_draws"]
    assert 0.0 <= low <= found["x_janitr"]["fifty_are_worth"]["labels"] <= high <= 300.0


def test_fifty_labels_are_worth_what_the_best_peer_needs_for_the_same_error():
    def curve(*errors: float) -> dict[int, tuple[float, float]]:
        counts = (20, 50, 100, 200, 300)
        return {count: (error, 0.0) for count, error in zip(counts, errors, strict=True)}

    peers = {"first": curve(9.0, 8.0, 5.0, 3.0, 3.0), "second": curve(7.0, 6.0, 6.0, 6.0, 6.0)}
    for error, worth in ((4.0, 150.0), (6.5, 35.0), (9.0, 0.0), (1.0, 300.0)):
        assert transfer._worth_of_peers({"ours": {50: (error, 0.0)}, **peers}) == worth


def test_label_efficiency(figure):
    found = figure(label_efficiency.main, "--sets", "youtube")["youtube"]
    assert 0.0 <= found["ours"]["share_of_best"] <= found["ours"]["share_of_full"]
    assert found["labels"] < found["of"] / 10


def test_site_view(figure):
    found = figure(site_view.main, "--sets", "sms_thai", "--without-encoder")["sms_thai"]
    assert (found["ham"], found["spam"], found["clocked"]) == (30, 30, False)
    for kind in ("without_labels", "with_labels"):
        told = found[kind]["log_loss"]
        assert told["difference"] == pytest.approx(told["beside"] - told["alone"])
        low, high = told["interval_95"]
        assert low <= told["difference"] <= high


def test_calibration(figure):
    found = figure(calibration.main, "--sets", "sms_thai")["sms_thai"]
    none, many = found["0"], found["100"]
    assert none["ours"]["log_loss"] == pytest.approx(none["global"]["log_loss"])
    assert many["global"] == none["global"]
    # Forty-eight posts cannot tell a slope, and the command does not.
    assert many["ours"]["judged"] == 48
    assert many["ours"]["calibration_slope"] is many["ours"]["excess_log_loss_95"] is None


def test_calibration_of_a_model_that_says_twice_what_it_knows():
    generator = np.random.default_rng(0)
    true = generator.normal(0.0, 2.0, 800)
    spam = generator.random(800) < 1.0 / (1.0 + np.exp(-true))
    posts = stream(800, share=2)[0]
    seen = [replace(post, log_odds=2.0 * said) for post, said in zip(posts, true, strict=True)]
    texts = [str(number) for number in range(800)]
    new = newcomer.Newcomer("new", texts, spam, np.arange(800), seen, [], spam[:0])
    found = calibration.measure(new, 1)
    said, mended = found["300"]["global"], found["300"]["platt"]
    assert said["calibration_slope_low"] < 0.5 < said["calibration_slope_high"] < 0.8
    assert mended["calibration_slope_low"] < 1.0 < mended["calibration_slope_high"]
    assert mended["excess_log_loss"] < 0.3 * said["excess_log_loss"]
    low, high = said["excess_log_loss_95"]
    assert 0.0 < low < said["excess_log_loss"] < high


def test_speed(figure):
    found = figure(speed.main, "--without-training")
    assert found["stages"]["plain"]["batches_over_plain"] == 1.0
    assert "encoder" not in found["stages"]


def test_unread(figure):
    found = figure(unread.main)
    held = [figures["newly_held"] for file in found["honest"].values() for figures in file.values()]
    assert held == [0] * len(held)
    assert set(found["ciphers"]) == set(unread.CIPHERS)
    for cipher in found["ciphers"].values():
        assert max(cipher["before"], 0.5) <= cipher["now"]


@pytest.mark.parametrize("name", [name for name, entry in trained.PEERS.items() if not entry.slow])
def test_every_peer_learns(name):
    if name not in trained.available():
        pytest.skip(f"{name} is not installed")
    texts = [f"cheap pills {n} now" for n in range(20)] + [
        f"dinner at {n} today" for n in range(20)
    ]
    spam = np.arange(40) < 20
    peer = trained.PEERS[name].make(texts)
    even, odd = np.arange(0, 40, 2), np.arange(1, 40, 2)
    peer.fit(even, spam[even])
    scores = peer.scores(odd)
    assert scores[spam[odd]].min() > scores[~spam[odd]].max()


def test_a_post_stays_one_message_of_a_mailbox():
    texts = ["From here on\nFrom me to you", "żółw\0\r\n.", ""]
    box = mailbox(texts)
    assert box.startswith(b"From ")
    assert box.count(b"\nFrom ") == len(texts) - 1
    assert "żółw".encode() in message(texts[1], 1)
    assert b"\0" not in box


def test_what_readers_do_to_honest_posts(figure, tmp_path):
    file = tmp_path / "posts.csv"
    file.write_text("text,label\nSee you at 9 &amp; bring tea,ham\nf r e e  t e a,x\ncash,spam\n")
    (found,) = figure(unread.main, "--readers", str(file)).values()
    assert found["posts"] == 2
    assert found["changed"] == 1
    assert found["with"].keys() == found["without"].keys() == {"above_0.5", "above_0.95"}
