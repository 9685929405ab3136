"""Answers to many posts at once, kept with who gave them and what became of each post.

They go with their posts, and name nobody once the words of the post are deleted that they began
at. Nothing that is audited is answered so: the database refuses it.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

CREATE = """
CREATE FUNCTION reviews_forget_bulk() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE reviews_bulkaction SET value = '' WHERE post_id = OLD.id AND value <> '';
    IF TG_OP = 'DELETE' THEN
        DELETE FROM reviews_bulkitem WHERE post_id = OLD.id;
        RETURN OLD;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER reviews_forget_bulk_words BEFORE UPDATE OF pruned_at ON moderation_post
    FOR EACH ROW WHEN (NEW.pruned_at IS NOT NULL) EXECUTE FUNCTION reviews_forget_bulk();
CREATE TRIGGER reviews_forget_bulk_with_post BEFORE DELETE ON moderation_post
    FOR EACH ROW EXECUTE FUNCTION reviews_forget_bulk();

CREATE FUNCTION reviews_bulk_is_no_audit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM reviews_verdict v JOIN reviews_case c ON c.id = v.case_id
        WHERE v.id = NEW.verdict_id AND (c.audit_id IS NOT NULL OR c.post_id <> NEW.post_id)
    ) THEN
        RAISE EXCEPTION 'an audited case is answered by itself' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER reviews_bulk_is_no_audit BEFORE INSERT OR UPDATE OF verdict_id ON reviews_bulkitem
    FOR EACH ROW WHEN (NEW.verdict_id IS NOT NULL) EXECUTE FUNCTION reviews_bulk_is_no_audit();
"""
DROP = """
DROP TRIGGER reviews_bulk_is_no_audit ON reviews_bulkitem;
DROP FUNCTION reviews_bulk_is_no_audit;
DROP TRIGGER reviews_forget_bulk_words ON moderation_post;
DROP TRIGGER reviews_forget_bulk_with_post ON moderation_post;
DROP FUNCTION reviews_forget_bulk;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('moderation', '0013_statements_and_appeals'),
        ('reviews', '0018_measured'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='BulkAction',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('case_id', models.PositiveBigIntegerField(help_text='The case that it began at.')),
                ('post_id', models.UUIDField(db_index=True, help_text='The post of that case.')),
                ('scope', models.CharField(choices=[('alike', 'alike'), ('author', 'author'), ('ip', 'ip'), ('email', 'email'), ('domain', 'domain')], max_length=8)),
                ('value', models.TextField(blank=True, help_text='The author, address or domain asked for.')),
                ('kind', models.CharField(choices=[('spam', 'spam'), ('not_spam', 'not_spam'), ('remove', 'remove')], max_length=16)),
                ('over_people', models.BooleanField(default=False, help_text='Also posts that another person had decided.')),
                ('state', models.CharField(choices=[('running', 'running'), ('done', 'done'), ('undoing', 'undoing'), ('undone', 'undone')], default='running', max_length=8)),
                ('created_at', models.DateTimeField()),
                ('finished_at', models.DateTimeField(blank=True, null=True)),
                ('undone_at', models.DateTimeField(blank=True, null=True)),
                ('site', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='moderation.site')),
                ('undone_by', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('user', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='BulkItem',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('decision_id', models.PositiveBigIntegerField(help_text='The decision in force when the action was ordered; another is left alone.')),
                ('state', models.CharField(choices=[('waiting', 'waiting'), ('decided', 'decided'), ('left', 'left'), ('restored', 'restored'), ('kept', 'kept')], default='waiting', max_length=8)),
                ('reason', models.CharField(blank=True, choices=[('decided_since', 'decided_since'), ('single', 'single'), ('held', 'held'), ('withdrawn', 'withdrawn'), ('stopped', 'stopped'), ('forbidden', 'forbidden'), ('failed', 'failed')], max_length=16)),
                ('opened', models.BooleanField(default=False, help_text='No case waited: the action opened the one that it answered.')),
                ('action', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='items', to='reviews.bulkaction')),
                ('post', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='moderation.post')),
                ('undo', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='reviews.verdict')),
                ('verdict', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='bulk_item', to='reviews.verdict')),
            ],
        ),
        migrations.AddIndex(
            model_name='bulkaction',
            index=models.Index(fields=['site', '-id'], name='bulk_site_newest'),
        ),
        migrations.AddIndex(
            model_name='bulkaction',
            index=models.Index(condition=models.Q(('state__in', ['running', 'undoing'])), fields=['id'], name='bulk_at_work'),
        ),
        migrations.AddConstraint(
            model_name='bulkaction',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('undone_at__isnull', True), ('undone_by__isnull', True)), models.Q(('undone_at__isnull', False), ('undone_by__isnull', False)), _connector='OR'), name='bulk_undo_is_whole'),
        ),
        migrations.AddIndex(
            model_name='bulkitem',
            index=models.Index(fields=['action', 'state', 'id'], name='bulk_item_work'),
        ),
        migrations.AddIndex(
            model_name='bulkitem',
            index=models.Index(fields=['post'], name='bulk_item_post'),
        ),
        migrations.AddConstraint(
            model_name='bulkitem',
            constraint=models.UniqueConstraint(fields=('action', 'post'), name='bulk_item_once_an_action'),
        ),
        migrations.AddConstraint(
            model_name='bulkitem',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['waiting', 'left']), ('verdict__isnull', False), _connector='OR'), name='bulk_item_decided_by_verdict'),
        ),
        migrations.AddConstraint(
            model_name='bulkitem',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'restored'), _negated=True), ('undo__isnull', False), _connector='OR'), name='bulk_item_restored_by_undo'),
        ),
        migrations.RunSQL(CREATE, DROP),
    ]
