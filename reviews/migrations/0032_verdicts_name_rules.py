import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('moderation', '0019_guidelines'),
        ('reviews', '0031_cases_by_language'),
    ]

    operations = [
        migrations.AddField(
            model_name='verdict',
            name='guidelines',
            field=models.ForeignKey(blank=True, db_index=False, help_text='The guidelines whose rule was named, if one was.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='moderation.guidelines'),
        ),
        migrations.AddField(
            model_name='verdict',
            name='rule',
            field=models.PositiveSmallIntegerField(blank=True, null=True),
        ),
    ]
