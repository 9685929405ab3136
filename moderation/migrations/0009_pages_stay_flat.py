import django.db.models.deletion
from django.db import migrations, models

from moderation.online import AddIndexOnline, LoseIndex


class Migration(migrations.Migration):
    # Indexes that are built while posts come in.
    atomic = False

    dependencies = [
        ("moderation", "0008_posts_are_pruned"),
    ]

    operations = [
        AddIndexOnline(
            model_name="post",
            index=models.Index(fields=["author", "-id"], name="post_author_by_id"),
        ),
        AddIndexOnline(
            model_name="post",
            index=models.Index(
                condition=models.Q(("status", "withdrawn")),
                fields=["site", "-id"],
                name="post_withdrawn",
            ),
        ),
        # Indexes on foreign keys that others begin with.
        LoseIndex(
            model_name="auditdraw",
            name="site",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="moderation.site",
            ),
        ),
        LoseIndex(
            model_name="author",
            name="site",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="authors",
                to="moderation.site",
            ),
        ),
        LoseIndex(
            model_name="decision",
            name="post",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="decisions",
                to="moderation.post",
            ),
        ),
        LoseIndex(
            model_name="event",
            name="site",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="moderation.site",
            ),
        ),
        LoseIndex(
            model_name="feedback",
            name="post",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="feedback",
                to="moderation.post",
            ),
        ),
        LoseIndex(
            model_name="post",
            name="author",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="posts",
                to="moderation.author",
            ),
        ),
        LoseIndex(
            model_name="post",
            name="site",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="posts",
                to="moderation.site",
            ),
        ),
        LoseIndex(
            model_name="postrevision",
            name="post",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="revisions",
                to="moderation.post",
            ),
        ),
        LoseIndex(
            model_name="score",
            name="post",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="scores",
                to="moderation.post",
            ),
        ),
    ]
