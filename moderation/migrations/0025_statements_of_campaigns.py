"""What the policy's choice of statements leaves out is said in other words; no column changes."""

from django.db import migrations, models

import moderation.types


class Migration(migrations.Migration):
    dependencies = [("moderation", "0024_promise_unwatched")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    model_name="policy",
                    name="statements",
                    field=models.CharField(
                        choices=[
                            ("all", "every block"),
                            (
                                "no_copies",
                                "every block but of campaigns: copies of known spam, and what one answer blocked together",
                            ),
                            ("none", "no block"),
                        ],
                        db_default="all",
                        default=moderation.types.StatementsFor["ALL"],
                        help_text="Which blocks come with reasons, in coarse words, that the site can show the author.",
                        max_length=16,
                    ),
                )
            ]
        )
    ]
