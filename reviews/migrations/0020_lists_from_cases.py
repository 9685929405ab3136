"""What moderators put on lists from cases; it names nobody once the words of the post are gone."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

FORGET = """
CREATE FUNCTION reviews_forget_list_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE reviews_listchange SET value = '' WHERE post_id = OLD.id AND value <> '';
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER reviews_forget_list_changes_words BEFORE UPDATE OF pruned_at ON moderation_post
    FOR EACH ROW WHEN (NEW.pruned_at IS NOT NULL) EXECUTE FUNCTION reviews_forget_list_changes();
CREATE TRIGGER reviews_forget_list_changes_with_post BEFORE DELETE ON moderation_post
    FOR EACH ROW EXECUTE FUNCTION reviews_forget_list_changes();
"""
REMEMBER = """
DROP TRIGGER reviews_forget_list_changes_words ON moderation_post;
DROP TRIGGER reviews_forget_list_changes_with_post ON moderation_post;
DROP FUNCTION reviews_forget_list_changes;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('moderation', '0013_statements_and_appeals'),
        ('reviews', '0019_bulk_actions'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='ListChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('case_id', models.PositiveBigIntegerField()),
                ('post_id', models.UUIDField(db_index=True)),
                ('kind', models.CharField(choices=[('author', 'author'), ('domain', 'domain'), ('address', 'address')], max_length=8)),
                ('value', models.CharField(blank=True, max_length=320)),
                ('before', models.CharField(blank=True, choices=[('', 'nothing'), ('allow', 'allow'), ('deny', 'deny')], max_length=8)),
                ('after', models.CharField(blank=True, choices=[('', 'nothing'), ('allow', 'allow'), ('deny', 'deny')], max_length=8)),
                ('created_at', models.DateTimeField()),
                ('site', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='moderation.site')),
                ('undoes', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='undone_by', to='reviews.listchange')),
                ('user', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(fields=['site', '-id'], name='list_change_newest')],
            },
        ),
        migrations.RunSQL(FORGET, REMEMBER),
    ]
