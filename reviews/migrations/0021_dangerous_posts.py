"""Who hid which post, who may see hidden posts, and that forgetting passes these by."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

KINDS = ("spam", "not_spam", "remove", "cannot_tell", "danger", "undo")
SETTLED = """
CREATE OR REPLACE FUNCTION reviews_settled_posts(
    of_site bigint, after uuid, days integer, at_most integer
) RETURNS TABLE (post_id uuid, settled boolean)
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH old AS (
        SELECT id, status, hold_until FROM moderation_post
        WHERE site_id = of_site AND id > after{hidden}
          AND id < reviews_first_id(now() - make_interval(days => days))
        ORDER BY id LIMIT at_most
    ), free AS (
        SELECT p.id FROM moderation_post p
        WHERE p.id IN (SELECT id FROM old){of_free}
          AND p.status <> 'pending' AND p.hold_until IS NULL
          AND NOT EXISTS (
              SELECT FROM reviews_case c WHERE c.post_id = p.id AND c.state = 'open'
          )
        FOR UPDATE SKIP LOCKED
    )
    SELECT old.id, free.id IS NOT NULL FROM old LEFT JOIN free USING (id) ORDER BY old.id
$$;
"""
PASS_BY = SETTLED.format(
    # Again once it is locked: it may have been hidden meanwhile.
    hidden=" AND hidden_at IS NULL",
    of_free=" AND p.hidden_at IS NULL",
)
FORGET = """
CREATE FUNCTION reviews_forget_legal_holds() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM reviews_legalhold WHERE post_id = OLD.id;
    RETURN OLD;
END $$;
CREATE TRIGGER reviews_forget_legal_holds BEFORE DELETE ON moderation_post
    FOR EACH ROW EXECUTE FUNCTION reviews_forget_legal_holds();
"""
REMEMBER = """
DROP TRIGGER reviews_forget_legal_holds ON moderation_post;
DROP FUNCTION reviews_forget_legal_holds;
"""


def key(to: str, **options: object) -> models.ForeignKey:
    return models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to=to, **options)


class Migration(migrations.Migration):
    dependencies = [
        ("moderation", "0015_posts_can_be_hidden"),
        ("reviews", "0020_lists_from_cases"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="membership",
            name="sees_hidden",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="Named for posts that were found dangerous or illegal: nobody else sees them.",
                verbose_name="sees hidden posts",
            ),
        ),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    model_name="verdict",
                    name="kind",
                    field=models.CharField(choices=[(x, x) for x in KINDS], max_length=16),
                ),
            ]
        ),
        migrations.CreateModel(
            name="LegalHold",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "act",
                    models.CharField(
                        choices=[("hidden", "hidden"), ("shown", "shown")], max_length=8
                    ),
                ),
                ("created_at", models.DateTimeField()),
                ("post", key("moderation.post", related_name="legal_holds")),
                ("site", key("moderation.site", db_index=False, related_name="+")),
                ("user", key(settings.AUTH_USER_MODEL, db_index=False, related_name="+")),
                (
                    "verdict",
                    key("reviews.verdict", blank=True, null=True, related_name="legal_holds"),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["site", "-id"], name="legal_hold_site_newest")],
            },
        ),
        migrations.RunSQL(PASS_BY, SETTLED.format(hidden="", of_free="")),
        migrations.RunSQL(FORGET, REMEMBER),
    ]
