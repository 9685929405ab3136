"""What says much the same as a post, and that it is forgotten with the post's words."""

import django.db.models.deletion
from django.db import migrations, models

FORGET = """
CREATE FUNCTION reviews_forget_likeness() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM reviews_likeness WHERE post_id = OLD.id OR other_id = OLD.id;
    DELETE FROM reviews_embedding WHERE post_id = OLD.id;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;

CREATE TRIGGER reviews_forget_likeness_with_words BEFORE UPDATE OF pruned_at ON moderation_post
    FOR EACH ROW WHEN (NEW.pruned_at IS NOT NULL) EXECUTE FUNCTION reviews_forget_likeness();
CREATE TRIGGER reviews_forget_likeness_with_post BEFORE DELETE ON moderation_post
    FOR EACH ROW EXECUTE FUNCTION reviews_forget_likeness();
"""
DROP = """
DROP TRIGGER reviews_forget_likeness_with_words ON moderation_post;
DROP TRIGGER reviews_forget_likeness_with_post ON moderation_post;
DROP FUNCTION reviews_forget_likeness;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("moderation", "0009_pages_stay_flat"),
        ("reviews", "0007_no_index_twice"),
    ]

    operations = [
        migrations.CreateModel(
            name="Embedding",
            fields=[
                (
                    "post",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="embedding",
                        serialize=False,
                        to="moderation.post",
                    ),
                ),
                ("revision", models.PositiveIntegerField()),
                (
                    "encoder",
                    models.CharField(help_text="Digest of the language model.", max_length=64),
                ),
                (
                    "vector",
                    models.BinaryField(
                        help_text="Of length 1; 16 bits a number, little-endian."
                    ),
                ),
                ("created_at", models.DateTimeField()),
                (
                    "site",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="moderation.site",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["site", "-post"], name="embedding_site_newest")],
            },
        ),
        migrations.CreateModel(
            name="Likeness",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("similarity", models.FloatField(help_text="Cosine; 1 for the same words.")),
                (
                    "other",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="moderation.post",
                    ),
                ),
                (
                    "post",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="likenesses",
                        to="moderation.post",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["other", "-similarity"], name="likeness_other")
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("post", "other"), name="likeness_once"),
                    models.CheckConstraint(
                        condition=models.Q(("post", models.F("other")), _negated=True),
                        name="likeness_of_two",
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="case",
            name="compared",
            field=models.BooleanField(
                db_default=True,
                default=False,
                help_text="Posts like this one were looked for, as it reads now.",
            ),
        ),
        migrations.RunSQL(FORGET, DROP),
    ]
