from django.db import migrations, models


MARK_PASSED = """
UPDATE reviews_case c SET passed = true FROM reviews_verdict v
WHERE v.case_id = c.id AND v.round = c.round AND v.kind = 'cannot_tell' AND c.state = 'open'
"""


class Migration(migrations.Migration):
    dependencies = [
        ("moderation", "0006_claims_name_their_session"),
        ("reviews", "0003_leases_name_their_session"),
    ]

    operations = [
        migrations.AddField(
            model_name="case",
            name="passed",
            field=models.BooleanField(
                db_default=False, default=False, help_text="Somebody could not tell, in this round."
            ),
        ),
        migrations.RunSQL(MARK_PASSED, migrations.RunSQL.noop),
    ]
