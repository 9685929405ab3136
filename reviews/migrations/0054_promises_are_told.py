"""One more kind of incident; the database does not know the kinds."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("reviews", "0053_missing_encoder_is_kept")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    model_name="incident",
                    name="kind",
                    field=models.CharField(
                        choices=[
                            ("wait", "wait"),
                            ("hold", "hold"),
                            ("audit", "audit"),
                            ("look", "look"),
                            ("promise", "promise"),
                        ],
                        max_length=8,
                    ),
                ),
            ],
        ),
    ]
