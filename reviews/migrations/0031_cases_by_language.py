from django.db import migrations, models

from moderation.online import AddIndexOnline


class Migration(migrations.Migration):
    # An index that is built while people judge.
    atomic = False

    dependencies = [('reviews', '0030_preferences')]

    operations = [
        AddIndexOnline(
            model_name="case",
            index=models.Index(
                condition=models.Q(("holder__isnull", True), ("state", "open")),
                fields=["site", "language", "passed", "-priority", "id"],
                name="case_free_by_language",
            ),
        ),
    ]
