from django.db import migrations, models

from moderation.online import AddIndexOnline


class Migration(migrations.Migration):
    # Indexes that are built while posts come in.
    atomic = False

    dependencies = [("moderation", "0016_rollouts")]

    operations = [
        AddIndexOnline(
            model_name="decision",
            index=models.Index(
                condition=models.Q(("arm", ""), _negated=True),
                fields=["site", "created_at"],
                name="decision_arms",
            ),
        ),
        AddIndexOnline(
            model_name="score",
            index=models.Index(
                condition=models.Q(("serving", False)),
                fields=["model", "post"],
                name="score_not_serving",
            ),
        ),
    ]
