"""Made-up posts of realistic wording and length, the same for the same seed.

Half of them a sentence or two, some a few paragraphs: median about 110 characters, mean about
190. Every fifth is an advertisement of the usual kinds, with links, prices and numbers.
"""

import random
from collections.abc import Iterator
from typing import Any, Final

OPENINGS: Final = (
    "Thanks for writing this up.",
    "I had the same problem last week.",
    "Not sure I agree with the second point.",
    "Has anybody tried this on an older machine?",
    "We moved to the new flat in {month} and it is still not finished.",
    "Great video, the part about {thing} made my day.",
    "My daughter has been asking for {thing} since {month}.",
    "Does the {thing} still work after the update?",
    "I ordered it on the {number}th and it came two days later.",
    "Could somebody explain what the {thing} is for?",
)
MIDDLES: Final = (
    "In the end I took the {thing} apart, cleaned everything and put it back together.",
    "The manual says one thing and the {thing} does another, so I went by what I saw.",
    "It took me about {number} minutes, most of it looking for a screwdriver.",
    "What helped was reading the answer by {name} further up.",
    "For what it is worth, the old {thing} lasted {number} years and nobody complained.",
    "I would not pay more than {number} for it, but the quality is decent.",
    "If you walk up the hill from the station there is a bakery where {name} works.",
    "We measured it twice: {number} the first time, a little less in the afternoon.",
    "I wrote to the support in {month} and they answered the same evening.",
    "See https://docs.example.org/{thing}/{number} for the long version.",
)
ENDINGS: Final = (
    "Hope that helps!",
    "Anyway, see you on Saturday.",
    "Let me know how it goes.",
    "Cheers, {name}",
    ":)",
    "What do you think?",
    "",
)
LURES: Final = (
    "CONGRATULATIONS!!! You have been selected to win a {thing} worth ${number}00.",
    "Make ${number}00 a day from home, no experience needed.",
    "Cheap {thing} and more, up to {number}% off, worldwide shipping, only today.",
    "Your parcel could not be delivered, confirm the fee of {number}.99 now.",
    "Best casino bonus of {month}: {number} free spins for every new player!",
    "We buy backlinks and sell first-page ranking for your website.",
)
CALLS: Final = (
    "Click http://{thing}-deals{number}.example.com/win?id={number} before it is gone",
    "WhatsApp +1 555 01{number} and ask for {name}",
    "Visit www.{thing}-{month}.example.net NOW",
    "Text WIN to 80{number}. T&Cs apply",
)
THINGS: Final = (
    *("camera", "phone", "boiler", "recipe", "bicycle", "guitar", "printer", "garden"),
    *("keyboard", "tent", "kettle", "router", "jacket", "battery", "plugin", "theme"),
)
MONTHS: Final = ("January", "March", "May", "June", "August", "October", "November")
NAMES: Final = ("Anna", "Jonas", "Priya", "Mateo", "Lucie", "Ken", "Olga", "Sam", "Ines", "Tariq")
SPAM_SHARE: Final = 0.2


def posts(count: int, *, seed: int | str = 0, name: str = "post") -> Iterator[dict[str, Any]]:
    """Yield bodies for the API: text, external id, type and author (one of 500)."""
    chance = random.Random(seed)
    for number in range(count):
        author = chance.randrange(500)
        yield {
            "external_id": f"{name}-{number}",
            "text": text(chance),
            "type": "comment",
            "author": {
                "id": f"u{author}",
                "name": f"{NAMES[author % len(NAMES)]} {author}",
                "ip": f"203.0.113.{author % 250}",
            },
        }


def text(chance: random.Random) -> str:
    """Return one post's words."""
    if chance.random() < SPAM_SHARE:
        parts = [chance.choice(LURES), chance.choice(CALLS)]
    else:
        middles = min(int(chance.expovariate(0.45)), 12)
        parts = [chance.choice(OPENINGS), *(chance.choice(MIDDLES) for _ in range(middles))]
        parts.append(chance.choice(ENDINGS))
    return " ".join(_filled(part, chance) for part in parts if part)


def _filled(part: str, chance: random.Random) -> str:
    return part.format(
        thing=chance.choice(THINGS),
        month=chance.choice(MONTHS),
        name=chance.choice(NAMES),
        number=chance.randrange(2, 99),
    )
