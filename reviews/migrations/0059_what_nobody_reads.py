"""Drop an index that no claim reads any more, and a reason that nobody read.

The version before writes and reads the column, so it stays for one more release, with a default
for the rows of this one.
"""

from django.db import migrations

from moderation.online import DropIndexOnline


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("reviews", "0058_cases_seen_whole")]

    operations = [
        DropIndexOnline(model_name="case", name="case_open_by_priority"),
        migrations.RunSQL(
            "ALTER TABLE reviews_reporter ALTER COLUMN flagged_because SET DEFAULT ''",
            "ALTER TABLE reviews_reporter ALTER COLUMN flagged_because DROP DEFAULT",
            state_operations=[
                migrations.RemoveField(model_name="reporter", name="flagged_because")
            ],
        ),
    ]
