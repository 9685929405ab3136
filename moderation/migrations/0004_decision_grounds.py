"""Each decision names its site, its ground, and what a person said the words are.

`Decision.site` has no default: this comes before the first release, to empty tables.
"""

import django.db.models.deletion
from django.db import migrations, models

GROUNDS = (
    "model",
    "copy",
    "list",
    "standard_string",
    "honeypot",
    "failure",
    "earlier_block",
    "mode",
    "fallback",
    "person",
)


class Migration(migrations.Migration):
    dependencies = (("moderation", "0003_pool_labels"),)

    operations = (
        migrations.RemoveIndex(model_name="post", name="post_site_fingerprint"),
        migrations.AddField(
            model_name="decision",
            name="by",
            field=models.CharField(
                blank=True, choices=[(ground, ground) for ground in GROUNDS], max_length=16
            ),
        ),
        migrations.AddField(
            model_name="decision",
            name="fingerprint",
            field=models.BinaryField(
                null=True, editable=False, help_text="Of the words that were decided about."
            ),
        ),
        migrations.AddField(
            model_name="decision",
            name="label",
            field=models.CharField(
                blank=True,
                choices=[("spam", "spam"), ("ham", "ham")],
                help_text="What a person said the words are; empty where nobody said so, as when "
                "a post was removed for another reason.",
                max_length=4,
            ),
        ),
        migrations.AddField(
            model_name="decision",
            name="site",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="moderation.site",
            ),
        ),
        migrations.AddField(
            model_name="postrevision",
            name="honeypot",
            field=models.TextField(
                blank=True, help_text="What came in the form field that people do not see."
            ),
        ),
        migrations.AddIndex(
            model_name="decision",
            index=models.Index(
                condition=models.Q(by__in=("model", "copy"), outcome="block", source="machine"),
                fields=["site", "-created_at"],
                name="decision_capped_blocks",
            ),
        ),
        migrations.AddIndex(
            model_name="decision",
            index=models.Index(
                condition=models.Q(fingerprint__isnull=False) & ~models.Q(label=""),
                fields=["site", "fingerprint"],
                name="decision_labelled_words",
            ),
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(
                condition=models.Q(kind="block_cap.reached"),
                fields=["site", "-created_at"],
                name="event_cap_reached",
            ),
        ),
        migrations.AddIndex(
            model_name="post",
            index=models.Index(
                condition=models.Q(fingerprint__isnull=False),
                fields=["site", "fingerprint", "-created_at"],
                name="post_same_words",
            ),
        ),
        migrations.AddConstraint(
            model_name="decision",
            constraint=models.CheckConstraint(
                condition=models.Q(label="")
                | models.Q(source__in=["feedback", "import", "moderator"]),
                name="decision_label_is_a_persons",
            ),
        ),
    )
