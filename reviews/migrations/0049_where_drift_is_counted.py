from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("reviews", "0048_drift_audits_are_weighed")]

    operations = [
        # Help texts alone: nothing to do in the database.
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    model_name="driftday",
                    name="counts",
                    field=models.JSONField(
                        help_text="{feature: {bin: posts}}; see reviews.measuring.drift_days."
                    ),
                ),
                migrations.AlterField(
                    model_name="driftreport",
                    name="figures",
                    field=models.JSONField(help_text="See reviews.measuring.drifting."),
                ),
            ]
        )
    ]
