from django.db import migrations, models


class Migration(migrations.Migration):
    """A further state, which the column holds as it is: nothing changes in the database."""

    dependencies = [("reviews", "0024_search_by_time")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    model_name="retrainrun",
                    name="state",
                    field=models.CharField(
                        choices=[
                            ("running", "running"),
                            ("skipped", "skipped"),
                            ("failed", "failed"),
                            ("kept", "kept, not promoted"),
                            ("rolling", "being rolled out"),
                            ("promoted", "promoted"),
                        ],
                        default="running",
                        max_length=16,
                    ),
                ),
            ]
        )
    ]
