"""One author can be forgotten at once; only the owner of the tables may ask for it."""

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
    UPDATE moderation_decision SET reasons = '[]', fingerprint = NULL, actor = ''
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
REVOKE ALL ON FUNCTION reviews_forget_words_of FROM PUBLIC;

CREATE OR REPLACE FUNCTION reviews_forget_words(
    of_site bigint, after uuid, at_most integer,
    OUT seen integer, OUT kept integer, OUT pruned integer, OUT last uuid
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    days integer := (SELECT words_days FROM reviews_retention WHERE site_id = of_site);
    posts uuid[];
BEGIN
    SELECT count(*), count(*) FILTER (WHERE NOT settled),
        array_agg(post_id) FILTER (WHERE settled), (array_agg(post_id))[count(*)]
    INTO seen, kept, posts, last
    FROM reviews_settled_posts(of_site, after, days, at_most);
    posts := ARRAY(
        SELECT id FROM moderation_post WHERE id = ANY(posts) AND pruned_at IS NULL
    );
    pruned := cardinality(posts);
    PERFORM reviews_forget_words_of(posts);
END $$;

-- With the caller's rights: the application may change no history, so it cannot forget anybody.
CREATE FUNCTION reviews_forget_author(
    of_site bigint, of_author text, OUT kept integer, OUT pruned integer
) LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    author bigint := (
        SELECT id FROM moderation_author WHERE site_id = of_site AND external_id = of_author
    );
    keys bigint[] := ARRAY(SELECT id FROM moderation_apikey WHERE site_id = of_site);
    stranger text := 'forgotten ' || gen_random_uuid();
    posts uuid[];
BEGIN
    PERFORM FROM moderation_post WHERE author_id = author ORDER BY id FOR UPDATE;
    posts := ARRAY(
        SELECT id FROM moderation_post p WHERE author_id = author
            AND status <> 'pending' AND hold_until IS NULL AND hidden_at IS NULL
            AND NOT EXISTS (
                SELECT FROM reviews_case c WHERE c.post_id = p.id AND c.state = 'open'
            )
    );
    pruned := cardinality(posts);
    kept := (SELECT count(*) FROM moderation_post WHERE author_id = author) - pruned;
    PERFORM reviews_forget_words_of(posts);
    DELETE FROM moderation_author a WHERE id = author
        AND NOT EXISTS (SELECT FROM moderation_post p WHERE p.author_id = a.id);
    -- What they reported stays theirs alone, so that no trust passes to or from others.
    UPDATE moderation_feedback SET actor_id = stranger
    WHERE api_key_id = ANY(keys) AND actor_id = of_author;
    UPDATE reviews_reporter SET actor_id = stranger
    WHERE api_key_id = ANY(keys) AND actor_id = of_author;
    UPDATE reviews_reportrecord SET actor_id = stranger
    WHERE api_key_id = ANY(keys) AND actor_id = of_author;
    -- The body is text, as it was sent.
    DELETE FROM moderation_idempotencykey WHERE api_key_id = ANY(keys)
        AND strpos(response->>'body', '"id":' || to_json(of_author)::text) > 0;
END $$;
REVOKE ALL ON FUNCTION reviews_forget_author FROM PUBLIC;
"""
# Forgetting by term may go on with the parts that it has now.
REMEMBER = "DROP FUNCTION reviews_forget_author;"


class Migration(migrations.Migration):
    dependencies = [("reviews", "0042_rules_for_many")]

    operations = [migrations.RunSQL(FORGET, REMEMBER)]
