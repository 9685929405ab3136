"""A verdict that hands a case to a senior, and who a moderator is as an author on their site.

The check on verdicts is not applied to the rows that are there, which keep the narrower one that
it replaces: so nobody waits for it.
"""

from django.db import migrations, models

from reviews.states import VerdictKind

CHECK = """
ALTER TABLE reviews_verdict ADD CONSTRAINT verdict_passing_decides_nothing
CHECK (kind NOT IN ('cannot_tell', 'escalate') OR decision_id IS NULL) NOT VALID;
ALTER TABLE reviews_verdict DROP CONSTRAINT verdict_cannot_tell_decides_nothing;
"""
UNCHECK = """
ALTER TABLE reviews_verdict ADD CONSTRAINT verdict_cannot_tell_decides_nothing
CHECK (kind <> 'cannot_tell' OR decision_id IS NULL) NOT VALID;
ALTER TABLE reviews_verdict DROP CONSTRAINT verdict_passing_decides_nothing;
"""
KINDS = ("spam", "not_spam", "remove", "cannot_tell", "escalate", "danger", "undo")
PASSING = [VerdictKind.CANNOT_TELL, VerdictKind.ESCALATE]


class Migration(migrations.Migration):
    dependencies = [
        ("moderation", "0019_guidelines"),
        ("reviews", "0038_pooled_certificates"),
    ]

    operations = [
        migrations.AddField(
            model_name="membership",
            name="writes_as",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="Their own id as an author on the site, as the site sends it: they do "
                "not judge what they wrote themselves.",
                max_length=200,
                verbose_name="writes as",
            ),
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(CHECK, UNCHECK)],
            state_operations=[
                migrations.AlterField(
                    model_name="verdict",
                    name="kind",
                    field=models.CharField(choices=[(x, x) for x in KINDS], max_length=16),
                ),
                migrations.RemoveConstraint(
                    model_name="verdict", name="verdict_cannot_tell_decides_nothing"
                ),
                migrations.AddConstraint(
                    model_name="verdict",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind__in", PASSING), _negated=True),
                            ("decision__isnull", True),
                            _connector="OR",
                        ),
                        name="verdict_passing_decides_nothing",
                    ),
                ),
            ],
        ),
    ]
