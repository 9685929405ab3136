from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("reviews", "0047_what_models_learnt_from")]

    operations = [
        # A help text alone: nothing to do in the database.
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    model_name="driftday",
                    name="audits",
                    field=models.JSONField(
                        default=list,
                        help_text="[[probability, spam or null, chance]] of what was drawn three "
                        "days before.",
                    ),
                )
            ]
        )
    ]
