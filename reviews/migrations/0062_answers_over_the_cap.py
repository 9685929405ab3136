"""The database does not know the scopes of answers to many."""

from django.db import migrations, models

SCOPES = ("alike", "author", "ip", "email", "domain", "capped")


class Migration(migrations.Migration):
    dependencies = [("reviews", "0061_copies_of_hidden_posts")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    model_name="bulkaction",
                    name="scope",
                    field=models.CharField(choices=[(name, name) for name in SCOPES], max_length=8),
                )
            ]
        )
    ]
