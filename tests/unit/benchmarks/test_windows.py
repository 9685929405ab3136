"""The figure about long texts runs from beginning to end on made-up posts."""

import csv
import json

import numpy as np

from benchmarks import windows
from classifiers.training.encoders.export import export
from tests.unit.classifiers import encoders


def test_windows_lie_evenly_from_start_to_end():
    tokens = list(range(100))
    assert windows.windows(tokens, 30, 1) == [tokens[:30]]
    assert windows.windows(tokens, 30, 2) == [tokens[:30], tokens[70:]]
    assert windows.windows(tokens, 30, 9)[1:3] == [tokens[23:53], tokens[46:76]]
    assert windows.windows([], 30, 4) == [[]]


def test_every_way_is_measured(tmp_path, settings, capsys):
    export(encoders.publish(tmp_path / "source"), tmp_path / "encoder")
    settings.WINNOW_ENCODER = tmp_path / "encoder"
    folder = tmp_path / windows.SET
    folder.mkdir()
    generator = np.random.default_rng(3)
    with (folder / f"{windows.SET}.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "label", "split"])
        for number in range(90):
            spam = number % 2 == 0
            own = generator.choice(encoders.WORDS[:3] if spam else encoders.WORDS[3:], 4)
            split = "valid" if number % 5 == 0 else "train"
            writer.writerow([f"{' '.join(own)} {number}", "spam" if spam else "ham", split])
    assert windows.main(["--data", str(tmp_path), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["ways"].keys() == windows.WAYS.keys()
    for way in found["ways"].values():
        assert way["one_minus_roca_percent"] < 50.0
        assert way["ms"] > 0.0
