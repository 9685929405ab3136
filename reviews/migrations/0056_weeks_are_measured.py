"""How wrong the machine was is kept for each week."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("moderation", "0038_words_of_hidden_posts"),
        ("reviews", "0055_posts_are_decided_anew"),
    ]

    operations = [
        migrations.CreateModel(
            name="MeasuredWeek",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("start", models.DateField()),
                (
                    "figures",
                    models.JSONField(help_text="See reviews.measuring.periods."),
                ),
                ("measured_at", models.DateTimeField()),
                (
                    "site",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="measured_weeks",
                        to="moderation.site",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=["site", "start"], name="measuredweek_one_a_week"
                    )
                ],
            },
        ),
    ]
