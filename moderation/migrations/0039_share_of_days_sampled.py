"""A flood of allowed posts: the days of which the sample is none."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("moderation", "0038_words_of_hidden_posts")]

    operations = [
        migrations.AddField(
            model_name="certificate",
            name="share",
            field=models.FloatField(
                blank=True,
                help_text="Of the allowed posts, those of days that their sample is of; of the "
                "others none counts as honest. Empty where that was not kept.",
                null=True,
            ),
        ),
    ]
