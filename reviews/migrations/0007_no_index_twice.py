from django.db import migrations, models

from moderation.online import LoseIndex
import django.db.models.deletion


class Migration(migrations.Migration):
    # Each alone: dropping an index locks its table for a moment.
    atomic = False

    dependencies = [("reviews", "0006_retention")]

    operations = [
        # Others begin with these.
        LoseIndex(
            model_name="label",
            name="post",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="labels",
                to="moderation.post",
            ),
        ),
        LoseIndex(
            model_name="label",
            name="site",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="moderation.site",
            ),
        ),
    ]
