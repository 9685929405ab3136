"""The pinned model, exported once."""

import pytest

from classifiers.encoder.model import Encoder
from classifiers.training.encoders import export as exporting
from classifiers.training.encoders import languages as reading
from tests.unit.classifiers import encoders


@pytest.fixture(scope="module")
def pinned(tmp_path_factory) -> Encoder:
    pytest.importorskip("torch", reason="PyTorch is not installed (ENCODER=no)")
    output = tmp_path_factory.mktemp("encoder")
    exporting.export(exporting.pinned(), output, name=exporting.PINNED_NAME)
    return Encoder(output)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("See you at the station at eight, I will bring the tickets and some coffee.", True),
        ("OMG 😍😍 this is the best song ever, who is still listening to it tonight? 🔥", True),
        ("Wir sehen uns um acht am Bahnhof, ich bringe die Fahrkarten und Kaffee mit.", False),
        ("Nos vemos a las ocho en la estación, yo llevo los billetes y un poco de café.", False),
        ("შევხვდეთ რვა საათზე სადგურში", False),
        ("เจอกันที่สถานีตอนแปดโมงเช้า", False),
        ("八点在车站见，我带票和咖啡。", False),
    ],
)
def test_the_pinned_model_reads_english_alone(pinned, text, read):
    body = reading._body(text)
    assert (pinned.unread([body], [""])[0] == 0.0) == read


def test_the_pinned_model_keeps_its_meaning(pinned):
    texts = ["win a free phone today", "see you at the station at eight, then?", "ok"]
    theirs = encoders.by_torch(exporting.pinned(), texts, "mean")
    assert (pinned.embed(texts) * theirs).sum(axis=1).min() > 0.95
