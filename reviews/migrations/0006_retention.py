"""How long sites remember, and the functions that forget: the application's role cannot delete.

They run as the owner, and delete nothing but what a site's own row of retention lets them.
"""

import django.core.validators
import django.db.models.deletion
from django.db import migrations, models


PRUNE = """
CREATE FUNCTION reviews_first_id(moment timestamptz) RETURNS uuid
LANGUAGE sql IMMUTABLE AS $$
    SELECT (lpad(to_hex((extract(epoch FROM moment) * 1000)::bigint), 12, '0') || repeat('0', 20))
        ::uuid
$$;

-- Posts of the site after `after` that are older than `days`, oldest first, and whether nothing
-- about them is open. What somebody works on just now is left for the next time.
CREATE FUNCTION reviews_settled_posts(of_site bigint, after uuid, days integer, at_most integer)
RETURNS TABLE (post_id uuid, settled boolean)
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH old AS (
        SELECT id, status, hold_until FROM moderation_post
        WHERE site_id = of_site AND id > after
          AND id < reviews_first_id(now() - make_interval(days => days))
        ORDER BY id LIMIT at_most
    ), free AS (
        SELECT p.id FROM moderation_post p
        WHERE p.id IN (SELECT id FROM old)
          AND p.status <> 'pending' AND p.hold_until IS NULL
          AND NOT EXISTS (
              SELECT FROM reviews_case c WHERE c.post_id = p.id AND c.state = 'open'
          )
        FOR UPDATE SKIP LOCKED
    )
    SELECT old.id, free.id IS NOT NULL FROM old LEFT JOIN free USING (id) ORDER BY old.id
$$;
REVOKE ALL ON FUNCTION reviews_settled_posts FROM PUBLIC;

CREATE FUNCTION reviews_forget_words(
    of_site bigint, after uuid, at_most integer,
    OUT seen integer, OUT kept integer, OUT pruned integer, OUT last uuid
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    days integer := (SELECT words_days FROM reviews_retention WHERE site_id = of_site);
    posts uuid[];
    authors bigint[];
BEGIN
    SELECT count(*), count(*) FILTER (WHERE NOT settled),
        array_agg(post_id) FILTER (WHERE settled), (array_agg(post_id))[count(*)]
    INTO seen, kept, posts, last
    FROM reviews_settled_posts(of_site, after, days, at_most);
    posts := ARRAY(
        SELECT id FROM moderation_post WHERE id = ANY(posts) AND pruned_at IS NULL
    );
    pruned := cardinality(posts);
    authors := ARRAY(SELECT DISTINCT author_id FROM moderation_post WHERE id = ANY(posts));
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

CREATE FUNCTION reviews_forget_posts(
    of_site bigint, after uuid, at_most integer,
    OUT seen integer, OUT kept integer, OUT pruned integer, OUT last uuid
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    days integer := (SELECT facts_days FROM reviews_retention WHERE site_id = of_site);
    posts uuid[];
    decisions bigint[];
    cases bigint[];
    authors bigint[];
BEGIN
    SELECT count(*), count(*) FILTER (WHERE NOT settled),
        array_agg(post_id) FILTER (WHERE settled), (array_agg(post_id))[count(*)]
    INTO seen, kept, posts, last
    FROM reviews_settled_posts(of_site, after, days, at_most);
    pruned := coalesce(cardinality(posts), 0);
    decisions := ARRAY(SELECT id FROM moderation_decision WHERE post_id = ANY(posts));
    cases := ARRAY(SELECT id FROM reviews_case WHERE post_id = ANY(posts));
    authors := ARRAY(SELECT DISTINCT author_id FROM moderation_post
        WHERE id = ANY(posts) AND author_id IS NOT NULL);
    DELETE FROM reviews_label WHERE post_id = ANY(posts);
    DELETE FROM reviews_verdict WHERE case_id = ANY(cases);
    DELETE FROM reviews_case WHERE id = ANY(cases);
    DELETE FROM moderation_auditdraw WHERE decision_id = ANY(decisions);
    DELETE FROM moderation_event WHERE post_id = ANY(posts);
    DELETE FROM moderation_score WHERE post_id = ANY(posts);
    DELETE FROM moderation_feedback WHERE post_id = ANY(posts);
    DELETE FROM moderation_postrevision WHERE post_id = ANY(posts);
    DELETE FROM moderation_decision WHERE id = ANY(decisions);
    DELETE FROM moderation_post WHERE id = ANY(posts);
    authors := ARRAY(SELECT id FROM moderation_author WHERE id = ANY(authors)
        ORDER BY id FOR UPDATE SKIP LOCKED);
    DELETE FROM moderation_author a WHERE id = ANY(authors)
        AND NOT EXISTS (SELECT FROM moderation_post p WHERE p.author_id = a.id);
END $$;
"""
DROP = """
DROP FUNCTION reviews_forget_posts;
DROP FUNCTION reviews_forget_words;
DROP FUNCTION reviews_settled_posts;
DROP FUNCTION reviews_first_id;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("moderation", "0008_posts_are_pruned"),
        ("reviews", "0005_queue_stays_flat"),
    ]

    operations = [
        migrations.CreateModel(
            name="Retention",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "words_days",
                    models.PositiveIntegerField(
                        blank=True,
                        help_text="With them goes everything personal: titles, links, authors, addresses. Empty: never.",
                        null=True,
                        validators=[django.core.validators.MinValueValidator(1)],
                        verbose_name="days until words are deleted",
                    ),
                ),
                (
                    "facts_days",
                    models.PositiveIntegerField(
                        blank=True,
                        help_text="Outcomes, probabilities, audits, labels: the whole post is gone. Empty: never.",
                        null=True,
                        validators=[django.core.validators.MinValueValidator(1)],
                        verbose_name="days until facts are deleted",
                    ),
                ),
                (
                    "words_to",
                    models.UUIDField(
                        editable=False,
                        help_text="Up to this post no words are left to delete.",
                        null=True,
                    ),
                ),
                ("ran_at", models.DateTimeField(editable=False, null=True)),
                (
                    "site",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="retention",
                        to="moderation.site",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "retention",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("words_days__isnull", True), ("words_days__gte", 1), _connector="OR"
                        ),
                        name="retention_words_a_day",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("facts_days__isnull", True),
                            models.Q(("facts_days__gte", 1), ("words_days__isnull", True)),
                            ("facts_days__gte", models.F("words_days")),
                            _connector="OR",
                        ),
                        name="retention_facts_outlive_words",
                    ),
                ],
            },
        ),
        migrations.RunSQL(PRUNE, DROP),
    ]
