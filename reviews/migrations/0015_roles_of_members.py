"""More roles than two, and which lanes a member judges. The values of the former two stay."""

import django.contrib.postgres.fields
from django.db import migrations, models

LANES = ("held", "published", "reported", "appeal")
ROLES = [
    ("moderator", "moderator"),
    ("senior", "senior moderator"),
    ("owner", "site owner"),
    ("auditor", "auditor: sees all, changes nothing"),
    ("operator", "operator: settings, no posts"),
]


class Migration(migrations.Migration):
    dependencies = [("reviews", "0014_appeals")]

    operations = [
        migrations.AddField(
            model_name="membership",
            name="lanes",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(choices=[(x, x) for x in LANES], max_length=16),
                blank=True,
                db_default=[],
                default=list,
                help_text="Which cases they judge; none chosen: all. Who judges both held and published posts also judges the random audits among them.",
                size=None,
            ),
        ),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    model_name="membership",
                    name="role",
                    field=models.CharField(choices=ROLES, default="moderator", max_length=16),
                ),
            ]
        ),
    ]
