"""From a post to one calibrated probability with its evidence: the only judgement entry.

A judge that breaks gives a failed Signal and no probability: a post that could not be judged
goes to a person, and never counts as half spam.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Final, Protocol, runtime_checkable

from classifiers import explain, features, odds
from classifiers.heuristics import TEXT_SIGNALS, notice
from classifiers.heuristics.wording import whole_text
from classifiers.text.legible import is_left_out, unread
from classifiers.types import (
    MEANING,
    SPAM_PASSAGE,
    UNREAD_TEXT,
    Assessment,
    Content,
    Contribution,
    History,
    Score,
    Scorer,
    Signal,
)

logger = logging.getLogger(__name__)

BEHAVIOUR_CAP: Final = 3.0
"""Log-odds that all behaviour and all operators' rules together may add or take: hand-set
weights may move a doubtful post, never a post that the model is sure of."""
_TEXT: Final = frozenset(TEXT_SIGNALS)
UNREAD_FROM: Final = 0.6
UNSURE: Final = -0.2
"""Log-odds below which such a post never is, nor one whose author's name is an advertisement,
45 %: a person looks, and nothing is blocked."""
NAME_ABOVE: Final = 2.8
"""Log-odds above those of an ordinary name beside an address, from which on that is so; what it
finds and asks about in vain is told in docs/adr/0028."""
_ORDINARY_NAME: Final = Content(text="Anna https://anna.example.org")
_ADVERTISES: Final = "The author's name and address alone read like an advertisement."
_SCHEME: Final = re.compile(r"\A\w*://")
_MODELS: Final = 8
"""Models whose reading of the ordinary name is kept; each is kept in memory with it."""

Noticed = tuple[Signal, ...]


def assess(
    content: Content,
    history: History,
    extra_signals: Sequence[Signal],
    scorers: Sequence[Scorer],
) -> Assessment:
    """One post; see `assess_batch`."""
    return assess_batch([content], [history], [extra_signals], scorers)[0]


def assess_batch(
    contents: Sequence[Content],
    histories: Sequence[History],
    extra_signals: Sequence[Sequence[Signal]],
    scorers: Sequence[Scorer],
) -> list[Assessment]:
    """One Assessment a content, in order; a broken judge fails its post alone, none raises.

    `extra_signals[i]` are those of operators' rules, and count like behaviour. Several
    scorers are joined by the mean of their log-odds. Raises ValueError when the sequences
    differ in length or there is no scorer.
    """
    if not scorers:
        raise ValueError("nothing to judge with: no scorer was given")
    signals = [
        (*noticed(content, history), *extra)
        for content, history, extra in zip(contents, histories, extra_signals, strict=True)
    ]
    found = _judged(contents, signals, scorers)
    for place in _advertised(contents, histories, found, scorers):
        found[place] = _raised(found[place], Signal("author.advertisement", _ADVERTISES))
    return found


def _advertised(
    contents: Sequence[Content],
    histories: Sequence[History],
    found: Sequence[Assessment],
    scorers: Sequence[Scorer],
) -> list[int]:
    """Places of posts that hardly look like spam, and whose author's name does."""
    named = {
        place: name
        for place, (content, history) in enumerate(zip(contents, histories, strict=True))
        if (name := _name(content)) and _may_be_raised(found[place], history)
    }
    if not named:
        return []
    ordinary = _ordinary(tuple(scorers))
    if ordinary is None:
        _ordinary.cache_clear()
        return []
    alone = list(named.values())
    said = _judged(alone, [noticed(content, History()) for content in alone], scorers)
    return [
        place
        for place, one in zip(named, said, strict=True)
        # A site's own model may take any address for spam: only what the name adds counts.
        if odds.log_odds(one.probability or 0.0) - ordinary >= NAME_ABOVE
    ]


@lru_cache(maxsize=_MODELS)
def _ordinary(scorers: tuple[Scorer, ...]) -> float | None:
    """Log-odds of an ordinary name, 0 at least; None where a scorer broke."""
    (said,) = _judged([_ORDINARY_NAME], [noticed(_ORDINARY_NAME, History())], scorers)
    return None if said.probability is None else max(odds.log_odds(said.probability), 0.0)


def _name(content: Content) -> Content | None:
    """What much spam on blogs consists of, beside a word of praise: a name with an address."""
    author = content.author
    if not (author.name and author.url):
        return None
    # Models know schemes from spam of other years; the name beside it says nothing of that.
    address = _SCHEME.sub("", author.url)
    return Content(text=f"{author.name} https://{address}", language=content.language)


def _judged(
    contents: Sequence[Content], signals: Sequence[Noticed], scorers: Sequence[Scorer]
) -> list[Assessment]:
    by_scorer = [_scores(scorer, contents, signals) for scorer in scorers]
    return [
        _combine(noticed, results, scorers[0].version)
        for noticed, *results in zip(signals, *by_scorer, strict=True)
    ]


def _may_be_raised(found: Assessment, history: History) -> bool:
    return _looks_honest(found) and not history.author_ham_verdicts


def _looks_honest(found: Assessment) -> bool:
    if found.probability is None or found.decisive:
        return False
    return odds.log_odds(found.probability) < UNSURE


def _raised(found: Assessment, why: Signal) -> Assessment:
    """The same, asked of a person. Why stands first, however little it lifts the post."""
    lift = round(UNSURE - odds.log_odds(found.probability or 0.0), 4)
    return replace(
        found,
        probability=odds.probability(UNSURE),
        signals=found.signals if why in found.signals else (*found.signals, why),
        contributions=(Contribution(why.code, why.sentence, lift), *found.contributions),
    )


def noticed(content: Content, history: History) -> Noticed:
    """What heuristics notice; the model's reading is then at hand as well.

    Both take the same disguises off, so they share the work where one follows on the other.
    """
    found = notice(content, history)
    try:
        cipher = _unread(content)
    except Exception as error:
        # No traceback and no message: either could quote the post.
        logger.error("what can be read of a post cannot be told: %s", type(error).__name__)
        sentence = "How much of it can be read could not be told."
        return (*found, Signal("unread.failed", sentence, failed=True))
    return (*found, cipher) if cipher else found


def _unread(content: Content) -> Signal | None:
    body = features.read(content).body
    if is_left_out(features.bounded(whole_text(content)), body):
        return Signal(UNREAD_TEXT, "Next to nothing of it was left to be read.")
    share = unread(body)
    if share < UNREAD_FROM:
        return None
    sentence = f"{100 * share:.0f} % of it is neither words nor a code that could be read."
    return Signal(UNREAD_TEXT, sentence, value=share)


def load_tables() -> None:
    """Read posts of every disguise, so that each table of letters is in memory.

    No model is loaded: it may start threads, which do not outlive a fork.
    """
    contents = [Content(text=text) for text in _DISGUISED]
    features.matrix(contents, [notice(content, History()) for content in contents])


_DISGUISED: Final = (
    "Plеase subscrlbe to frreee сhеар ƃuıʞoo рills, pl.ease v1s1t htt p://exаmple.com/x?a=b "
    "W̶O̶W̶ klik cstmr esaelp ṕĺéáśé nelchan",
    # Each rule of the writer's own takes a post of its own.
    "chuusi muboli ringtuni missegi wiik",
    "pl📧ase ch🅰nn📧l",
)


@runtime_checkable
class _ByWords(Protocol):
    """A scorer that can tell which words are behind what its encoder says."""

    def by_words(self, content: Content, weight: float) -> tuple[Contribution, ...]: ...


def by_words(
    content: Content, contributions: Sequence[Contribution], scorers: Sequence[Scorer]
) -> tuple[Contribution, ...]:
    """What stands for the contribution MEANING: words that add up to it, and what is left.

    Empty where nothing can be told: it is not among them, or the scorer was another one. It
    reads the text many times, and is for posts that somebody looks at.
    """
    meant = [part.weight for part in contributions if part.code == MEANING]
    if len(meant) != 1 or len(scorers) != 1 or not isinstance(scorers[0], _ByWords):
        return ()
    return scorers[0].by_words(content, meant[0])


def in_words(content: Content, assessment: Assessment, scorers: Sequence[Scorer]) -> Assessment:
    """The same, with the words behind what the encoder says in place of it."""
    parts = by_words(content, assessment.contributions, scorers)
    return replace(assessment, contributions=explain.told_by(parts, assessment.contributions))


def _scores(
    scorer: Scorer, contents: Sequence[Content], signals: Sequence[Noticed]
) -> list[Score | Signal]:
    """A Score for each content, or the failed Signal that stands in its place."""
    try:
        return _checked(scorer, contents, signals)
    except Exception as error:
        if len(contents) == 1:
            # No traceback and no message: either could quote the post.
            logger.error("the scorer %s failed: %s", scorer.name, type(error).__name__)
            return [_failure(scorer)]
    logger.warning("the scorer %s failed on a batch; judging one by one", scorer.name)
    return [
        _scores(scorer, [content], [noticed])[0]
        for content, noticed in zip(contents, signals, strict=True)
    ]


def _checked(
    scorer: Scorer, contents: Sequence[Content], signals: Sequence[Noticed]
) -> list[Score | Signal]:
    scores = scorer.score(contents, signals)
    if len(scores) != len(contents):
        raise ValueError(f"{len(scores)} scores for {len(contents)} posts")
    return [score if 0.0 <= score.probability <= 1.0 else _failure(scorer) for score in scores]


def _failure(scorer: Scorer) -> Signal:
    sentence = f"The scorer {scorer.name} ({scorer.version}) failed on this post."
    return Signal("scorer.failed", sentence, failed=True)


def _combine(noticed: Noticed, results: Sequence[Score | Signal], model: str) -> Assessment:
    scores = tuple(result for result in results if isinstance(result, Score))
    signals = (*noticed, *(result for result in results if isinstance(result, Signal)))
    behaviour = _behaviour(noticed)
    if any(signal.failed for signal in signals):
        contributions = explain.evidence(scores, signals, behaviour)
        return Assessment(None, signals, scores, contributions, failed=True, model=model)
    learnt = sum(odds.log_odds(score.probability) for score in scores) / len(scores)
    log_odds = learnt + sum(part.weight for part in behaviour)
    found = Assessment(
        odds.probability(log_odds),
        signals,
        scores,
        explain.evidence(scores, signals, behaviour, log_odds),
        model=model,
        strange=any(score.seen.strange for score in scores if score.seen),
    )
    if not _looks_honest(found):
        return found
    # What nobody could read, nobody can call honest.
    cipher = next((signal for signal in noticed if signal.code == UNREAD_TEXT), None)
    why = cipher or _passage(scores, sum(part.weight for part in behaviour))
    return _raised(found, why) if why else found


def _passage(scores: Sequence[Score], behaviour: float) -> Signal | None:
    """The passage that alone looks like spam, if any; behaviour counts as for the whole post."""
    told = [score.passage for score in scores if score.passage is not None]
    worst = max(told, key=lambda passage: passage.beyond, default=None)
    if worst is None or worst.beyond + behaviour < 0.0:
        return None
    share = odds.probability(worst.log_odds)
    sentence = f"The passage “{worst.text}” alone looks like spam ({100 * share:.0f} %)."
    return Signal(SPAM_PASSAGE, sentence, value=share)


def _behaviour(noticed: Noticed) -> list[Contribution]:
    """Hand-set evidence, scaled down together where its sum passes the cap."""
    parts = [
        Contribution(signal.code, signal.sentence, signal.log_odds)
        for signal in noticed
        if signal.log_odds and signal.code not in _TEXT
    ]
    total = abs(sum(part.weight for part in parts))
    scale = BEHAVIOUR_CAP / total if total > BEHAVIOUR_CAP else 1.0
    return [Contribution(part.code, part.sentence, part.weight * scale) for part in parts]
