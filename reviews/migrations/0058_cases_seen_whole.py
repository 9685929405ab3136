"""Which cases somebody was shown whole, as an auditor: they are not asked about these blind."""

from django.db import migrations, models

from moderation.online import AddIndexOnline


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("reviews", "0057_told_at_midnight")]

    operations = [
        migrations.AddField(
            model_name="pageview",
            name="saw_all",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="Of a case: also what is kept from whoever judges it, as auditors are "
                "shown it.",
            ),
        ),
        AddIndexOnline(
            model_name="pageview",
            index=models.Index(
                condition=models.Q(("saw_all", True)), fields=["user"], name="page_view_saw_all"
            ),
        ),
    ]
