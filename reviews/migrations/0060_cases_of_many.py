"""What an answer to many opened is not among the cases that come alone by lot."""

from django.db import migrations, models

OPENED = """
UPDATE reviews_case c SET of_many = true
FROM reviews_bulkitem i JOIN reviews_verdict v ON v.id = i.verdict_id
WHERE i.opened AND c.id = v.case_id AND c.revision = (
    SELECT d.revision FROM moderation_decision d WHERE d.id = v.seen_id
)
"""


class Migration(migrations.Migration):
    # The cases are filled in after the lock that the new column takes.
    atomic = False

    dependencies = [("reviews", "0059_what_nobody_reads")]

    operations = [
        migrations.AddField(
            model_name="case",
            name="of_many",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="An answer to many opened it for what it answered: "
                "nobody was shown it alone.",
            ),
        ),
        migrations.RunSQL(OPENED, migrations.RunSQL.noop),
    ]
