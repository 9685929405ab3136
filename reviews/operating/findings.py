"""Is it well, and if not, where: rules over facts, one function a part.

Nothing is measured here. Each part gets one finding. Of several troubles the one is told first
that explains the others: parts are judged in the order in which they depend on each other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from statistics import quantiles
from typing import Final

from reviews.models import IncidentKind
from reviews.operating.types import COUNTED, Database, Facts, Finding, Report, State

Tell = Callable[..., Finding]
"""A Finding of one part."""


BACKLOG_WATCH: Final = timedelta(seconds=10)
BACKLOG_BROKEN: Final = timedelta(seconds=60)
EVENTS_WATCH: Final = timedelta(seconds=30)
EVENTS_BROKEN: Final = timedelta(minutes=10)
JOB_WATCH: Final = timedelta(seconds=30)
JOB_BROKEN: Final = timedelta(minutes=5)
CASE_WATCH: Final = timedelta(hours=24)
OVERHELD: Final = timedelta(minutes=5)
FULL_WATCH: Final = 0.10
FULL_BROKEN: Final = 0.03
CONNECTIONS_WATCH: Final = 0.85
MEMORY_WATCH: Final = 0.80
SLOW_SECONDS: Final = 5.0


def report(facts: Facts) -> Report:
    """Judge all parts; the sentence is that of the first among the worst."""
    findings = tuple(_parts(facts))
    telling = [each for each in findings if each.state in (State.WATCH, State.BROKEN)]
    if not telling:
        return Report(State.WELL, "All is well.", findings)
    worst = max(telling, key=lambda each: each.state)
    return Report(worst.state, worst.sentence, findings, others=len(telling) - 1)


def _parts(facts: Facts) -> Iterator[Finding]:
    for part, of_server in SERVERS.items():
        yield of_server(partial(Finding, part), facts)
    for part, judge in IN_THE_DATABASE.items():
        tell = partial(Finding, part)
        if facts.database is None:
            yield tell(State.UNKNOWN, "not known: the database does not answer")
        else:
            yield judge(tell, facts.database, facts.now)
    yield _disk(partial(Finding, "Disk"), facts)


def duration(span: timedelta) -> str:
    """Return a length of time in words.

    >>> duration(timedelta(seconds=40)), duration(timedelta(hours=30))
    ('40 seconds', '30 hours')
    """
    seconds = max(round(span.total_seconds()), 0)
    for size, unit in ((86_400, "days"), (3_600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{seconds} second{'' if seconds == 1 else 's'}"


def number(count: int) -> str:
    return f"{count:,} or more" if count >= COUNTED else f"{count:,}"


def _database(tell: Tell, facts: Facts) -> Finding:
    found = facts.database
    if found is None:
        return tell(
            State.BROKEN,
            f"does not answer ({facts.failed.get('database', '')})",
            "Nothing can be taken in or judged: the database does not answer.",
            facts.failing_since.get("database"),
            "Start PostgreSQL, or look at its log and at DATABASE_URL.",
        )
    if found.not_migrated:
        return tell(
            State.BROKEN,
            found.not_migrated,
            "The database's schema is older than this release.",
            advice="Run python -m config.prepare.",
        )
    figure = f"answers; {found.connections} of {found.most_connections} connections"
    if found.connections > CONNECTIONS_WATCH * found.most_connections:
        return tell(
            State.WATCH,
            figure,
            "The database is running out of connections.",
            advice="Raise max_connections, or lower WINNOW_DATABASE_POOL.",
        )
    return tell(State.WELL, figure)


def _broker(tell: Tell, facts: Facts) -> Finding:
    found = facts.broker
    if found is None:
        return tell(
            State.BROKEN,
            f"does not answer ({facts.failed.get('broker', '')})",
            "Posts are taken in but not judged: the broker does not answer.",
            facts.failing_since.get("broker"),
            "Start Valkey, or look at its log and at REDIS_URL. Nothing is lost meanwhile.",
        )
    figure = f"answers; {found.memory / 1e6:,.0f} MB in use"
    if found.most_memory and found.memory > MEMORY_WATCH * found.most_memory:
        return tell(
            State.WATCH,
            f"{figure} of {found.most_memory / 1e6:,.0f}",
            "The broker's memory is nearly full.",
            advice="Raise maxmemory; look for queues that nobody reads.",
        )
    return tell(State.WELL, figure)


def _workers(tell: Tell, facts: Facts) -> Finding:
    found = facts.broker
    if found is None:
        return tell(State.UNKNOWN, "not known: their signs of life are kept in the broker")
    if found.workers:
        count = len(found.workers)
        models = sorted(set(found.workers.values()))
        figure = f"{count} {'lives' if count == 1 else 'live'}, judging with {', '.join(models)}"
        return tell(State.WELL, figure)
    silent = f"for {duration(facts.now - found.heard)}" if found.heard else "yet"
    waits = facts.database is not None and facts.database.posts.count > 0
    return tell(
        State.BROKEN,
        f"none has answered {silent}",
        f"{'Posts wait' if waits else 'Nothing would be judged'}: no worker has answered {silent}.",
        found.heard,
        "Start python -m config.run worker, or look at its log.",
    )


def _relay(tell: Tell, found: Database, now: datetime) -> Finding:
    since = found.relay_since
    if since is not None:
        return tell(State.WELL, "one listens", since=since)
    return tell(
        State.WATCH,
        "none listens",
        "No relay listens: posts wait up to five seconds for the sweeper.",
        advice="It runs in every worker; look at the workers' logs.",
    )


def _beat(tell: Tell, found: Database, now: datetime) -> Finding:
    jobs = found.jobs
    if not jobs:
        return tell(
            State.BROKEN,
            "nothing is scheduled",
            "No periodic job is scheduled.",
            advice="Run python -m config.prepare, and look at Schedules in the admin.",
        )
    late = max(jobs, key=lambda job: job.overdue)
    last = max((job.last_run for job in jobs if job.last_run), default=None)
    if late.overdue < JOB_WATCH:
        figure = f"{len(jobs)} jobs, none late"
        return tell(State.WELL, figure)
    return tell(
        State.BROKEN if late.overdue > JOB_BROKEN else State.WATCH,
        f"“{late.name}” is {duration(late.overdue)} late",
        f"Periodic jobs do not run: “{late.name}” is {duration(late.overdue)} late.",
        last,
        "Start python -m config.run beat, or look at its log.",
    )


def _judging(tell: Tell, found: Database, now: datetime) -> Finding:
    posts, delays = found.posts, found.delays
    usual = _usual(delays)
    if posts.oldest is None or now - posts.oldest < BACKLOG_WATCH:
        slow = len(delays) > 1 and _percentile(delays, 95) > SLOW_SECONDS and posts.count > 0
        return tell(
            State.WATCH if slow else State.WELL,
            f"{number(posts.count)} waiting; {usual}",
            "Posts are judged late." if slow else "",
            posts.oldest,
            "Give the workers more processes (WINNOW_WORKER_PROCESSES) or machines."
            if slow
            else "",
        )
    age = now - posts.oldest
    tried = f" {number(posts.tried)} were tried more than once." if posts.tried else ""
    return tell(
        State.BROKEN if age > BACKLOG_BROKEN else State.WATCH,
        f"{number(posts.count)} waiting, the oldest for {duration(age)}; {usual}",
        f"Posts wait to be judged, the oldest for {duration(age)}.",
        posts.oldest,
        f"If the parts above are well, add workers.{tried}",
    )


def _percentile(delays: tuple[float, ...], share: int) -> float:
    return quantiles(delays, n=100, method="inclusive")[share - 1]


def _usual(delays: tuple[float, ...]) -> str:
    if len(delays) < 2:
        return "too few decisions to say how fast"
    half, most = _percentile(delays, 50), _percentile(delays, 95)
    return f"from post to decision {half:.2f} s, 95 % within {most:.2f} s"


def _outbox(tell: Tell, found: Database, now: datetime) -> Finding:
    events = found.events
    age = now - events.oldest if events.oldest else timedelta(0)
    figure = f"{number(events.count)} to deliver"
    if events.tried:
        figure += f", {number(events.tried)} failed before"
    if age < EVENTS_WATCH and not events.tried:
        return tell(State.WELL, figure)
    return tell(
        State.BROKEN if age > EVENTS_BROKEN else State.WATCH,
        figure,
        f"Events are not delivered, the oldest for {duration(age)}: cases open late.",
        events.oldest,
        "Look in the workers' logs for “event … failed”; undelivered events stay and are retried.",
    )


def _queue(tell: Tell, found: Database, now: datetime) -> Finding:
    open_cases = sum(lane.count for lane in found.lanes.values())
    oldest = min((lane.oldest for lane in found.lanes.values() if lane.oldest), default=None)
    figure = f"{number(open_cases)} open, {number(found.held_soon)} held posts end within the hour"
    over = found.held_over
    if over.oldest is not None and now - over.oldest > OVERHELD:
        return tell(
            State.WATCH,
            figure,
            f"{number(over.count)} posts are held beyond their time.",
            over.oldest,
            "The job “End holds that nobody answered” should end them: look at beat and workers.",
        )
    if oldest is not None and now - oldest > CASE_WATCH:
        return tell(
            State.WATCH,
            figure,
            f"Cases wait for moderators, the oldest for {duration(now - oldest)}.",
            oldest,
            "People are needed, or thresholds that ask them less often.",
        )
    return tell(State.WELL, figure, since=oldest)


def _models(tell: Tell, found: Database, now: datetime) -> Finding:
    serving = found.serving
    refused = [each for each in serving if each.problem]
    if refused:
        first = refused[0]
        return tell(
            State.BROKEN,
            f"{first.model} cannot be loaded",
            f"The model {first.model} cannot be loaded; what served before judges on.",
            advice="Roll back under Models, or put another into service.",
        )
    figure = "; ".join(f"{each.slot}: {each.model}" for each in serving[:5])
    return tell(State.WELL, figure or "the model that comes with Winnow")


def _training(tell: Tell, found: Database, now: datetime) -> Finding:
    runs = found.training
    failed = [run for run in runs if run.state == "failed"]
    if failed:
        first = failed[0]
        return tell(
            State.WATCH,
            f"the last run of {first.slot} failed",
            f"The last training of {first.slot} failed; the serving model is unchanged.",
            first.at,
            "Its row under Retrainings in the admin says why; it is tried again at night.",
        )
    if not runs:
        return tell(State.WELL, "has not run yet")
    newest = max(runs, key=lambda run: run.at)
    return tell(State.WELL, f"last: {newest.slot}, {newest.state}", since=newest.at)


def _promises(tell: Tell, found: Database, now: datetime) -> Finding:
    ended, unwatched = found.promises_taken_away, found.promises_unwatched
    if unwatched:
        oldest = min(unwatched, key=lambda each: each.since)
        return tell(
            State.WATCH,
            f"{len(unwatched)} not watched, the longest on {oldest.site}"
            + (f"; {len(ended)} ended before their time" if ended else ""),
            f"Nobody can tell how many honest posts the model blocks on {oldest.site}; "
            "it blocks no more there.",
            oldest.since,
            f"{oldest.because} Answer the audits in the queue: it blocks again once enough are."
            if oldest.because
            else "See that worker and beat run, and their log; it blocks again once looked at.",
        )
    if not ended:
        return tell(State.WELL, "none is broken")
    newest = max(ended, key=lambda each: each.at)
    what = (
        f"The model blocked too many honest posts on {newest.site}"
        if newest.broken
        else f"Nobody can tell how many honest posts the model blocks on {newest.site}"
    )
    return tell(
        State.WATCH,
        f"{len(ended)} ended before their time, the last on {newest.site}: {newest.because}",
        f"{what}; it blocks no more there.",
        newest.at,
        "See Promises: people judge what it would block, until draws carry a promise again.",
    )


def _alarms(tell: Tell, found: Database, now: datetime) -> Finding:
    waiting = found.alarms
    if not waiting.count:
        return tell(State.WELL, "none waits for a person")
    return tell(
        State.WATCH,
        f"{waiting.count} wait{'s' if waiting.count == 1 else ''} for a person",
        "Something was noticed that a person is to look at.",
        waiting.oldest,
        "See Promises (missed spam), Models (a new one was stopped), Drift and Sources.",
    )


def _incidents(tell: Tell, found: Database, now: datetime) -> Finding:
    open_ones = [each for each in found.incidents if each.kind in TROUBLE]
    if not open_ones:
        return tell(State.WELL, "none on any site")
    held = [each for each in open_ones if each.kind == IncidentKind.HOLD]
    first = (held or open_ones)[0]
    many = f", and {len(open_ones) - 1} more" if len(open_ones) > 1 else ""
    return tell(
        State.BROKEN if held else State.WATCH,
        f"{TROUBLE[IncidentKind(first.kind)]} on {first.site}{many}",
        f"Too few people judge on {first.site}: {TROUBLE[IncidentKind(first.kind)]}.",
        first.since,
        "Its owners were told. Ask more people to judge, or let the machine decide more.",
    )


TROUBLE: Final = {
    # Broken promises have a finding of their own.
    IncidentKind.WAIT: "a case has waited too long",
    IncidentKind.HOLD: "held posts are near the end of their time",
    IncidentKind.AUDIT: "audits are not answered in time",
    IncidentKind.LOOK: "second looks are not answered in time",
}


def _disk(tell: Tell, facts: Facts) -> Finding:
    if not facts.disk_total:
        return tell(State.UNKNOWN, "not known: not measured")
    share = facts.disk_free / facts.disk_total
    figure = f"{facts.disk_free / 1e9:,.1f} GB free on the web server ({share:.0%})"
    if share >= FULL_WATCH:
        return tell(State.WELL, figure)
    return tell(
        State.BROKEN if share < FULL_BROKEN else State.WATCH,
        figure,
        "The disk is nearly full.",
        advice="Make room before the database stops.",
    )


# Whoever depends on another comes after it.
SERVERS: Final = {"Database": _database, "Broker": _broker, "Workers": _workers}
IN_THE_DATABASE: Final = {
    "Relay": _relay,
    "Beat": _beat,
    "Judging": _judging,
    "Outbox": _outbox,
    "Review queue": _queue,
    "Models": _models,
    "Training": _training,
    "Promises": _promises,
    "Alarms": _alarms,
    "Incidents": _incidents,
}
