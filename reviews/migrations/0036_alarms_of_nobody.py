"""Alarms of the installation, which belong to no site."""

import django.db.models.deletion
from django.db import migrations, models

# Both take a moment: the table has a row for each time that somebody was called.
NULLABLE = (
    "ALTER TABLE reviews_alarm ALTER COLUMN site_id DROP NOT NULL",
    "ALTER TABLE reviews_alarm ALTER COLUMN site_id SET NOT NULL",
)
ONCE = (
    """CREATE UNIQUE INDEX alarm_of_nobody_waits_once ON reviews_alarm (kind, subject)
    WHERE answered_at IS NULL AND site_id IS NULL""",
    "DROP INDEX alarm_of_nobody_waits_once",
)


class Migration(migrations.Migration):

    dependencies = [
        ("moderation", "0021_cautions_are_found"),
        ("reviews", "0035_missed_spam"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(*NULLABLE), migrations.RunSQL(*ONCE)],
            state_operations=[
                migrations.AlterField(
                    model_name="alarm",
                    name="site",
                    field=models.ForeignKey(
                        blank=True,
                        help_text="Empty: of the installation, for whoever runs it.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="moderation.site",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="alarm",
                    constraint=models.UniqueConstraint(
                        condition=models.Q(("answered_at__isnull", True), ("site__isnull", True)),
                        fields=("kind", "subject"),
                        name="alarm_of_nobody_waits_once",
                    ),
                ),
            ],
        ),
    ]
