"""Who saw and who took out data is kept for a term; the application may not delete it by itself.

A function of the owner does, oldest first, and nothing younger than 90 days whatever it is asked.
"""

from django.db import migrations

LEAST_DAYS = 90
FORGET = """
CREATE FUNCTION {function}(days integer, after bigint, at_most integer)
RETURNS TABLE (gone bigint, last bigint, more boolean)
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH term AS (
        SELECT now() - make_interval(days => greatest(days, {least})) AS ends
    ), old AS (
        SELECT id, created_at FROM {table} WHERE id > after ORDER BY id LIMIT at_most
    ), gone AS (
        DELETE FROM {table} AS kept USING old, term
        WHERE kept.id = old.id AND kept.created_at < term.ends
        RETURNING kept.id
    )
    SELECT (SELECT count(*) FROM gone), max(old.id),
           max(old.created_at) < (SELECT ends FROM term)
    FROM old
$$;
REVOKE ALL ON FUNCTION {function} FROM PUBLIC;
"""
TABLES = {"reviews_forget_views": "reviews_pageview", "reviews_forget_reads": "moderation_dataread"}


class Migration(migrations.Migration):

    dependencies = [
        ("moderation", "0027_data_read"),
        ("reviews", "0050_single_keys"),
    ]

    operations = [
        migrations.RunSQL(
            FORGET.format(function=function, table=table, least=LEAST_DAYS),
            f"DROP FUNCTION {function}(integer, bigint, integer)",
        )
        for function, table in TABLES.items()
    ]
