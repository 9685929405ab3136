from django.db import migrations, models

from moderation.online import AddIndexOnline


class Migration(migrations.Migration):
    # An index that is built while people judge.
    atomic = False

    dependencies = [("reviews", "0008_posts_like_this_one")]

    operations = [
        AddIndexOnline(
            model_name="case",
            index=models.Index(
                condition=models.Q(("compared", False)), fields=["-id"], name="case_uncompared"
            ),
        ),
    ]
