import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from moderation.online import AddIndexOnline, LoseIndex


class Migration(migrations.Migration):
    # Indexes that are built while people judge.
    atomic = False

    dependencies = [
        ("reviews", "0004_cases_passed_over"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        AddIndexOnline(
            model_name="case",
            index=models.Index(
                condition=models.Q(("holder__isnull", True), ("state", "open"), ("passed", False)),
                fields=["site", "-priority", "id"],
                name="case_fresh_by_priority",
            ),
        ),
        AddIndexOnline(
            model_name="case",
            index=models.Index(
                condition=models.Q(("holder__isnull", True), ("state", "open"), ("passed", True)),
                fields=["site", "-priority", "id"],
                name="case_passed_by_priority",
            ),
        ),
        AddIndexOnline(
            model_name="case",
            index=models.Index(
                condition=models.Q(("state", "open")),
                fields=["site", "lane", "opened_at"],
                name="case_open_by_lane",
            ),
        ),
        AddIndexOnline(
            model_name="case",
            index=models.Index(
                condition=models.Q(("holder__isnull", False)), fields=["holder"], name="case_held"
            ),
        ),
        AddIndexOnline(
            model_name="case",
            index=models.Index(
                condition=models.Q(("holder__isnull", False)),
                fields=["lease_until"],
                name="case_lease_ends",
            ),
        ),
        AddIndexOnline(
            model_name="verdict",
            index=models.Index(fields=["user", "created_at"], name="verdict_user_day"),
        ),
        # Last: case_held finds what this one did.
        LoseIndex(
            model_name="case",
            name="holder",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
    ]
