from django.db import migrations, models

from moderation.online import AddIndexOnline


class Migration(migrations.Migration):
    # An index that is built while posts are decided.
    atomic = False

    dependencies = [("moderation", "0037_certificate_waited")]

    operations = [
        AddIndexOnline(
            model_name="post",
            index=models.Index(
                fields=["site", "fingerprint"],
                condition=models.Q(hidden_at__isnull=False),
                name="post_hidden_words",
            ),
        ),
    ]
