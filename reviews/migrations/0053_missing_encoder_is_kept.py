"""That a model's text encoder was missing outlives the words: such draws certify nothing."""

from django.db import migrations

FORGET = """
CREATE OR REPLACE FUNCTION reviews_forget_words_of(posts uuid[]) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    authors bigint[] := ARRAY(
        SELECT DISTINCT author_id FROM moderation_post WHERE id = ANY(posts)
    );
BEGIN
    UPDATE moderation_postrevision SET text = '', title = '', permalink = '', context = '',
        language = '', author_name = '', author_email = '', author_url = '', user_agent = '',
        registered_at = NULL, honeypot = '', metadata = '{}', digest = ''
    WHERE post_id = ANY(posts);
    -- Which function judged a draw is no word of the post.
    UPDATE moderation_decision SET fingerprint = NULL, actor = '',
        reasons = jsonb_path_query_array(reasons, '$[*] ? (@.code == "encoder.missing")')
    WHERE post_id = ANY(posts);
    UPDATE moderation_feedback SET actor_id = '' WHERE post_id = ANY(posts);
    UPDATE reviews_verdict SET note = '' WHERE note <> '' AND case_id IN (
        SELECT id FROM reviews_case WHERE post_id = ANY(posts)
    );
    DELETE FROM moderation_event WHERE post_id = ANY(posts) AND delivered_at IS NOT NULL;
    UPDATE moderation_post SET external_id = NULL, author_id = NULL, ip = NULL,
        fingerprint = NULL, pruned_at = now()
    WHERE id = ANY(posts);
    -- Locked first: whoever brings a post of that author now is waited for, or makes a new one.
    authors := ARRAY(SELECT id FROM moderation_author WHERE id = ANY(authors)
        ORDER BY id FOR UPDATE SKIP LOCKED);
    DELETE FROM moderation_author a WHERE id = ANY(authors)
        AND NOT EXISTS (SELECT FROM moderation_post p WHERE p.author_id = a.id);
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("reviews", "0052_looks_are_due")]

    # Going back, the release before may forget as this one does.
    operations = [migrations.RunSQL(FORGET, migrations.RunSQL.noop)]
