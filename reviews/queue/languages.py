"""What language a post is in, as a code of two or three letters; empty where nobody knows. Pure.

A language is what the site said with the post. Where it said nothing, it is what the letters tell
by themselves: scripts that one language writes. Latin, Cyrillic, Arabic and Devanagari letters
tell nothing, as many languages share them.
"""

from __future__ import annotations

from collections import Counter
from typing import Final

from django.conf.locale import LANG_INFO

from classifiers.text.characters import script_of

MORE: Final = {
    "am": "Amharic",
    "gu": "Gujarati",
    "lo": "Lao",
    "mt": "Maltese",
    "si": "Sinhala",
    "so": "Somali",
    "tl": "Tagalog",
    "yi": "Yiddish",
    "zh": "Chinese",
}
LEFT_OUT: Final = frozenset(("ia", "io", "nb", "nn"))
"""Languages that nobody writes as their own, and the two ways to write Norwegian."""
NAMES: Final[dict[str, str]] = dict(
    sorted(
        {
            **{code: str(info["name"]) for code, info in LANG_INFO.items() if len(code) <= 3},
            **MORE,
        }.items(),
        key=lambda pair: pair[1],
    )
)
"""English names by code, of the languages that a moderator can choose."""
for _code in LEFT_OUT:
    NAMES.pop(_code, None)
SAME: Final = {
    "cmn": "zh", "deu": "de", "eng": "en", "fil": "tl", "fra": "fr", "in": "id", "ita": "it",
    "iw": "he", "ji": "yi", "jpn": "ja", "kor": "ko", "nb": "no", "nld": "nl", "nn": "no",
    "pol": "pl", "por": "pt", "rus": "ru", "spa": "es", "tur": "tr", "ukr": "uk", "yue": "zh",
    "zho": "zh",
}  # fmt: skip
UNKNOWN: Final = frozenset(("", "und", "mul", "mis", "zxx"))
OF_SCRIPT: Final = {
    "ARMENIAN": "hy", "BENGALI": "bn", "ETHIOPIC": "am", "GEORGIAN": "ka", "GREEK": "el",
    "GUJARATI": "gu", "GURMUKHI": "pa", "HAN": "zh", "HANGUL": "ko", "HEBREW": "he",
    "HIRAGANA": "ja", "KANNADA": "kn", "KATAKANA": "ja", "KHMER": "km", "LAO": "lo",
    "MALAYALAM": "ml", "MYANMAR": "my", "SINHALA": "si", "TAMIL": "ta", "TELUGU": "te",
    "THAI": "th",
}  # fmt: skip
SEEN: Final = 400
"""Characters of a text that are looked at."""
MOST: Final = 0.6
"""Share of the letters that must be of the script: a quoted word does not make a language."""
LENGTH: Final = 3


def code_of(typed: str) -> str:
    """Return the code of a language that somebody named; a code or tag as it is.

    >>> code_of(" german "), code_of("Scottish Gaelic"), code_of("pt-BR"), code_of("")
    ('de', 'gd', 'pt-BR', '')
    """
    typed = typed.strip()
    return _CODES.get(typed.casefold(), typed)


_CODES: Final = {name.casefold(): code for code, name in NAMES.items()}


def language_of(tag: str, text: str) -> str:
    """Return the language of a post whose site said that it is `tag`.

    >>> language_of("pt-BR", ""), language_of("", "これは本ですか"), language_of("", "What is it?")
    ('pt', 'ja', '')
    """
    code = tag.replace("_", "-").partition("-")[0].lower()
    code = SAME.get(code, code)
    return _by_script(text[:SEEN]) if code in UNKNOWN or len(code) > LENGTH else code


def name_of(code: str) -> str:
    """Return the English name, or the code where we know none."""
    return NAMES.get(code, code)


def named(tag: str) -> str:
    """Return the English name of what a site said that the language is; what it said if unknown.

    >>> named("pt"), named("pt-BR"), named("xx-YY")
    ('Portuguese', 'Portuguese (pt-BR)', 'xx-YY')
    """
    name = NAMES.get(language_of(tag, ""))
    if name is None:
        return tag
    return name if NAMES.get(tag.lower()) == name else f"{name} ({tag})"


def _by_script(text: str) -> str:
    scripts = Counter(script_of(char) for char in text if char.isalpha())
    # Japanese mixes three scripts, of which Chinese has one.
    kana = scripts["HIRAGANA"] + scripts["KATAKANA"]
    if kana:
        scripts["HIRAGANA"] = kana + scripts.pop("HAN", 0)
        scripts.pop("KATAKANA", 0)
    for script, count in scripts.most_common(1):
        if count >= MOST * scripts.total():
            return OF_SCRIPT.get(script, "")
    return ""
