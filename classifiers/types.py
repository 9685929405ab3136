"""The words of judgement, as frozen values: what goes in, what comes out.

Nothing here knows of sites, decisions or moderators. Log-odds are natural logarithms
and positive towards spam everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


REST: Final = "rest"
USUAL: Final = "usual"
MEANING: Final = "meaning"
"""Codes of contributions: what is not named, what is so whatever a post says, and what a text
encoder adds."""


@dataclass(frozen=True, slots=True)
class AuthorFacts:
    """What the site says about who wrote the post; empty strings where it says nothing."""

    name: str = ""
    email: str = ""
    url: str = ""
    ip: str = ""
    user_agent: str = ""


@dataclass(frozen=True, slots=True)
class Content:
    """One revision of a post, as it was submitted."""

    text: str
    title: str = ""
    type: str = "other"
    language: str = ""
    permalink: str = ""
    context: str = ""
    author: AuthorFacts = field(default_factory=AuthorFacts)
    honeypot: str = ""
    """What was typed into the field that people do not see; empty for honest people."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """What the site saw of one link's domain, address or number that a post brings."""

    others: int = 0
    """Other authors who brought it, about; 63 at most."""
    trusted: int = 0
    """Of those, whose post was found honest."""
    own: bool = False
    """This author brought it before."""
    days: float | None = None
    """Since it was first seen; None for never."""


@dataclass(frozen=True, slots=True)
class Community:
    """A post beside the others of its site, whatever anybody said of them."""

    counted: int = 0
    """Posts whose contacts were counted: before there are many, everything is new."""
    sightings: tuple[Sighting, ...] = ()
    """One for each of the post's contacts, in the order of `heuristics.community.brought`."""
    surprise: float | None = None
    """Standard deviations by which its words are less usual here than those of other posts."""
    foreign: float | None = None
    """Share of its letters in scripts that are seldom written here."""


@dataclass(frozen=True, slots=True)
class History:
    """What the site remembers at the moment of judging, fetched before any heuristic runs.

    Counts exclude the post itself. `None` means "not known", never zero.
    """

    now: datetime | None = None
    registered_at: datetime | None = None
    author_first_seen: datetime | None = None
    author_posts_last_hour: int | None = None
    author_spam_verdicts: int = 0
    author_ham_verdicts: int = 0
    address_posts_last_hour: int | None = None
    same_text_last_day: int | None = None
    """Other posts of the last day with the same normalised text."""
    same_text_other_authors_last_day: int | None = None
    community: Community | None = None


@dataclass(frozen=True, slots=True)
class Signal:
    """Something a heuristic noticed, with the sentence that people read."""

    code: str
    """Stable dotted name, `family.what`, e.g. `links.shortener`."""
    sentence: str
    value: float = 1.0
    """Strength in [0, 1]; what the model sees for a signal about the text."""
    log_odds: float = 0.0
    """Hand-set evidence, for signals of behaviour alone, which no text set can teach.
    Zero for signals about the text: their weight is learnt."""
    decisive: bool = False
    """Spam beyond doubt (the standard test string, a filled honeypot)."""
    failed: bool = False
    """This judge could not judge; the post must not be allowed or blocked on the rest."""


@dataclass(frozen=True, slots=True)
class Contribution:
    """One part of a score, for people: `weight` is its share of the log-odds.

    The one of code `USUAL` is the same for every post, `REST` all that is not named.
    """

    code: str
    sentence: str
    weight: float


@dataclass(frozen=True, slots=True, eq=False)
class ScorerView:
    """What a scorer saw of one post, for a learner that goes on from there.

    The arrays may be views of a whole batch's: they are read and never written to.
    """

    places: NDArray[np.int32]
    """Buckets of the post's n-grams, each below `features.HASHED`, once."""
    values: NDArray[np.float32]
    """One for each place."""
    numeric: NDArray[np.float32]
    """One for each name in `features.NUMERIC`."""
    cheap: float
    """Calibrated log-odds without the encoder."""
    full: float | None = None
    """Calibrated log-odds with it, where it was asked."""
    embedding: NDArray[np.float32] | None = None
    """Of length 1; where the encoder was asked, or a reader for a site's learner."""
    meant: float = 0.0
    """Log-odds that its meaning has anywhere (`scorers.meaning`); for a site's learner, too."""
    average: NDArray[np.float32] | None = None
    """Embedding of the average post, where it is known."""
    unfamiliar: float = 0.0
    """Share of the post's words that the model surely never met, in [0, 1]."""
    strange: bool = False
    """That is more than it can answer alone."""

    @property
    def log_odds(self) -> float:
        """What the score stands on."""
        return self.cheap if self.full is None else self.full


@dataclass(frozen=True, slots=True)
class LikeliestPassage:
    """The passage of a long post that alone looks most like spam."""

    text: str
    """Its beginning, for people."""
    log_odds: float
    """Calibrated, of the passage alone."""
    beyond: float
    """By how much that is more than the likeliest passage of an honest post may have."""


@dataclass(frozen=True, slots=True)
class Score:
    """What one scorer says of one post."""

    scorer: str
    version: str
    probability: float
    """Calibrated probability of spam, in [0, 1]."""
    contributions: tuple[Contribution, ...] = ()
    """The largest parts of the log-odds, by absolute weight; where `REST` stands last, they add
    up to the log-odds of `probability`."""
    seen: ScorerView | None = field(default=None, compare=False, repr=False)
    passage: LikeliestPassage | None = None
    """Where the post as a whole looks honest and has more than one."""


UNREAD_TEXT: Final = "unread.text"
"""Code of the Signal that most of a post could not be read."""
SPAM_PASSAGE: Final = "passage.spam"
"""Code of the Signal that one passage alone looks like spam, whatever stands beside it."""
ENCODER_MISSING: Final = "encoder.missing"
"""Code of the evidence on a post which a model would have asked its text encoder about."""


@dataclass(frozen=True, slots=True)
class Assessment:
    """One calibrated spam probability with its evidence.

    `probability` is `None` exactly when `failed` is true: no number was formed.
    """

    probability: float | None
    signals: tuple[Signal, ...] = ()
    scores: tuple[Score, ...] = ()
    contributions: tuple[Contribution, ...] = ()
    """Evidence in people's words, largest absolute weight first."""
    failed: bool = False
    model: str = ""
    """Name of the model version that scored, as in `ModelVersion.name`."""
    site_probability: float | None = None
    """What the site's own learner makes of it; `None` where there is none."""
    strange: bool = False
    """Neither the model nor the site's labels have met enough of its words to answer alone."""

    @property
    def decisive(self) -> Signal | None:
        """The first signal that alone means spam, if any."""
        return next((signal for signal in self.signals if signal.decisive), None)

    @property
    def seen(self) -> ScorerView | None:
        """What the first scorer saw, where it says so."""
        return next((score.seen for score in self.scores), None)


class Heuristic(Protocol):
    """A pure function from a post and what is remembered to what it notices."""

    def __call__(self, content: Content, history: History) -> Sequence[Signal]: ...


class Scorer(Protocol):
    """Text in, calibrated probability out; one implementation a file in `scorers/`.

    `score` is deterministic, keeps order, and gives one `Score` for each content.
    """

    @property
    def name(self) -> str: ...

    @property
    def version(self) -> str: ...

    def score(
        self, contents: Sequence[Content], signals: Sequence[Sequence[Signal]]
    ) -> list[Score]: ...


Metrics = Mapping[str, float | int | None]
