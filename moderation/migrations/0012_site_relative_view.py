"""What a site saw before, for a view of posts beside their community."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("moderation", "0011_site_learners"),
    ]

    operations = [
        migrations.AddField(
            model_name="decision",
            name="community",
            field=models.JSONField(
                editable=False,
                help_text="Where the post stood among others of its site; numbers alone, to "
                "learn from.",
                null=True,
            ),
        ),
        migrations.CreateModel(
            name="SiteTalk",
            fields=[
                (
                    "site",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="talk",
                        serialize=False,
                        to="moderation.site",
                    ),
                ),
                ("revision", models.PositiveBigIntegerField(default=0)),
                (
                    "heard_to",
                    models.PositiveBigIntegerField(
                        default=0, help_text="The newest decision whose post was heard."
                    ),
                ),
                (
                    "key",
                    models.CharField(
                        blank=True, help_text="Tells which secret hashes.", max_length=16
                    ),
                ),
                (
                    "counted",
                    models.PositiveBigIntegerField(
                        default=0, help_text="Posts whose contacts were counted with that secret."
                    ),
                ),
                ("seed", models.PositiveBigIntegerField(default=0)),
                ("posts", models.PositiveIntegerField(default=0, help_text="Posts heard, faded.")),
                (
                    "words",
                    models.BinaryField(
                        default=b"", help_text="Posts by hashed word; compressed."
                    ),
                ),
                ("mean", models.FloatField(default=0.0)),
                ("variance", models.FloatField(default=0.0)),
                ("scripts", models.JSONField(default=dict, help_text="Posts by script.")),
                ("changed_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Sighting",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "site_id",
                        "hash",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("hash", models.BigIntegerField()),
                ("authors", models.BigIntegerField()),
                (
                    "trusted",
                    models.BigIntegerField(help_text="Of those, whose post was found honest."),
                ),
                ("first_at", models.DateTimeField()),
                ("last_at", models.DateTimeField(help_text="To about a day.")),
                (
                    "site",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="moderation.site",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["site", "last_at"], name="sighting_oldest")],
            },
        ),
    ]
