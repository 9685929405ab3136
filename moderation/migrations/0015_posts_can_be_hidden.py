"""Posts that were found dangerous or illegal, and that the database preserves as they are."""

from django.db import migrations, models

PRESERVE = """
CREATE FUNCTION moderation_preserve_hidden() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_TABLE_NAME = 'moderation_postrevision' THEN
        IF NOT EXISTS (
            SELECT FROM moderation_post WHERE id = OLD.post_id AND hidden_at IS NOT NULL
        ) THEN
            RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
        END IF;
    END IF;
    RAISE EXCEPTION 'a hidden post is preserved as it is' USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER moderation_preserve_hidden_words
    BEFORE UPDATE OR DELETE ON moderation_postrevision
    FOR EACH ROW EXECUTE FUNCTION moderation_preserve_hidden();
CREATE TRIGGER moderation_preserve_hidden_post BEFORE DELETE ON moderation_post
    FOR EACH ROW WHEN (OLD.hidden_at IS NOT NULL) EXECUTE FUNCTION moderation_preserve_hidden();
CREATE TRIGGER moderation_preserve_hidden_facts
    BEFORE UPDATE OF pruned_at, external_id, author_id, ip, site_id ON moderation_post
    FOR EACH ROW WHEN (
        OLD.hidden_at IS NOT NULL AND (
            (OLD.pruned_at, OLD.external_id, OLD.author_id, OLD.ip, OLD.site_id)
            IS DISTINCT FROM
            (NEW.pruned_at, NEW.external_id, NEW.author_id, NEW.ip, NEW.site_id)
        )
    )
    EXECUTE FUNCTION moderation_preserve_hidden();

CREATE FUNCTION moderation_hidden_stays_unpublished() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM moderation_post WHERE id = NEW.post_id AND hidden_at IS NOT NULL
    ) THEN
        RAISE EXCEPTION 'a hidden post is not published' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER moderation_hidden_stays_unpublished BEFORE INSERT ON moderation_decision
    FOR EACH ROW WHEN (NEW.published AND NEW.source NOT IN ('machine', 'expiry'))
    EXECUTE FUNCTION moderation_hidden_stays_unpublished();
"""
RELEASE = """
DROP TRIGGER moderation_hidden_stays_unpublished ON moderation_decision;
DROP FUNCTION moderation_hidden_stays_unpublished;
DROP TRIGGER moderation_preserve_hidden_facts ON moderation_post;
DROP TRIGGER moderation_preserve_hidden_post ON moderation_post;
DROP TRIGGER moderation_preserve_hidden_words ON moderation_postrevision;
DROP FUNCTION moderation_preserve_hidden;
"""


class Migration(migrations.Migration):
    dependencies = [("moderation", "0014_certificates")]

    operations = [
        migrations.AddField(
            model_name="post",
            name="hidden_at",
            field=models.DateTimeField(
                blank=True,
                help_text="When it was found dangerous or illegal. Until that is taken back nobody but those who were named for it sees it, and its words are neither changed nor deleted.",
                null=True,
            ),
        ),
        migrations.RunSQL(PRESERVE, RELEASE),
    ]
