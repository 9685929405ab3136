"""A decision names the site of its post: lists, caps and audits of a site go by it."""

from django.db import migrations

# Once a statement, however many decisions it stores.
GUARD = """
CREATE FUNCTION moderation_decision_is_of_its_site() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM fresh JOIN moderation_post post ON post.id = fresh.post_id
        WHERE post.site_id <> fresh.site_id
    ) THEN
        RAISE check_violation USING
            MESSAGE = 'A decision belongs to the site of its post.',
            TABLE = 'moderation_decision', CONSTRAINT = 'decision_of_its_site';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER decision_of_its_site AFTER INSERT ON moderation_decision
REFERENCING NEW TABLE AS fresh
FOR EACH STATEMENT EXECUTE FUNCTION moderation_decision_is_of_its_site();
"""
DROP = """
DROP TRIGGER decision_of_its_site ON moderation_decision;
DROP FUNCTION moderation_decision_is_of_its_site();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("moderation", "0009_pages_stay_flat"),
    ]

    operations = [migrations.RunSQL(GUARD, DROP)]
