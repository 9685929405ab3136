"""A limit of missed spam, and that people are asked about more when it is broken."""

import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('moderation', '0019_guidelines'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Caution',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('limit', models.FloatField(help_text='Share of the allowed posts that may be spam.')),
                ('asks_from', models.FloatField(help_text='From this probability on a person is asked.')),
                ('a_day', models.PositiveSmallIntegerField(help_text='About so many posts a day, and no more.')),
                ('created_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('ended_because', models.CharField(blank=True, max_length=300)),
            ],
            options={
                'ordering': ('-pk',),
            },
        ),
        migrations.AddField(
            model_name='policy',
            name='missed_limit',
            field=models.FloatField(blank=True, help_text='Of the posts that the machine allows, at most this share may be spam (0.02: 20 of 1,000). Watched by random draws, up to twenty a day; you are told when it is broken beyond doubt. Empty: no limit.', null=True, validators=[django.core.validators.MinValueValidator(0.0001), django.core.validators.MaxValueValidator(0.5)], verbose_name='limit of missed spam'),
        ),
        migrations.AddField(
            model_name='policy',
            name='missed_reviews_per_day',
            field=models.PositiveSmallIntegerField(db_default=20, default=20, help_text='When that limit is broken, people are asked about so many more posts a day, those of the allowed ones that are most like spam. They stay published meanwhile. 0: you are only told.', verbose_name='posts a day to ask about when it is broken'),
        ),
        # What may be in it is checked by no constraint.
        migrations.SeparateDatabaseAndState(state_operations=[
        migrations.AlterField(
            model_name='decision',
            name='by',
            field=models.CharField(blank=True, choices=[('model', 'model'), ('copy', 'copy'), ('list', 'list'), ('standard_string', 'standard_string'), ('honeypot', 'honeypot'), ('failure', 'failure'), ('earlier_block', 'earlier_block'), ('caution', 'caution'), ('mode', 'mode'), ('fallback', 'fallback'), ('person', 'person')], max_length=16),
        ),
        ]),
        # What may be in it is checked by no constraint.
        migrations.SeparateDatabaseAndState(state_operations=[
        migrations.AlterField(
            model_name='event',
            name='kind',
            field=models.CharField(choices=[('decision.recorded', 'decision.recorded'), ('hold.expired', 'hold.expired'), ('post.withdrawn', 'post.withdrawn'), ('feedback.received', 'feedback.received'), ('block_cap.reached', 'block_cap.reached'), ('promise.certified', 'promise.certified'), ('promise.broken', 'promise.broken'), ('missed.exceeded', 'missed.exceeded'), ('rollout.stopped', 'rollout.stopped'), ('source.flagged', 'source.flagged'), ('drift.found', 'drift.found'), ('appeal.filed', 'appeal.filed'), ('appeal.resolved', 'appeal.resolved'), ('appeal.reopened', 'appeal.reopened')], max_length=32),
        ),
        ]),
        migrations.AddField(
            model_name='caution',
            name='site',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='cautions', to='moderation.site'),
        ),
        migrations.AddConstraint(
            model_name='caution',
            constraint=models.UniqueConstraint(condition=models.Q(('ended_at__isnull', True)), fields=('site',), name='caution_one_a_site'),
        ),
        migrations.AddConstraint(
            model_name='caution',
            constraint=models.CheckConstraint(condition=models.Q(('a_day__gt', 0), ('asks_from__gte', 0), ('asks_from__lte', 1)), name='caution_asks_something'),
        ),
    ]
