import pytest

from reviews.queue.languages import NAMES, language_of, name_of, named


@pytest.mark.parametrize(
    ("tag", "text", "code"),
    [
        ("de", "", "de"),
        ("PT_br", "", "pt"),
        ("zh-Hant-TW", "", "zh"),
        ("iw", "", "he"),
        ("nb", "", "no"),
        ("gsw", "", "gsw"),
        # What the site says goes before what the letters say.
        ("en", "これは本ですか", "en"),
        # Nothing, or nothing that names one language.
        ("", "Is this still for sale?", ""),
        ("und", "Это продаётся?", ""),
        ("mul", "", ""),
        ("klingon", "", ""),
        ("", "이거 아직 파나요?", "ko"),
        ("", "これはまだ売っていますか", "ja"),
        ("", "這個還賣嗎", "zh"),
        ("", "Πωλείται ακόμα;", "el"),
        ("", "המכירה עדיין בתוקף", "he"),
        # A quoted word does not make a language.
        ("", "What does 漢字 mean, does anybody here know?", ""),
        ("", "12345 !!! 😀", ""),
    ],
)
def test_the_language_of_a_post(tag, text, code):
    assert language_of(tag, text) == code


def test_languages_have_names():
    assert (name_of("de"), name_of("zh"), name_of("gsw")) == ("German", "Chinese", "gsw")
    assert len(NAMES) > 70
    assert list(NAMES.values()) == sorted(NAMES.values())


@pytest.mark.parametrize(
    ("tag", "shown"),
    [("pt", "Portuguese"), ("PT", "Portuguese"), ("pt_br", "Portuguese (pt_br)"),
     ("nb", "Norwegian (nb)"), ("gsw", "gsw"), ("und", "und"), ("klingon", "klingon")],
)  # fmt: skip
def test_what_a_site_said_is_told_by_name(tag, shown):
    assert named(tag) == shown
