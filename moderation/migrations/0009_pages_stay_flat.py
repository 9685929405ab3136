import django.db.models.deletion
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    # Indexes that are built while posts come in.
    atomic = False

    dependencies = [
        ("moderation", "0008_posts_are_pruned"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="post",
            index=models.Index(fields=["author", "-id"], name="post_author_by_id"),
        ),
        AddIndexConcurrently(
            model_name="post",
            index=models.Index(
                condition=models.Q(("status", "withdrawn")),
                fields=["site", "-id"],
                name="post_withdrawn",
            ),
        ),
        # Indexes on foreign keys that others begin with.
        migrations.AlterField(
            model_name="auditdraw",
            name="site",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="moderation.site",
            ),
        ),
        migrations.AlterField(
            model_name="author",
            name="site",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="authors",
                to="moderation.site",
            ),
        ),
        # Left to itself, Django would drop the unique index on the same column as well.
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    "DROP INDEX CONCURRENTLY IF EXISTS moderation_decision_post_id_6dad649e",
                    "CREATE INDEX CONCURRENTLY moderation_decision_post_id_6dad649e"
                    " ON moderation_decision (post_id)",
                )
            ],
            state_operations=[
                migrations.AlterField(
                    model_name="decision",
                    name="post",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="decisions",
                        to="moderation.post",
                    ),
                ),
            ],
        ),
        migrations.AlterField(
            model_name="event",
            name="site",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="moderation.site",
            ),
        ),
        migrations.AlterField(
            model_name="feedback",
            name="post",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="feedback",
                to="moderation.post",
            ),
        ),
        migrations.AlterField(
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
        migrations.AlterField(
            model_name="post",
            name="site",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="posts",
                to="moderation.site",
            ),
        ),
        migrations.AlterField(
            model_name="postrevision",
            name="post",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="revisions",
                to="moderation.post",
            ),
        ),
        migrations.AlterField(
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
