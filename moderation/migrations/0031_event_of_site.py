from django.db import migrations, models

from moderation.online import AddIndexOnline


class Migration(migrations.Migration):
    # An index that is built while posts are decided.
    atomic = False

    dependencies = [("moderation", "0030_posts_that_count_as_one")]

    operations = [
        AddIndexOnline(
            model_name="event",
            index=models.Index(fields=["site", "id"], name="event_of_site"),
        ),
    ]
