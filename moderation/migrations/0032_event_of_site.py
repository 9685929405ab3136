from django.db import migrations, models

from moderation.online import AddIndexOnline


class Migration(migrations.Migration):
    # An index that is built while posts are decided.
    atomic = False

    dependencies = [("moderation", "0031_transaction_of_event")]

    operations = [
        AddIndexOnline(
            model_name="event",
            index=models.Index(fields=["site", "transaction", "id"], name="event_of_site"),
        ),
    ]
