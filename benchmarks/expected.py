"""What one post, its cases, labels and news must be after each operation on it: the model.

Written for one client at a time, so that it can be read; `benchmarks.history` asks whether what
eight did at the same time is what one could have done. Pure, and apart from what it judges.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from benchmarks.recorded import (
    CLOSED,
    EXPIRED,
    HEARD,
    JUDGED,
    OPEN,
    RECORDED,
    TAKEN_OUT,
    Case,
    Label,
    Made,
    Operation,
    View,
    Word,
)

PENDING, DECIDED, WITHDRAWN = "pending", "decided", "withdrawn"
LEASE: Final = 300_000_000
"""Microseconds."""
OUTCOMES: Final = {"spam": "block", "not_spam": "allow", "remove": "block", "ham": "allow"}
LABELS: Final = {"spam": "spam", "not_spam": "ham"}
"""What a verdict teaches; the others teach nothing."""


NOTHING: Final = Made(0, 0, 0, "", "", False)


@dataclass(frozen=True, slots=True)
class State:
    """What the model knows of a post."""

    text: str = ""
    revision: int = 0
    status: str = WITHDRAWN
    made: Made = NOTHING
    """In force, or the last on an earlier revision while nothing is in force."""
    drawn: bool = False
    """The decision was drawn for an audit that no case has taken up."""
    cases: frozenset[Case] = frozenset()
    passed: frozenset[tuple[int, int, int]] = frozenset()
    """Who could not tell: case, user, verdict."""
    given: frozenset[tuple[int, int, int, int, str]] = frozenset()
    """Verdicts that stand: case, its round, user, verdict, what was said."""
    labels: frozenset[Label] = frozenset()
    said: frozenset[tuple[int, str]] = frozenset()
    """The label on the last decision of a person, by revision: what counts for the author."""
    untold: frozenset[tuple[str, int]] = frozenset()
    said_by_person: int = 0
    """The last decision of a person."""

    def case(self, number: int) -> Case | None:
        return next((case for case in self.cases if case.case == number), None)

    def open(self) -> list[Case]:
        """The cases that wait, oldest first; one that has no number yet comes last."""
        waiting = (case for case in self.cases if case.state == OPEN)
        return sorted(waiting, key=lambda case: (case.case == 0, case.case))

    def shows(self) -> int:
        """The decision that the post is shown with."""
        return self.made.decision if self.status == DECIDED else 0


def step(state: State, operation: Operation) -> State | None:
    """Return the post after the operation, None if it cannot have been answered so."""
    return STEPS[operation.kind](state, operation)


def _submit(state: State, operation: Operation) -> State | None:
    known = state.revision and state.status != WITHDRAWN and state.text == operation.text
    if not known:
        state = replace(state, text=operation.text, revision=state.revision + 1, status=PENDING)
    return state if _shown(state, operation) else None


def _shown(state: State, operation: Operation) -> bool:
    """Whether the answer shows the post as it stands."""
    shown = (operation.revision, operation.status, operation.seen)
    return shown == (state.revision, state.status, state.shows())


def _withdraw(state: State, operation: Operation) -> State | None:
    if state.status == WITHDRAWN:
        return state if state.revision else None
    return _publish(replace(state, status=WITHDRAWN), TAKEN_OUT, state.revision)


def _judge(state: State, operation: Operation) -> State | None:
    made = operation.made
    if made is None:
        # What was found out about it was dropped.
        dropped = state.status != PENDING or state.revision != operation.revision
        return state if dropped else None
    if state.status != PENDING or made.source != "machine" or made.revision != state.revision:
        return None
    return _decide(state, made)


def _expire(state: State, operation: Operation) -> State | None:
    made, held = operation.made, state.made
    if made is None or state.status != DECIDED or held.outcome != "review" or held.published:
        return None
    fitting = made.source == "expiry" and (made.outcome == "block" or not held.failed)
    return _decide(state, made) if fitting else None


def _feedback(state: State, operation: Operation) -> State | None:
    made = operation.made
    if made is not None:
        fitting = made.source == "feedback" and made.revision == state.revision
        if not fitting or (made.label, made.outcome) != _said(operation.answer):
            return None
        decided = _decide(state, made)
        if decided is None:
            return None
        state = decided
    return _publish(state, HEARD, operation.given) if _shown(state, operation) else None


def _said(word: str) -> tuple[str, str]:
    return LABELS.get(word, "ham" if word == "ham" else ""), OUTCOMES[word]


def _decide(state: State, made: Made) -> State | None:
    """Put a decision in force; one about earlier words leaves the new ones pending."""
    if made.supersedes != state.made.decision:
        return None
    said = state.said
    if made.by_person:
        said = frozenset(each for each in said if each[0] != made.revision)
        said |= {(made.revision, made.label)} if made.label else frozenset()
    elif made.label:
        return None
    stays = state.status == WITHDRAWN or made.revision != state.revision
    after = replace(
        state,
        status=state.status if stays else DECIDED,
        made=made,
        drawn=made.drawn,
        said=said,
        said_by_person=made.decision if made.by_person else state.said_by_person,
    )
    return _publish(after, EXPIRED if made.source == "expiry" else RECORDED, made.decision)


def _publish(state: State, kind: str, key: int) -> State:
    return replace(state, untold=state.untold | {(kind, key)})


def _put(state: State, before: Case, after: Case) -> State:
    return replace(state, cases=state.cases - {before} | {after})


def _let_go(case: Case) -> Case:
    return replace(case, holder=0, until=0)


def _claim(state: State, operation: Operation) -> State | None:
    got = operation.case
    case = state.case(got.case) if got else None
    if got is None or case is None or case.state != OPEN or _same(got) != _same(case):
        return None
    free = case.holder in (0, operation.user) or case.until <= operation.at
    if not free or _passes(state, case, operation.user):
        return None
    return _put(state, case, _held(case, operation))


def _same(case: Case) -> Case:
    """The case without its lease and without what no look shows."""
    return _unseen(_let_go(case))


def _unseen(case: Case) -> Case:
    return replace(case, reported=False)


def _held(case: Case, operation: Operation) -> Case:
    return replace(case, holder=operation.user, until=operation.at + LEASE)


def _hold(state: State, operation: Operation) -> State | None:
    """Renew or let go."""
    case = _asked(state, operation)
    mine = case is not None and case.state == OPEN and case.holder == operation.user
    if mine != (operation.answer == "done"):
        return None
    if case is None or not mine:
        return state
    after = _held(case, operation) if operation.kind == "renew" else _let_go(case)
    return _put(state, case, after)


def _asked(state: State, operation: Operation) -> Case | None:
    return state.case(operation.case.case) if operation.case else None


def _passes(state: State, case: Case, user: int) -> bool:
    return any(each[:2] == (case.case, user) for each in state.passed)


def why_not(state: State, operation: Operation) -> str:
    """Return how a verdict must be refused; an empty string if it must be taken."""
    case = _asked(state, operation)
    if case is None or case.state != OPEN or not _asks(state, case):
        return "stale"
    since = case.revision < state.made.revision or state.made.by_person
    if operation.seen != case.decision or not (
        case.decision == state.made.decision or (case.only_audit and since)
    ):
        return "stale"
    if case.holder not in (0, operation.user) and case.until > operation.at:
        return "held"
    return "answered" if _passes(state, case, operation.user) else ""


def _asks(state: State, case: Case) -> bool:
    """Whoever takes a post back takes no draw back."""
    return state.status != WITHDRAWN or case.audit


def _refused(state: State, operation: Operation) -> State | None:
    return state if why_not(state, operation) == operation.answer else None


def _verdict(state: State, operation: Operation) -> State | None:
    case, made = _asked(state, operation), operation.made
    if case is None:
        return None
    given = (case.case, case.round, operation.user, operation.given, operation.answer)
    if given in state.given:
        # Given again, it is the verdict of before.
        return state
    if why_not(state, operation):
        return None
    state = replace(state, given=state.given | {given})
    if operation.answer == "cannot_tell":
        passed = state.passed | {(case.case, operation.user, operation.given)}
        return _put(replace(state, passed=passed), case, _let_go(case)) if made is None else None
    decides = state.status != WITHDRAWN and case.decision == state.made.decision
    if (made is not None) != decides:
        return None
    if made is not None:
        fitting = made.source == "moderator" and made.revision == case.revision
        if not fitting or (made.label, made.outcome) != _said(operation.answer):
            return None
        decided = _decide(state, made)
        if decided is None:
            return None
        state = decided
    if label := LABELS.get(operation.answer):
        taught = Label(case.revision, label, "verdict", operation.given)
        state = replace(state, labels=state.labels | {taught})
    return _put(state, case, replace(_let_go(case), state=JUDGED))


def _undo(state: State, operation: Operation) -> State | None:
    undone, case, made = operation.undone, _asked(state, operation), operation.made
    if undone is None or case is None or not can_undo(state, operation):
        return None
    state = replace(state, given=frozenset(x for x in state.given if x[3] != undone.given))
    if undone.answer == "cannot_tell":
        passed = state.passed - {(case.case, undone.user, undone.given)}
        state = replace(state, passed=passed)
        if made is not None:
            return None
        free = case.holder in (0, operation.user) or case.until <= operation.at
        taken = free and not _passes(state, case, operation.user)
        return _put(state, case, _held(case, operation)) if taken else state
    if (made is not None) != (undone.made is not None):
        return None
    if made is not None:
        if operation.before is None or not _restores(made, operation.before, case):
            return None
        decided = _decide(state, made)
        if decided is None:
            return None
        state = decided
    reopened = replace(
        _held(case, operation),
        state=OPEN,
        round=case.round + 1,
        decision=made.decision if made else case.decision,
    )
    return _put(
        replace(
            state,
            labels=frozenset(x for x in state.labels if _key(x) != ("verdict", undone.given)),
            passed=frozenset(each for each in state.passed if each[0] != case.case),
        ),
        case,
        reopened,
    )


def _key(label: Label) -> tuple[str, int]:
    return label.source, label.given


def _restores(made: Made, before: Made, case: Case) -> bool:
    """Whether the post stands by it as it did before the verdict."""
    same = (made.outcome, made.published, made.failed)
    fitting = made.source == "moderator" and not made.label and made.revision == case.revision
    return fitting and same == (before.outcome, before.published, before.failed)


def can_undo(state: State, operation: Operation) -> bool:
    """Whether nothing has come between a verdict and its being taken back."""
    undone, case = operation.undone, _asked(state, operation)
    if undone is None or undone.case is None or case is None:
        return False
    this_round = case.round == undone.case.round
    if undone.answer == "cannot_tell":
        still = (case.case, undone.user, undone.given) in state.passed
        return still and case.state == OPEN and this_round
    others = [other for other in state.open() if other.case != case.case]
    asked_elsewhere = any(other.revision == case.revision for other in others) or (
        not case.only_audit and any(not other.only_audit for other in others)
    )
    in_force = undone.made is None or undone.made.decision == state.made.decision
    there = state.status != WITHDRAWN or (undone.made is None and case.audit)
    return case.state == JUDGED and this_round and there and in_force and not asked_elsewhere


def _kept(state: State, operation: Operation) -> State | None:
    return None if can_undo(state, operation) else state


def _told(state: State, operation: Operation) -> State | None:
    """Each event once, after what it tells of; cases and labels follow."""
    for news in operation.news:
        keys = {(news.kind, key) for key in news.keys}
        if not keys <= state.untold:
            return None
        state = replace(state, untold=state.untold - keys)
        state = _hear(state, news.words) if news.kind == HEARD else _follow(state)
        named = _name(state, news.cases)
        if named is None:
            return None
        state = named
    return state


def _name(state: State, seen: frozenset[Case]) -> State | None:
    """Give new cases the numbers under which they were seen; None if others are open."""
    numbers = {case.revision: case.case for case in seen}
    for case in state.open():
        if case.case == 0:
            named = replace(case, case=numbers.get(case.revision, 0))
            state = _put(state, case, named)
    return state if {_same(case) for case in state.open()} == seen else None


def _follow(state: State) -> State:
    """Cases follow the decision in force; a person's decision leaves them as they are."""
    if state.status == WITHDRAWN:
        for case in state.open():
            state = _end(state, case)
        # Taken back before the event of its decision came.
        return _ask(state, None, only_audit=True, reported=False) if state.drawn else state
    made = state.made
    if not made.decision or made.by_person:
        return state
    current = next((case for case in state.open() if case.revision == made.revision), None)
    earlier = [case for case in state.open() if case.revision < made.revision]
    reported = any(case.reported for case in state.open()) or _reported_before(state)
    waits = made.outcome == "review" or made.source == "expiry"
    audited = state.drawn or (current is not None and current.audit)
    asks = waits or audited or (made.published and reported)
    if asks:
        # A case goes on with the new words, unless it is an audit of the old ones.
        current = current or next((case for case in earlier if not case.audit), None)
        state = _ask(state, current, only_audit=audited and not waits, reported=reported)
    elif current is not None and current.decision != made.decision:
        state = _close(state, current)
    for case in earlier:
        if case != current:
            state = _end(state, case, keeps_report=not asks)
    return state


def _reported_before(state: State) -> bool:
    """Whether the post's last case ended without an answer to a report."""
    last = max(state.cases, key=lambda case: case.case, default=None)
    if last is None or not state.made.supersedes:
        return False
    return last.state == CLOSED and last.reported and state.said_by_person <= last.decision


def _ask(state: State, case: Case | None, *, only_audit: bool, reported: bool) -> State:
    """Ask about the decision in force, by the case or by a new one."""
    made, drawn = state.made, state.drawn
    state = replace(state, drawn=False)
    if case is None:
        new = Case(
            0,
            made.decision,
            made.revision,
            audit=drawn,
            only_audit=only_audit,
            reported=reported,
        )
        return replace(state, cases=state.cases | {new})
    asked = replace(case, audit=case.audit or drawn)
    if case.decision != made.decision:
        asked = replace(
            asked,
            decision=made.decision,
            revision=made.revision,
            only_audit=only_audit,
            reported=reported,
        )
    return _put(state, case, asked)


def _close(state: State, case: Case) -> State:
    return _put(state, case, replace(_let_go(case), state=CLOSED))


def _end(state: State, case: Case, *, keeps_report: bool = False) -> State:
    """A case that others answered, or about earlier words, ends; an audit goes on as nothing else.

    What was drawn is measured.
    """
    if not case.audit:
        return _close(state, case)
    return _put(
        state, case, replace(case, only_audit=True, reported=case.reported and keeps_report)
    )


def _hear(state: State, words: tuple[Word, ...]) -> State:
    """Trusted words close cases but audits, and teach; a member's report of spam opens one."""
    state = _follow(state)
    for word in words:
        if not word.trusted:
            continue
        given = Label(word.revision, word.label, "feedback", word.feedback)
        state = replace(state, labels=state.labels | {given})
        for case in state.open():
            if case.revision <= word.revision:
                state = _end(state, case)
    made = state.made
    reported = any(not word.trusted and word.label == "spam" for word in words)
    if not reported or state.status == WITHDRAWN or made.by_person or not made.published:
        return state
    asked = next((case for case in state.open() if case.revision == made.revision), None)
    if asked is not None:
        return _put(state, asked, replace(asked, reported=True))
    new = Case(0, made.decision, made.revision, reported=True)
    return replace(state, cases=state.cases | {new})


def _look(state: State, operation: Operation) -> State | None:
    counted = [label for _, label in state.said]
    shown = View(
        revision=state.revision,
        status=state.status,
        decision=state.made.decision,
        cases=frozenset(map(_unseen, state.cases)),
        labels=state.labels,
        untold=state.untold,
        counts=(counted.count("spam"), counted.count("ham")),
    )
    seen = operation.view
    if seen is not None and seen.counts is None:
        shown = replace(shown, counts=None)
    return state if seen == shown else None


STEPS: Final[dict[str, Callable[[State, Operation], State | None]]] = {
    "submit": _submit,
    "withdraw": _withdraw,
    "judge": _judge,
    "expire": _expire,
    "feedback": _feedback,
    "claim": _claim,
    "renew": _hold,
    "release": _hold,
    "verdict": _verdict,
    "refused": _refused,
    "undo": _undo,
    "kept": _kept,
    "told": _told,
    "look": _look,
}
