from __future__ import annotations

from django.apps import AppConfig
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models.signals import post_migrate

EVERY = (
    ("Learn", "reviews.tasks.learn", 10, "Lets each site's learner follow its labels."),
    ("Forget", "reviews.tasks.prune", 300, "Deletes what sites need not remember any more."),
    ("Look", "reviews.tasks.look", 60, "Has some answers judged again by somebody else."),
    ("Promise", "reviews.tasks.promise", 600, "Certifies and watches what models may block."),
    ("Roll out", "reviews.tasks.roll_out", 20, "Tries new models, and puts them into service."),
    ("Teach", "reviews.tasks.teach", 3600, "Asks about posts that would teach most."),
    ("Drift", "reviews.tasks.drift", 3600, "Tells when posts, scores or errors are not as usual."),
    ("Compare", "reviews.tasks.compare", 10, "Looks for posts like those that wait for a person."),
    ("Index", "reviews.tasks.index", 10, "Makes posts findable by their words and links."),
    ("Depth", "reviews.tasks.note_depth", 300, "Notes how much waits, for the chart of it."),
    ("Mail", "reviews.tasks.mail", 60, "Writes and sends digests and alerts."),
    ("Answer many", "reviews.tasks.answer_many", 10, "Goes on with answers to many posts."),
)
"""Name, task, seconds between, and what it is for."""


class ReviewsConfig(AppConfig):
    name = "reviews"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from axes.signals import user_locked_out

        from reviews.people import lockout

        user_locked_out.connect(lockout.tell)
        post_migrate.connect(create_schedules, sender=self)


def create_schedules(using: str, **_: object) -> None:
    """Schedule what comes round again, unless an operator's own schedule is there."""
    from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask

    # After `migrate django_celery_beat zero` the signal comes too, and there are no tables.
    tables = connections[using].introspection.table_names()
    if using != DEFAULT_DB_ALIAS or PeriodicTask._meta.db_table not in tables:
        return
    for name, task, seconds, description in EVERY:
        if not PeriodicTask.objects.filter(name=name).exists():
            every, _created = IntervalSchedule.objects.get_or_create(
                every=seconds, period=IntervalSchedule.SECONDS
            )
            PeriodicTask.objects.create(
                name=name,
                task=task,
                interval=every,
                description=description,
                expire_seconds=2 * seconds,
            )
    if PeriodicTask.objects.filter(name="Retrain").exists():
        return
    PeriodicTask.objects.create(
        name="Retrain",
        task="reviews.tasks.retrain",
        crontab=CrontabSchedule.objects.create(minute="30", hour="3", timezone="UTC"),
        description="Trains on new labels; promotes what is no worse.",
        # A message that waited for a worker until the afternoon can wait for the night.
        expire_seconds=12 * 3600,
    )
