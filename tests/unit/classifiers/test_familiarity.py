"""What a model has met: told for any script, from few words or many, and never forgotten."""

from dataclasses import replace

import numpy as np
import pytest
from safetensors.numpy import load, save

from classifiers import features, learner
from classifiers.assess import assess
from classifiers.exceptions import ArtifactCorrupt
from classifiers.familiarity import LIMIT, PIECES, Doubt, MetPieces
from classifiers.learner import State
from classifiers.training import held_back
from classifiers.training.data import examples
from classifiers.training.data.dataset import Row, Snapshot
from classifiers.training.fitting import recipe
from classifiers.types import Content, History
from classifiers.versions import artifacts
from tests.unit.classifiers import models

STRANGE = {
    "Georgian, short": "იაფი სესხი ახლავე, დარეკეთ",
    "Armenian": "Ստացեք անվճար վարկ այսօր առանց տոկոսի, զանգահարեք հիմա",
    "Amharic": "ነፃ ሽልማት አሁን ያግኙ እዚህ ይጫኑ",
    "Telugu": "ఉచిత బహుమతి గెలుచుకోండి ఇప్పుడే క్లిక్ చేయండి",
    "Kannada": "ಉಚಿತ ಬಹುಮಾನ ಗೆಲ್ಲಲು ಈಗಲೇ ಕ್ಲಿಕ್ ಮಾಡಿ",
    "Khmer": "ឈ្នះរង្វាន់ឥតគិតថ្លៃ ចុចទីនេះឥឡូវនេះ",
    "Welsh": "Mynnwch fenthyciad cyflym heb warant, ffoniwch nawr a derbyniwch eich arian heddiw",
    "Estonian": "Võida kohe suur auhind, kliki siia ja küsi laenu ilma tagatiseta",
    "Basque": "Irabazi sari handi bat orain, egin klik hemen eta eskatu mailegua",
    "Zulu": "Thola imali mboleko masinyane ngaphandle kwesiqinisekiso, shaya ucingo manje",
}
FAMILIAR = {
    "English": "Does anybody know whether the bakery on the corner is open on Sundays?",
    "English, short": "thanks, see you tomorrow",
    "English of a trade": "The compiler warns about an unused variable, but the tests still pass.",
    "typing errors": "i dont no waht happend with teh train today lol",
    "German": "Weiß jemand, ob der Bäcker an der Ecke am Sonntag offen hat?",
    "Spanish": "Gracias a todos por la ayuda, mañana les cuento cómo me fue",
    "Thai": "ขอบคุณมากครับ พรุ่งนี้เจอกันที่ร้านกาแฟ",
    "nothing but a link": "https://example.org/a/b?c=1",
    "figures and pictures": "12.50 + 3 = 15.50 🎉🎉",
    "nothing": "",
}


def pieces(*texts):
    return features.pieces_of([Content(text=text) for text in texts])


def known(*texts):
    return MetPieces.of(pieces(*texts))


@pytest.mark.parametrize(
    ("met", "text", "share"),
    [
        ("a well known garden", "garden well known a", 0.0),
        ("a well known garden", "Garden, KNOWN! 12 www.well.a", 0.2),
        ("a well known garden", "zqxv jkwq pfmt brgl", 1.0),
        ("今天天气很好", "天气很好", 0.0),
        ("今天天气很好", "优惠贷款", 1.0),
        ("ขอบคุณมากครับ", "ขอบคุณ", 0.0),
        ("ขอบคุณมากครับ", "เงินกู้ด่วน", 1.0),
        ("안녕하세요 여러분", "안녕하세요", 0.0),
        ("спасибо за помощь", "помощь за спасибо", 0.0),
        ("спасибо за помощь", "дешёвый кредит", 1.0),
    ],
)
def test_words_are_met_or_not_and_runs_where_no_space_parts_them(met, text, share):
    (row,) = [set(pieces(text).indices.tolist())]
    new = row - set(pieces(met).indices.tolist())
    assert len(new) / len(row) == pytest.approx(share)
    assert (known(met).unfamiliar(pieces(text))[0] > 0.0) == (share > 0.0)


def test_of_few_words_little_is_sure_and_of_many_nearly_all():
    words = [f"{a}{b}{c}" for a in "bdfgk" for b in "aeiou" for c in "lmnrst"]
    shares = known("nothing of it").unfamiliar(
        pieces("", *(" ".join(words[:count]) for count in (1, 3, 10, 150)))
    )
    assert shares[0] == 0.0
    assert (np.diff(shares) > 0.0).all()
    assert shares[1] < 0.3
    assert shares[-1] > 0.97


def test_a_word_said_again_is_no_second_proof():
    once, often = known("so").unfamiliar(pieces("zqxv jkwq", "zqxv jkwq " * 50))
    assert once == often


def test_what_two_models_met_is_met():
    both = known("one garden") | known("two bridges")
    assert both.unfamiliar(pieces("one garden two bridges"))[0] == 0.0


SHIPPED = artifacts.load(artifacts.STARTER)


def judged(text, scorer=SHIPPED):
    return assess(Content(text=text), History(), (), [scorer])


@pytest.mark.parametrize("text", STRANGE.values(), ids=STRANGE)
def test_the_shipped_model_knows_that_it_does_not_know(text):
    found = judged(text)
    assert found.strange
    assert found.seen.unfamiliar > LIMIT


@pytest.mark.parametrize("text", FAMILIAR.values(), ids=FAMILIAR)
def test_the_shipped_model_answers_where_it_knows_the_language(text):
    assert not judged(text).strange


def test_a_site_s_labels_take_over_where_they_know_the_words():
    georgian = "გამარჯობა მეგობრებო {} ხვალ შევხვდებით სადგურთან, იაფი სესხი დარეკეთ"
    evidence = [learner.see(judged(georgian.format(i))) for i in range(12)]
    state = State.new()
    assert not state.knows(evidence[0])
    state = models.rebuild((each, i % 2 == 0, 1.0) for i, each in enumerate(evidence[:-1]))
    assert state.knows(evidence[-1])
    assert not state.knows(learner.see(judged(STRANGE["Amharic"])))


def test_a_model_keeps_what_it_met_and_a_limit(tmp_path):
    made = replace(models.scorer(), known=known("free cash"), doubt=Doubt(0.1, 1.0, 0.2))
    models.write(tmp_path / "model", made)
    loaded = artifacts.load(tmp_path / "model")
    posts = [Content(text="free cash"), Content(text="zqxv jkwq pfmt brgl")]
    scores = loaded.score(posts, [(), ()])
    assert scores == made.score(posts, [(), ()])
    assert [score.seen.strange for score in scores] == [False, True]


@pytest.mark.parametrize(
    "bits", [np.zeros(PIECES // 8 - 1, dtype=np.uint8), np.zeros(PIECES // 8, dtype=np.float16)]
)
def test_bits_of_another_size_or_kind_are_refused(tmp_path, bits):
    models.write(tmp_path / "model", models.scorer())
    tensors = load((tmp_path / "model" / artifacts.WEIGHTS).read_bytes())
    models.rewrite(tmp_path / "model", save({**tensors, "known": bits}))
    with pytest.raises(ArtifactCorrupt):
        artifacts.load(tmp_path / "model")


@pytest.mark.parametrize("limit", [-0.1, 1.1, "0.2", None])
def test_a_limit_that_is_no_share_is_refused(limit):
    with pytest.raises(ValueError, match="doubt ends"):
        Doubt.from_dict({"usual": 0.1, "rate": 1.0, "limit": limit})


def test_a_child_knows_what_its_parent_did_and_what_it_was_taught():
    parent = replace(models.scorer(), known=known("the words of the parent"))
    trained = recipe.train(examples.of(models.snapshot(40)), parent=parent)
    child = trained.scorer("child")
    met = pieces("words parent casino lecture", "zqxv jkwq pfmt brgl")
    assert child.known.unfamiliar(met)[0] == 0.0
    assert child.known.unfamiliar(met)[1] > LIMIT


def test_a_site_s_own_model_answers_nearly_all_of_its_posts_in_a_language_that_nobody_knew():
    """Where so little is met again that half of each post is new, this is what is usual there."""
    georgian = "აბგდევზთიკლმნოპჟრსტუფქღყშჩცძწჭხჯჰ"
    chance = np.random.default_rng(5)
    often = ["".join(chance.choice(list(georgian), 5)) for _ in range(4)]

    def post(spam):
        own = ["".join(chance.choice(list(georgian), 6)) for _ in range(8)]
        return " ".join([*own, often[2 * spam], often[2 * spam + 1]])

    rows = [Row(Content(text=post(i % 2)), bool(i % 2), time=60.0 * i) for i in range(80)]
    trained = recipe.train(examples.of(Snapshot(rows, "0" * 64)), parent=SHIPPED)
    scorer = trained.scorer("of the site")
    new = [Content(text=post(i % 2)) for i in range(40)]
    strange = [score.seen.strange for score in scorer.score(new, [()] * len(new))]
    assert np.mean(strange) <= 0.2
    assert all(score.seen.strange for score in SHIPPED.score(new, [()] * len(new)))


def test_the_regression_cases_are_no_strangers():
    cases = held_back.regression_cases(SHIPPED, None)
    assert np.mean([judged(text).strange for text in cases.texts]) < 0.1
