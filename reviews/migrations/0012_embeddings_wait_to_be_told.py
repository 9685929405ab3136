from django.db import migrations, models

from moderation.online import AddIndexOnline


class Migration(migrations.Migration):
    # An index that is built while people judge.
    atomic = False

    dependencies = [("reviews", "0011_words_behind_the_meaning")]

    operations = [
        AddIndexOnline(
            model_name="embedding",
            index=models.Index(
                condition=models.Q(("told__isnull", True)),
                fields=["-post"],
                name="embedding_untold",
            ),
        ),
    ]
