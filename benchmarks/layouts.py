"""Ways to lay a post out, or to put honest words about it, that change no word of it.

Written with what reads them in sight, but for `LAID_ASIDE`, of which no reader was made.
"""

import json
import random
from collections.abc import Callable
from typing import Final

from benchmarks.attacks import SHARE, Attack, Plan
from benchmarks.guises import bare


def gaps(between: Callable[[random.Random], str]) -> Attack:
    """What is put for the spaces: all, some, or those before telling words."""

    def attack(text: str, plan: Plan) -> str:
        first, *rest = text.split(" ")
        said = [first]
        for word in rest:
            chosen = {
                "all letters": True,
                "some letters": plan.chance.random() < SHARE,
                "telling words": bare(word) in plan.telling,
            }[plan.coverage]
            said += [between(plan.chance) if chosen else " ", word]
        return "".join(said)

    return attack


def each(alter: Callable[[str], str], between: str = " ") -> Attack:
    """Markup about every word, whatever the plan: about some it would show."""
    return lambda text, _: between.join(map(alter, text.split()))


_HONEST: Final = (
    "Thanks for the lift on Sunday, my sister still talks about the lake and the cold soup.",
    "I looked through the minutes again and the second point is fine as it stands.",
    "The kettle at work broke, so we all drank tap water and complained about the heating.",
    "Our dog hates the postman, though the postman brings him biscuits every other day.",
    "If the rain stops we could still paint the fence, otherwise I will read my book.",
    "He asked whether the choir sings in Latin this year and nobody knew the answer.",
    "Mind the third stair in the cellar, it is loose and the light does not reach there.",
    "We moved the shelf to the other wall and now the room looks twice as large.",
)


def honest(template: str) -> Attack:
    """The post in the template, beside two, four or eight honest sentences in their own order."""

    def attack(text: str, plan: Plan) -> str:
        count = {"all letters": 8, "some letters": 4, "telling words": 2}[plan.coverage]
        said = " ".join(plan.chance.sample(_HONEST, count))
        return template.format(post=text, honest=said)

    return attack


def _quoted(text: str, plan: Plan) -> str:
    words = text.split()
    rows = [" ".join(words[start : start + 6]) for start in range(0, len(words), 6)]
    quoted = "\n".join(f"> {row}" for row in rows)
    return honest("{post}\n\n{honest}")(quoted, plan)


def _in_pairs(text: str, _: Plan) -> str:
    words = text.split()
    return " ".join("_".join(words[start : start + 2]) for start in range(0, len(words), 2))


_bold: Final = each("<b>{}</b>".format)

LAYOUTS: Final[dict[str, Attack]] = {
    "breaks between words": gaps(lambda _: "\n"),
    "blank lines": gaps(lambda chance: "\n" * chance.choice((2, 10, 60))),
    "wide gaps": gaps(lambda chance: chance.choice((" ", "\t", "\u00a0")) * chance.randint(2, 60)),
    "underscores for spaces": gaps(lambda _: "_"),
    "dead links": each(lambda word: f"[{word}](#)"),
    "bold words": lambda text, plan: f"<p>{_bold(text, plan)}</p>",
    "a row for each word": each(lambda word: f"| {word} |", "\n"),
    "cells of HTML": lambda text, plan: (
        f"<table>{each('<tr><td>{}</td></tr>'.format, '')(text, plan)}</table>"
    ),
    "bold words and a backtick": lambda text, plan: f"{_bold(text, plan)} `",
    "bold words and a stray tag": lambda text, plan: f"{_bold(text, plan)}</b>",
    "bold words in a colour": each('<b style="color:red">{}</b>'.format),
    "bold beginnings": each(lambda word: f"<b>{word[:-1]}</b>{word[-1:]}"),
    "tags that are not closed": each("<i>{}".format),
    "dead links with a title": each('[{}](# "t")'.format),
    "links to the page's own site": each("[{}](/)".format),
    "links of HTML to the own site": each('<a href="/">{}</a>'.format),
    "pairs of words on a line": _in_pairs,
    "quoted words": each("> {}".format, "\n"),
    "quotations of a forum": each("[quote]{}[/quote]".format),
    "centred words": each("[center]{}[/center]".format),
    "breaks of HTML": lambda text, _: "<br>".join(text.split()),
    "words in stars": each("**{}**".format),
    "words as code": each("`{}`".format),
    "words quoted": each(lambda word: f"“{word}”"),
    "a list of words": each("- {}".format, "\n"),
    "numbered lines": lambda text, _: "\n".join(
        f"{number}. {word}" for number, word in enumerate(text.split(), 1)
    ),
}
"""Nothing of the words is altered."""

DILUTED: Final[dict[str, Attack]] = {
    "before an honest paragraph": honest("{post}\n\n{honest}"),
    "behind an honest paragraph": honest("{honest}\n\n{post}"),
    "between honest paragraphs": honest("{honest}\n\n{post}\n\n{honest}"),
    "quoted and answered": _quoted,
    "with a comment": honest("{post}<!-- {honest} -->"),
    "with a hidden element": honest('{post}<div style="display:none">{honest}</div>'),
    "far above honest words": honest("{post}" + "\n" * 60 + "{honest}"),
}
"""Honest words are put beside the post's own."""


LAID_ASIDE: Final[dict[str, Attack]] = {
    "in JSON": lambda text, _: json.dumps({"id": 4, "ok": True, "message": text}),
}
"""Of these no reader was made."""
