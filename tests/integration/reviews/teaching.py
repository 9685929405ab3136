"""Labels to train with: two kinds of sentences that any model tells apart."""

import random
import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.utils import timezone

from classifiers.types import Content
from moderation.deciding.historical import HistoricalDraft, store_historical
from moderation.models import Site
from moderation.types import Draft, FeedbackLabel
from reviews.labels.labelling import label_history
from tests.words import WORKSHOP

_chance = random.Random(0)
SPAM_WORDS = WORKSHOP
HAM_WORDS = re.findall(
    r"\w+",
    "we will let you know when your order has been sent thank you for the help with this does "
    "anyone know a good place near the harbour the meeting is at ten on monday please bring what "
    "you have it was a lovely evening and the children liked it i think that the new version "
    "works fine now our train was late so we missed the start of the film could somebody explain "
    "how to change the battery of this old camera my sister baked bread with rye and honey",
)


def sentence(words: Sequence[str], chance: random.Random) -> str:
    return " ".join(chance.choices(words, k=10))


NOVEL, PLAIN = sentence(SPAM_WORDS, _chance), sentence(HAM_WORDS, _chance)


def teach(
    site: Site,
    count: int,
    *,
    flipped: bool = False,
    seed: int = 0,
    now: datetime | None = None,
) -> None:
    """`count` labels of each class, the last ones the newest; no two texts are alike."""
    chance = random.Random(seed)
    spam, ham = ("ham", "spam") if flipped else ("spam", "ham")
    rows = []
    for _ in range(count):
        rows += [(sentence(SPAM_WORDS, chance), spam), (sentence(HAM_WORDS, chance), ham)]
    now = now or timezone.now()
    drafts = [
        HistoricalDraft(
            Draft(Content(text=text), posted_at=now - timedelta(minutes=len(rows) - place)),
            FeedbackLabel(label),
        )
        for place, (text, label) in enumerate(rows)
    ]
    made = store_historical(site=site, drafts=drafts, now=now)
    label_history(decisions=[decision for decision in made if decision], now=now)
