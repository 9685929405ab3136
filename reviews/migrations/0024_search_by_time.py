"""One index over words, pieces, keys and stretches of time, so that a search can go back bit by bit.

Entries are made from posts and come back by themselves, within minutes to an hour; to write them
all anew under a lock would stop the service for as long.
"""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.functions
from django.db import migrations, models

PLACES = """
CREATE FUNCTION reviews_search_places(site bigint, post uuid) RETURNS bigint[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT ARRAY[-site, (16::bigint << 48) | (ms >> 16), (20::bigint << 48) | (ms >> 20),
        (24::bigint << 48) | (ms >> 24), (28::bigint << 48) | (ms >> 28),
        (32::bigint << 48) | (ms >> 32)]
    FROM (SELECT ('x' || left(replace(post::text, '-', ''), 12))::bit(48)::bigint AS ms) AS made
$$;
"""
ANEW = """
TRUNCATE reviews_searchentry;
UPDATE reviews_searchprogress SET decision_id = 0;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('reviews', '0023_search'),
    ]

    operations = [
        migrations.RunSQL(ANEW, migrations.RunSQL.noop),
        migrations.RunSQL(PLACES, 'DROP FUNCTION reviews_search_places'),
        migrations.RemoveIndex(model_name='searchentry', name='search_words'),
        migrations.RemoveIndex(model_name='searchentry', name='search_grams'),
        migrations.RemoveIndex(model_name='searchentry', name='search_keys'),
        migrations.AddField(
            model_name='searchentry',
            name='places',
            field=models.GeneratedField(db_persist=True, expression=models.Func(models.F('site_id'), models.F('post_id'), function='reviews_search_places'), help_text='Its site, and the stretches of time it lies in; see reviews.windows.', output_field=django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None)),
        ),
        migrations.AddIndex(
            model_name='searchentry',
            index=django.contrib.postgres.indexes.GinIndex(fields=['words', 'grams', 'keys', 'places'], fastupdate=False, name='search_all'),
        ),
    ]
