from django.db import migrations, models

from moderation.online import AddIndexOnline


class Migration(migrations.Migration):
    # An index that is built while sites report.
    atomic = False

    dependencies = [("moderation", "0022_feedback_is_vouched_for")]

    operations = [
        AddIndexOnline(
            model_name="feedback",
            index=models.Index(fields=["api_key", "created_at"], name="feedback_key_time"),
        ),
    ]
