"""Spam beside honest words on a platform that nobody saw: how much of it is let through.

    python -m benchmarks.friendliest --json [--data DIR] [--sets NAME...] [--posts N]

The model of the other platforms as in `benchmarks.newcomer`, with passages judged as by the shipped
model and without, default policy, posts of train and valid. Beside each spam post stand two or six
sentences: of the platform's own honest posts (`own`), or of those honest sentences written for the
starter that the same model holds for most honest (`friendliest`); before it, behind it, on both
sides, or below the post as a quotation. `sure` is spam that is at least 73 % alone. Shares, without
and with; `more_held_95` is the interval of what honest posts are held more, by bootstrap over
clusters. The limit of passages was chosen on e-mail.
"""

import json
import random
import re
import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np

from benchmarks import newcomer
from benchmarks.corpus import PLATFORMS, Corpus, arguments, load
from benchmarks.evasion import share_and_interval
from benchmarks.ours import Material
from benchmarks.output import print_json
from classifiers import odds
from classifiers.arrays import Flags, Numbers
from classifiers.assess import assess_batch
from classifiers.passages import LIMIT
from classifiers.scorers.linear import LinearScorer
from classifiers.types import Content, History
from moderation.policy import Findings, Rules, decide
from moderation.types import Outcome

POSTS: Final = 200
DRAWN: Final = 1_200
FRIENDLIEST: Final = 180
SURE: Final = 1.0
"""Log-odds."""
LONGEST: Final = 1_500
QUOTED: Final = 8
_SENTENCE: Final = re.compile(r"[^.!?\n]{20,160}[.!?]")
_BATCH: Final = 128


def sentences(texts: Sequence[str]) -> list[str]:
    """Those in Latin letters without links, each once."""
    found = {one.strip() for text in texts for one in _SENTENCE.findall(text)}
    return sorted(one for one in found if one.isascii() and "://" not in one)


def beside(post: str, friendly: Sequence[str], count: int, chance: random.Random) -> str:
    """The post beside so many of the sentences, in one of four ways."""
    first, second = (" ".join(chance.choices(friendly, k=count)) for _ in range(2))
    words = post[:LONGEST].split()
    rows = (" ".join(words[at : at + QUOTED]) for at in range(0, len(words), QUOTED))
    quoted = "\n".join(f"> {row}" for row in rows)
    ways = (
        f"{first}\n\n{post}",
        f"{post}\n\n{first}",
        f"{first}\n\n{post}\n\n{second}",
        f"{quoted}\n\n{first}",
    )
    return chance.choice(ways)


def judged(model: LinearScorer, texts: Sequence[str]) -> tuple[Numbers, Flags]:
    """Log-odds, and whether the default policy keeps the post back."""
    log_odds, held = [], []
    for start in range(0, len(texts), _BATCH):
        contents = [Content(text=text) for text in texts[start : start + _BATCH]]
        nothing = [()] * len(contents)
        for found in assess_batch(contents, [History()] * len(contents), nothing, [model]):
            log_odds.append(odds.log_odds(found.probability or 0.0))
            held.append(decide(Rules(), Findings(found)).outcome is not Outcome.ALLOW)
    return np.array(log_odds), np.array(held, dtype=bool)


def measure(whole: Corpus, material: Material, name: str, posts: int) -> dict[str, Any]:
    """Figures of one platform that is left out."""
    known = np.flatnonzero(whole.platform != name)
    model = newcomer.of_the_others(whole, material, known)
    models = [replace(model, passage_limit=limit) for limit in (None, LIMIT)]
    texts, new = whole.texts, np.flatnonzero((whole.platform == name) & whole.main)
    honest, spam = (new[whole.spam[new] == kind] for kind in (False, True))
    chance = random.Random(name)
    alone = [texts[place] for place in spam[:posts]]
    written = np.flatnonzero(np.isin(whole.platform, list(newcomer.HANDS)) & ~whole.spam)
    drawn = sentences([texts[place] for place in written])
    drawn = chance.sample(drawn, min(DRAWN, len(drawn)))
    order = np.argsort(judged(models[0], drawn)[0])[:FRIENDLIEST]
    pools = {
        "own": sentences([texts[place] for place in honest]),
        "friendliest": [drawn[place] for place in order],
    }
    before, after = (judged(one, [texts[place] for place in honest])[1] for one in models)
    more = (after & ~before).astype(float)
    _, interval = share_and_interval(more, np.ones(len(more), dtype=bool), whole.cluster[honest])
    sure = judged(models[0], alone)[0] >= SURE
    found = {
        "posts": [len(alone), len(honest)],
        "sure": int(sure.sum()),
        "honest_held": [_share(before), _share(after)],
        "more_held_95": [round(end, 4) for end in interval],
        "passed_alone": [_share(~judged(one, alone)[1]) for one in models],
    }
    for kind, pool in pools.items():
        for count in (2, 6) if pool else ():
            mixed = [beside(post, pool, count, chance) for post in alone]
            passed = [~judged(one, mixed)[1] for one in models]
            found[f"passed_beside_{count}_{kind}"] = [_share(one) for one in passed]
            found[f"sure_passed_beside_{count}_{kind}"] = [_share(one[sure]) for one in passed]
    return found


def _share(flags: Flags) -> float | None:
    return round(float(flags.mean()), 4) if len(flags) else None


def main(given_arguments: list[str] | None = None) -> None:
    """Print one JSON object: a key for each platform."""
    parser = arguments("friendliest")
    parser.add_argument("--sets", nargs="+", choices=PLATFORMS, default=list(PLATFORMS))
    parser.add_argument("--posts", type=int, default=POSTS, help="of spam, each platform")
    given = parser.parse_args(given_arguments)
    corpus = load(given.data, PLATFORMS, quick=given.quick)
    whole = newcomer.with_written(newcomer.sample(corpus), quick=given.quick)
    material = Material.of(whole, None, with_encoder=False)
    found = {}
    for name in given.sets:
        found[name] = measure(whole, material, name, 20 if given.quick else given.posts)
        print(f"{name}: {json.dumps(found[name])}", file=sys.stderr, flush=True)
    print_json(found, given)


if __name__ == "__main__":
    main()
