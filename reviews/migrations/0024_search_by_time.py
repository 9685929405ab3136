"""One index over words, pieces, keys and stretches of time, so that a search can go back bit by bit.

Entries are made from posts and come back by themselves, within minutes to an hour; to write them
all anew under a lock would hold up those who write them for as long. What is done to an empty
table takes milliseconds.
"""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
from django.db import migrations, models

FORWARDS = """
CREATE FUNCTION reviews_search_places(site bigint, post uuid) RETURNS bigint[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT ARRAY[-site, (16::bigint << 48) | (ms >> 16), (20::bigint << 48) | (ms >> 20),
        (24::bigint << 48) | (ms >> 24), (28::bigint << 48) | (ms >> 28),
        (32::bigint << 48) | (ms >> 32)]
    FROM (SELECT ('x' || left(replace(post::text, '-', ''), 12))::bit(48)::bigint AS ms) AS made
$$;
TRUNCATE reviews_searchentry;
UPDATE reviews_searchprogress SET decision_id = 0;
DROP INDEX search_words, search_grams, search_keys;
ALTER TABLE reviews_searchentry ADD COLUMN places bigint[]
    GENERATED ALWAYS AS (reviews_search_places(site_id, post_id)) STORED;
CREATE INDEX search_all ON reviews_searchentry USING gin (words, grams, keys, places)
    WITH (fastupdate = off);
"""
BACKWARDS = """
DROP INDEX search_all;
ALTER TABLE reviews_searchentry DROP COLUMN places;
DROP FUNCTION reviews_search_places;
CREATE INDEX search_words ON reviews_searchentry USING gin (words);
CREATE INDEX search_grams ON reviews_searchentry USING gin (grams);
CREATE INDEX search_keys ON reviews_searchentry USING gin (keys);
"""


class Migration(migrations.Migration):

    dependencies = [
        ('reviews', '0023_search'),
    ]

    operations = [
        migrations.RunSQL(FORWARDS, BACKWARDS, state_operations=[
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
        ]),
    ]
