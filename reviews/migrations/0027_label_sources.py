"""Who reports and how far they are trusted, checks of labels, and alarms for a person."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


FORGET = """
CREATE FUNCTION reviews_forget_checks() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM reviews_check WHERE label_id = OLD.id;
    RETURN OLD;
END $$;
CREATE TRIGGER reviews_forget_checks BEFORE DELETE ON reviews_label
    FOR EACH ROW EXECUTE FUNCTION reviews_forget_checks();
"""
REMEMBER = """
DROP TRIGGER reviews_forget_checks ON reviews_label;
DROP FUNCTION reviews_forget_checks;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('moderation', '0018_sources_and_drift'),
        ("reviews", "0026_queue_depth"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='lookplan',
            name='checks_per_day',
            field=models.PositiveSmallIntegerField(db_default=10, default=10, help_text='Of what the site’s owners and moderators said with a key, at most so much is judged again: it tells whose labels may train.', verbose_name='checks of reporters a day'),
        ),
        migrations.AddField(
            model_name='lookplan',
            name='doubts_per_day',
            field=models.PositiveSmallIntegerField(db_default=5, default=5, help_text='At most so many labels that a training doubts are judged again.', verbose_name='likely wrong labels a day'),
        ),
        migrations.AddField(
            model_name='lookplan',
            name='lessons_per_day',
            field=models.PositiveSmallIntegerField(db_default=5, default=5, help_text='At most so many allowed posts that would teach most come into the queue.', verbose_name='posts to learn from a day'),
        ),
        migrations.CreateModel(
            name='Alarm',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('source', 'a source of labels'), ('drift', 'drift')], max_length=8)),
                ('subject', models.CharField(help_text='What it is about, for the machine.', max_length=150)),
                ('sentence', models.TextField()),
                ('facts', models.JSONField(default=dict)),
                ('created_at', models.DateTimeField()),
                ('answered_at', models.DateTimeField(blank=True, null=True)),
                ('note', models.TextField(blank=True)),
                ('answered_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('site', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='moderation.site')),
            ],
            options={
                'indexes': [models.Index(fields=['site', 'kind', '-id'], name='alarm_site_newest')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('answered_at__isnull', True)), fields=('site', 'kind', 'subject'), name='alarm_waits_once'), models.CheckConstraint(condition=models.Q(models.Q(('answered_at__isnull', True), ('answered_by__isnull', True)), models.Q(('answered_at__isnull', False), ('answered_by__isnull', False)), _connector='OR'), name='alarm_answer_names_who')],
            },
        ),
        migrations.CreateModel(
            name='Check',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('why', models.CharField(choices=[('source', 'source'), ('doubt', 'doubt')], max_length=8)),
                ('probability', models.FloatField(help_text='With which it was drawn; 1 where it was chosen.')),
                ('ended', models.CharField(blank=True, help_text='Why nobody looked.', max_length=200)),
                ('created_at', models.DateTimeField()),
                ('answer', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='answers_check', to='reviews.verdict')),
                ('case', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='checks', to='reviews.case')),
                ('dispute', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='settles_check', to='reviews.case')),
                ('label', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='check_of', to='reviews.label')),
                ('site', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='moderation.site')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('case__isnull', True), ('ended', '')), fields=['site', 'id'], name='check_waits'), models.Index(fields=['site', '-created_at'], name='check_site_newest')],
                'constraints': [models.CheckConstraint(condition=models.Q(('probability__gt', 0), ('probability__lte', 1)), name='check_probability'), models.CheckConstraint(condition=models.Q(('answer__isnull', True), models.Q(('case__isnull', False), ('ended', '')), _connector='OR'), name='check_answer_has_case')],
            },
        ),
        migrations.CreateModel(
            name='Reporter',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('actor_id', models.CharField(blank=True, help_text='Empty for all who speak with the key, together.', max_length=200)),
                ('labels', models.PositiveIntegerField(default=0, help_text='In force.')),
                ('compared', models.PositiveIntegerField(default=0, help_text='Labels of theirs that moderators judged as well, the latest ones.')),
                ('agreed', models.PositiveIntegerField(default=0)),
                ('trust', models.FloatField(default=0.0, help_text='See classifiers.trust.')),
                ('highest', models.FloatField(default=0.0, help_text='The most trust since they were cleared.')),
                ('flagged_at', models.DateTimeField(blank=True, null=True)),
                ('flagged_because', models.CharField(blank=True, max_length=300)),
                ('cleared_at', models.DateTimeField(blank=True, help_text='Trust is earned anew from here on.', null=True)),
                ('looked_at', models.DateTimeField()),
                ('api_key', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='moderation.apikey')),
                ('cleared_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('site', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='moderation.site')),
            ],
            options={
                'indexes': [models.Index(fields=['site', '-labels'], name='reporter_site_labels')],
                'constraints': [models.UniqueConstraint(fields=('api_key', 'actor_id'), name='reporter_once_a_key'), models.CheckConstraint(condition=models.Q(('trust__gte', 0), ('trust__lte', 1)), name='reporter_trust_is_a_share')],
            },
        ),
        migrations.RunSQL(FORGET, REMEMBER),
    ]
