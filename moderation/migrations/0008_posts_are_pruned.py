"""Posts whose words were deleted; and large tables that are vacuumed by what changes in a while.

The server's default waits for a fifth of a table: days of posts, read in one go.
"""

from django.db import migrations, models

LARGE = ("post", "postrevision", "decision", "score", "auditdraw", "event")
SETTINGS = (
    "autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.05, "
    "autovacuum_analyze_scale_factor = 0.02"
)
NAMES = (
    "autovacuum_vacuum_scale_factor, autovacuum_vacuum_insert_scale_factor, "
    "autovacuum_analyze_scale_factor"
)


class Migration(migrations.Migration):
    dependencies = [("moderation", "0007_requests_leave_an_id")]

    operations = [
        migrations.AddField(
            model_name="post",
            name="pruned_at",
            field=models.DateTimeField(
                blank=True,
                help_text="When its words and all that is personal were deleted.",
                null=True,
            ),
        ),
        migrations.RunSQL(
            [f"ALTER TABLE moderation_{table} SET ({SETTINGS})" for table in LARGE],
            [f"ALTER TABLE moderation_{table} RESET ({NAMES})" for table in LARGE],
        ),
    ]
