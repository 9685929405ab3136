"""What a site promises of its honest posts, and the certificates that show it.

Modes and kinds of events are checked by the application alone: nothing changes in the database.
"""

import django.core.validators
import django.db.models.deletion
from django.db import migrations, models

KINDS = (
    "decision.recorded",
    "hold.expired",
    "post.withdrawn",
    "feedback.received",
    "block_cap.reached",
    "promise.certified",
    "promise.broken",
    "appeal.filed",
    "appeal.resolved",
    "appeal.reopened",
)
MODES = ("observe", "review_only", "provisional", "certified")


class Migration(migrations.Migration):
    dependencies = [("moderation", "0013_statements_and_appeals")]

    operations = [
        migrations.AddField(
            model_name='policy',
            name='promise',
            field=models.FloatField(db_default=0.01, default=0.01, help_text='In mode certified: of honest posts, at most this share may be blocked by the model. Until audits have shown it, people judge what it would block.', validators=[django.core.validators.MinValueValidator(0.0001), django.core.validators.MaxValueValidator(0.5)]),
        ),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    model_name="decision",
                    name="mode",
                    field=models.CharField(choices=[(m, m) for m in MODES], max_length=16),
                ),
                migrations.AlterField(
                    model_name="policy",
                    name="mode",
                    field=models.CharField(choices=[(m, m) for m in MODES], default="review_only", max_length=16),
                ),
                migrations.AlterField(
                    model_name="event",
                    name="kind",
                    field=models.CharField(choices=[(k, k) for k in KINDS], max_length=32),
                ),
            ]
        ),
        migrations.CreateModel(
            name='Certificate',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('model', models.CharField(max_length=100)),
                ('promise', models.FloatField(help_text='The share that was promised.')),
                ('bound', models.FloatField(help_text='The share that was shown.')),
                ('delta', models.FloatField(help_text='Chance of error.')),
                ('grid', models.JSONField(help_text='Thresholds that were tried, strictest first.')),
                ('threshold', models.FloatField(help_text='From this probability on the model may block.')),
                ('posts', models.PositiveIntegerField(help_text='That the machine judged in the period.')),
                ('blocked', models.PositiveIntegerField(help_text='Of these, at or above the threshold: posts that the model would block.')),
                ('judged', models.PositiveIntegerField(help_text='Would-be blocks that were drawn, all told.')),
                ('wrong', models.PositiveIntegerField(help_text='Of these, at or above the threshold: honest, or without an answer in time.')),
                ('unanswered', models.PositiveIntegerField(help_text='Draws without an answer in time, of would-be blocks and of allowed posts.')),
                ('allowed', models.PositiveIntegerField(help_text='Posts that the model allowed.')),
                ('allowed_drawn', models.PositiveIntegerField()),
                ('allowed_spam', models.PositiveIntegerField(help_text='Spam, or without an answer in time.')),
                ('chance', models.FloatField(help_text='The least probability with which a would-be block was drawn.')),
                ('spam_of_honest', models.FloatField(help_text='Of honest posts, people are held to call at most this share spam.')),
                ('honest_of_spam', models.FloatField()),
                ('period_from', models.DateTimeField()),
                ('period_to', models.DateTimeField()),
                ('created_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('ended_because', models.CharField(blank=True, max_length=300)),
                ('doubted', models.BooleanField(default=False, help_text='Something speaks against it, so that every block is drawn.')),
                ('broken', models.BooleanField(default=False, help_text='It ended because it is not true.')),
                ('policy', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='moderation.policy')),
                ('site', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='certificates', to='moderation.site')),
            ],
            options={
                'ordering': ('-pk',),
                'constraints': [models.UniqueConstraint(condition=models.Q(('ended_at__isnull', True)), fields=('site',), name='certificate_one_a_site'), models.CheckConstraint(condition=models.Q(('bound__lte', models.F('promise')), ('wrong__lte', models.F('judged')), ('period_from__lte', models.F('period_to')), ('created_at__lt', models.F('expires_at'))), name='certificate_shows_what_it_promises')],
            },
        ),
    ]
