"""Mails that wait, were sent or failed, what they tell of, and who wants one a day."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('reviews', '0033_explicit_words_are_covered'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='preferences',
            name='digest',
            field=models.BooleanField(db_default=False, default=False, help_text='Send them a mail a day about their sites.'),
        ),
        migrations.AddField(
            model_name='preferences',
            name='digest_on',
            field=models.DateField(blank=True, editable=False, help_text='The day of the last one.', null=True),
        ),
        migrations.CreateModel(
            name='Incident',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('wait', 'wait'), ('hold', 'hold')], max_length=8)),
                ('opened_at', models.DateTimeField()),
                ('seen_at', models.DateTimeField(help_text='When it was so last.')),
                ('closed_at', models.DateTimeField(blank=True, null=True)),
                ('site', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='incidents', to='moderation.site')),
            ],
            options={
                'constraints': [models.UniqueConstraint(condition=models.Q(('closed_at__isnull', True)), fields=('site', 'kind'), name='incident_one_open')],
            },
        ),
        migrations.CreateModel(
            name='Mail',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('digest', 'digest'), ('alert', 'alert'), ('recovery', 'recovery')], max_length=16)),
                ('subject', models.CharField(max_length=200)),
                ('text', models.TextField()),
                ('state', models.CharField(choices=[('waiting', 'waiting'), ('sent', 'sent'), ('failed', 'failed')], default='waiting', max_length=8)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('next_attempt_at', models.DateTimeField()),
                ('error', models.CharField(blank=True, max_length=100)),
                ('created_at', models.DateTimeField()),
                ('sent_at', models.DateTimeField(blank=True, null=True)),
                ('site', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='moderation.site')),
                ('user', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='mails', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('state', 'waiting')), fields=['next_attempt_at'], name='mail_waiting'), models.Index(fields=['user', '-id'], name='mail_user_newest'), models.Index(fields=['site', '-id'], name='mail_site_newest')],
            },
        ),
    ]
