"""What sites want authors to be told, for how long these may appeal, and the news of it.

Kinds of events are checked by the application alone: nothing changes in the database.
"""

import django.core.validators
from django.db import migrations, models

KINDS = (
    "decision.recorded",
    "hold.expired",
    "post.withdrawn",
    "feedback.received",
    "block_cap.reached",
    "appeal.filed",
    "appeal.resolved",
    "appeal.reopened",
)


class Migration(migrations.Migration):
    dependencies = [("moderation", "0012_site_relative_view")]

    operations = [
        migrations.AddField(
            model_name="policy",
            name="statements",
            field=models.CharField(
                choices=[
                    ("all", "every block"),
                    ("no_copies", "every block but of copies of known spam"),
                    ("none", "no block"),
                ],
                db_default="all",
                default="all",
                help_text="Which blocks come with reasons, in coarse words, that the site can show the author.",
                max_length=16,
            ),
        ),
        migrations.AddField(
            model_name="policy",
            name="appeal_days",
            field=models.PositiveSmallIntegerField(
                db_default=30,
                default=30,
                help_text="For how many days after a block its author may appeal. 0: not at all.",
                validators=[django.core.validators.MaxValueValidator(3650)],
            ),
        ),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    model_name="event",
                    name="kind",
                    field=models.CharField(choices=[(k, k) for k in KINDS], max_length=32),
                ),
            ]
        ),
    ]
