from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("moderation", "0015_posts_can_be_hidden")]

    operations = [
        migrations.AddField(
            model_name="certificate",
            name="replayed",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="Shown on draws of what another model decided, scored again.",
            ),
        ),
        migrations.AddField(
            model_name="decision",
            name="arm",
            field=models.CharField(
                blank=True,
                choices=[("control", "control"), ("canary", "canary")],
                db_default="",
                default="",
                help_text="While a canary judged a share of the posts: whether this was one of them.",
                max_length=8,
            ),
        ),
    ]
