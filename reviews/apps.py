from __future__ import annotations

from typing import Final

from django.apps import AppConfig
from django.db.models.signals import post_migrate

from moderation import schedules

EVERY: Final[schedules.Rows] = (
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
    from django_celery_beat.models import CrontabSchedule, PeriodicTask

    schedules.create(EVERY, using=using)
    if not schedules.can_be_kept(using) or PeriodicTask.objects.filter(name="Retrain").exists():
        return
    PeriodicTask.objects.create(
        name="Retrain",
        task="reviews.tasks.retrain",
        crontab=CrontabSchedule.objects.create(minute="30", hour="3", timezone="UTC"),
        description="Trains on new labels; promotes what is no worse.",
        # A message that waited for a worker until the afternoon can wait for the night.
        expire_seconds=12 * 3600,
    )
