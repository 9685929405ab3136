"""How much waited on each site over the last days, for a chart."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('moderation', '0015_posts_can_be_hidden'),
        ('reviews', '0025_rolling'),
    ]

    operations = [
        migrations.CreateModel(
            name='QueueDepth',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('taken_at', models.DateTimeField(help_text='The beginning of a stretch of five minutes.')),
                ('cases', models.PositiveIntegerField(help_text='Open cases, counted to a limit.')),
                ('oldest_seconds', models.PositiveIntegerField(help_text='For how long the oldest of them waited; null when none did.', null=True)),
                ('site', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='moderation.site')),
            ],
            options={
                'indexes': [models.Index(fields=['taken_at'], name='depth_by_moment')],
                'constraints': [models.UniqueConstraint(fields=('site', 'taken_at'), name='depth_once_a_moment')],
            },
        ),
    ]
