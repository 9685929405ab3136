from django.db import migrations, models

from moderation.online import AddIndexOnline


class Migration(migrations.Migration):
    # An index that is built while posts come in.
    atomic = False

    dependencies = [("moderation", "0005_job_lease")]

    operations = [
        migrations.AddField(
            model_name="post",
            name="session_pid",
            field=models.IntegerField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="post",
            name="session_start",
            field=models.DateTimeField(
                editable=False,
                help_text="Of the database session that claimed the post.",
                null=True,
            ),
        ),
        AddIndexOnline(
            model_name="post",
            index=models.Index(
                condition=models.Q(("attempts__gt", 0), ("status", "pending")),
                fields=["submitted_at"],
                name="post_tried",
            ),
        ),
    ]
