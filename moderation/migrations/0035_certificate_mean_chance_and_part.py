from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("moderation", "0034_certificate_unwatched_at")]

    operations = [
        migrations.AddField(
            model_name="certificate",
            name="mean_chance",
            field=models.FloatField(
                blank=True,
                help_text="The same in the mean over the allowed posts, on which the bound stands; "
                "empty where that was not kept.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="certificate",
            name="part",
            field=models.FloatField(
                blank=True,
                help_text="Of the chance of error for how many allowed posts are honest, what "
                "their sample could spend; empty where that was not kept.",
                null=True,
            ),
        ),
    ]
