"""What a site asks of its members, in versions that its policies name."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('moderation', '0018_sources_and_drift'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='policy',
            name='guidelines_public',
            field=models.BooleanField(db_default=False, default=False, help_text='Link the guidelines from statements of reasons and the page for appeals, where everybody who has the link can read them.'),
        ),
        migrations.CreateModel(
            name='Guidelines',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveIntegerField()),
                ('text', models.TextField()),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('created_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('site', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='guidelines', to='moderation.site')),
            ],
            options={
                'verbose_name_plural': 'guidelines',
                'constraints': [models.UniqueConstraint(fields=('site', 'version'), name='guidelines_one_a_version')],
            },
        ),
        migrations.AddField(
            model_name='policy',
            name='guidelines',
            field=models.ForeignKey(blank=True, db_index=False, help_text='What the site asks of its members, as it reads under this revision.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='moderation.guidelines'),
        ),
    ]
