"""What each day was like, counted, and how days moved."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('moderation', '0018_sources_and_drift'),
        ('reviews', '0027_label_sources'),
    ]

    operations = [
        migrations.CreateModel(
            name='DriftReport',
            fields=[
                ('site', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='drift', serialize=False, to='moderation.site')),
                ('figures', models.JSONField(help_text='See reviews.drifting.')),
                ('counted_to', models.DateField(help_text='The last day that was counted.')),
                ('measured_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='DriftDay',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField()),
                ('model', models.CharField(max_length=100)),
                ('posts', models.PositiveIntegerField()),
                ('counts', models.JSONField(help_text='{feature: {bin: posts}}; see reviews.drifting.')),
                ('audits', models.JSONField(default=list, help_text='[[probability, spam]] of audits that were answered that day.')),
                ('site', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='moderation.site')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('site', 'model', 'day'), name='drift_day_once')],
            },
        ),
    ]
