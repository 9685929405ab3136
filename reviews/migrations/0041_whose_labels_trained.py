"""A training says of which sites its labels were."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('reviews', '0040_cases_meant_for_some'),
    ]

    operations = [
        migrations.AddField(
            model_name='retrainrun',
            name='sites',
            field=models.JSONField(db_default=models.Value([], models.JSONField()), default=list, help_text='Ids of the sites whose labels it trained on.'),
        ),
    ]
