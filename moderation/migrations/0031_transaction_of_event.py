from django.db import migrations, models
from django.db.models import Func


class Migration(migrations.Migration):
    dependencies = [("moderation", "0030_posts_that_count_as_one")]

    operations = [
        migrations.SeparateDatabaseAndState(
            # In two steps: with a default that differs by row the table would be written anew.
            database_operations=[
                migrations.RunSQL(
                    "ALTER TABLE moderation_event ADD COLUMN transaction bigint",
                    "ALTER TABLE moderation_event DROP COLUMN transaction",
                ),
                migrations.RunSQL(
                    "ALTER TABLE moderation_event ALTER COLUMN transaction "
                    "SET DEFAULT pg_current_xact_id()::text::bigint",
                    migrations.RunSQL.noop,
                ),
            ],
            state_operations=[
                migrations.AddField(
                    model_name="event",
                    name="transaction",
                    field=models.BigIntegerField(
                        db_default=Func(template="pg_current_xact_id()::text::bigint"),
                        editable=False,
                        help_text="That wrote it; empty where a release wrote it that did not "
                        "tell sites.",
                        null=True,
                    ),
                ),
            ],
        ),
    ]
