"""Which hidden post another one was hidden as a copy of."""

from django.db import migrations, models

from moderation.online import AddIndexOnline


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("reviews", "0060_cases_of_many")]

    operations = [
        migrations.AddField(
            model_name="legalhold",
            name="copy_of",
            field=models.UUIDField(
                blank=True, help_text="The hidden post that it says the same as.", null=True
            ),
        ),
        AddIndexOnline(
            model_name="legalhold",
            index=models.Index(
                condition=models.Q(("copy_of__isnull", False)),
                fields=["copy_of"],
                name="legal_hold_copies",
            ),
        ),
    ]
