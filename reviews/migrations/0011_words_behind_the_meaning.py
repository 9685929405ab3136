from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("reviews", "0010_learnt_labels")]

    operations = [
        migrations.AddField(
            model_name="embedding",
            name="told",
            field=models.JSONField(
                null=True,
                db_default=models.Value({}, models.JSONField()),
                help_text="{decision, parts}: the words behind what the language model said for "
                "that decision; {} where nothing can be told; NULL until it was looked at.",
            ),
        ),
    ]
