from django.db import migrations, models

from moderation.online import AddIndexOnline


class Migration(migrations.Migration):
    # An index that is built while posts come in.
    atomic = False

    dependencies = [("moderation", "0020_missed_spam")]

    operations = [
        AddIndexOnline(
            model_name="decision",
            index=models.Index(
                condition=models.Q(("by", "caution")),
                fields=["site", "created_at"],
                name="decision_cautions",
            ),
        ),
    ]
