"""What the author did before: age, speed, repetition across posts, earlier verdicts.

No set of texts can teach these weights, so they are small, set by hand and capped by
`classifiers.heuristics.notice`: together they tip a doubtful post and never decide one.
What is not known gives no Signal.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import timedelta

from classifiers.heuristics.wording import counted, grade
from classifiers.types import Content, History, Signal

BEHAVIOUR_SIGNALS = (
    "behaviour.address_speed",
    "behaviour.ham_history",
    "behaviour.known_author",
    "behaviour.new_author",
    "behaviour.other_authors",
    "behaviour.same_text",
    "behaviour.spam_history",
    "behaviour.speed",
)

# Everybody was new once: enough to break a tie, not more.
NEW_AUTHOR_LOG_ODDS = 0.3
# Months without a complaint speak for an account, though accounts are bought and stolen.
KNOWN_AUTHOR_LOG_ODDS = -0.2
# A lively thread reaches ten posts an hour; from there on it looks like a machine.
SPEED_LOG_ODDS = 0.5
# Schools, offices and mobile carriers share one address among many people.
ADDRESS_SPEED_LOG_ODDS = 0.3
# People do post twice by accident, and "thanks" is said every day.
SAME_TEXT_LOG_ODDS = 0.4
# The same long text by several authors is a campaign or a quotation.
OTHER_AUTHORS_LOG_ODDS = 0.7
# A person has confirmed spam by this author; some are mistaken for spammers more than once.
SPAM_HISTORY_LOG_ODDS = 1.0
# A person has confirmed honest posts by this author.
HAM_HISTORY_LOG_ODDS = -0.8

NEW = timedelta(days=1)
KNOWN = timedelta(days=90)
CALM_PER_HOUR = 5
CALM_ADDRESS_PER_HOUR = 10


def notice(content: Content, history: History) -> tuple[Signal, ...]:
    """Signals about the author's past on the site, as far as it is known."""
    return (*_age(history), *_speed(history), *_copies(history), *_verdicts(history))


def _age(history: History) -> Iterator[Signal]:
    since = min(filter(None, (history.registered_at, history.author_first_seen)), default=None)
    if since is None or history.now is None:
        return
    age = max(history.now - since, timedelta(0))
    if age < NEW:
        fresh = 1 - age / NEW
        sentence = f"The author has been known for {_spoken(age)}."
        yield Signal("behaviour.new_author", sentence, fresh, fresh * NEW_AUTHOR_LOG_ODDS)
    elif age >= KNOWN and not history.author_spam_verdicts:
        value = min(age / (4 * KNOWN), 1.0)
        sentence = f"The author has been known for {_spoken(age)}, without spam."
        yield Signal("behaviour.known_author", sentence, value, value * KNOWN_AUTHOR_LOG_ODDS)


def _speed(history: History) -> Iterator[Signal]:
    own = max((history.author_posts_last_hour or 0) - CALM_PER_HOUR, 0)
    if own:
        value = grade(own, 20)
        sentence = f"{counted(own + CALM_PER_HOUR, 'other post')} by the author in the last hour."
        yield Signal("behaviour.speed", sentence, value, value * SPEED_LOG_ODDS)
    shared = max((history.address_posts_last_hour or 0) - CALM_ADDRESS_PER_HOUR, 0)
    if shared:
        value = grade(shared, 40)
        posts = counted(shared + CALM_ADDRESS_PER_HOUR, "other post")
        sentence = f"{posts} from the same address in the last hour."
        yield Signal("behaviour.address_speed", sentence, value, value * ADDRESS_SPEED_LOG_ODDS)


def _copies(history: History) -> Iterator[Signal]:
    same = history.same_text_last_day or 0
    if same:
        value = grade(same, 10)
        sentence = f"The same text was posted {counted(same, 'other time')} in the last day."
        yield Signal("behaviour.same_text", sentence, value, value * SAME_TEXT_LOG_ODDS)
    others = history.same_text_other_authors_last_day or 0
    if others:
        value = grade(others, 5)
        who = counted(others, "other author")
        sentence = f"The same text came from {who} in the last day."
        yield Signal("behaviour.other_authors", sentence, value, value * OTHER_AUTHORS_LOG_ODDS)


def _verdicts(history: History) -> Iterator[Signal]:
    """Verdicts of both kinds weigh against each other by their share of the two."""
    spam, ham = history.author_spam_verdicts, history.author_ham_verdicts
    if spam:
        value = grade(spam, 3) * spam / (spam + ham)
        sentence = f"Moderators called {counted(spam, 'earlier post')} of the author spam."
        yield Signal("behaviour.spam_history", sentence, value, value * SPAM_HISTORY_LOG_ODDS)
    if ham:
        value = grade(ham, 5) * ham / (spam + ham)
        sentence = f"Moderators called {counted(ham, 'earlier post')} of the author honest."
        yield Signal("behaviour.ham_history", sentence, value, value * HAM_HISTORY_LOG_ODDS)


def _spoken(age: timedelta) -> str:
    """A length of time in its largest unit.

    >>> _spoken(timedelta(hours=5, minutes=10))
    '5 hours'
    """
    for unit, length in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if age.total_seconds() >= length:
            return counted(math.floor(age.total_seconds() / length), unit)
    return "less than a minute"
