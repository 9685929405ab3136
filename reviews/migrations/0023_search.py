"""What posts are found by, which is forgotten with their words, and searches that people keep."""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

FORGET = """
CREATE FUNCTION reviews_forget_search() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM reviews_searchentry WHERE post_id = OLD.id;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER reviews_forget_search_with_words BEFORE UPDATE OF pruned_at ON moderation_post
    FOR EACH ROW WHEN (NEW.pruned_at IS NOT NULL) EXECUTE FUNCTION reviews_forget_search();
CREATE TRIGGER reviews_forget_search_of_hidden BEFORE UPDATE OF hidden_at ON moderation_post
    FOR EACH ROW WHEN (NEW.hidden_at IS NOT NULL) EXECUTE FUNCTION reviews_forget_search();
CREATE TRIGGER reviews_forget_search_with_post BEFORE DELETE ON moderation_post
    FOR EACH ROW EXECUTE FUNCTION reviews_forget_search();
"""
REMEMBER = """
DROP TRIGGER reviews_forget_search_of_hidden ON moderation_post;
DROP TRIGGER reviews_forget_search_with_words ON moderation_post;
DROP TRIGGER reviews_forget_search_with_post ON moderation_post;
DROP FUNCTION reviews_forget_search;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('moderation', '0015_posts_can_be_hidden'),
        ('reviews', '0022_pages_shown'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='SearchProgress',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('decision_id', models.PositiveBigIntegerField(default=0, help_text='Posts of decisions up to this one have their entries.')),
            ],
        ),
        migrations.CreateModel(
            name='SavedSearch',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80)),
                ('query', models.CharField(help_text='As in the address of the page.', max_length=2000)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='saved_searches', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('user', 'name'), name='saved_search_once_a_name')],
            },
        ),
        migrations.CreateModel(
            name='SearchEntry',
            fields=[
                ('post', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='search_entry', serialize=False, to='moderation.post')),
                ('revision', models.PositiveIntegerField()),
                ('words', django.contrib.postgres.search.SearchVectorField(help_text='In no language: sites mix them.')),
                ('grams', django.contrib.postgres.fields.ArrayField(base_field=models.IntegerField(), help_text='Pieces of words; see reviews.grams.', size=None)),
                ('keys', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), help_text='Hashed domains and e-mail address, each with the site.', size=None)),
                ('site', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='moderation.site')),
            ],
            options={
                'indexes': [django.contrib.postgres.indexes.GinIndex(fields=['words'], name='search_words'), django.contrib.postgres.indexes.GinIndex(fields=['grams'], name='search_grams'), django.contrib.postgres.indexes.GinIndex(fields=['keys'], name='search_keys')],
            },
        ),
        migrations.RunSQL(FORGET, REMEMBER),
    ]
