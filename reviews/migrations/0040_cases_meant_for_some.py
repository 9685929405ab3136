from django.db import migrations, models

from moderation.online import AddIndexOnline
from reviews.lanes import Lane
from reviews.states import CaseState


class Migration(migrations.Migration):
    # An index that is built while cases are opened.
    atomic = False

    dependencies = [("reviews", "0039_escalated_and_own_posts")]

    operations = [
        AddIndexOnline(
            model_name="case",
            index=models.Index(
                condition=models.Q(
                    ("state", CaseState.OPEN),
                    models.Q(("meant_for", []), _negated=True),
                    models.Q(("lane", Lane.LOOK), _negated=True),
                ),
                fields=["site"],
                name="case_open_addressed",
            ),
        ),
    ]
