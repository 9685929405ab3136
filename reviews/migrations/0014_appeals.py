"""Appeals, whom their cases are kept from, and that the appellant's words go with the post's.

The check on cases is not applied to the rows that are there, none of which is an appeal's: so
nobody waits for it.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from uuid_utils.compat import uuid7

LANES = ("held", "published", "overflow", "audit", "reported", "appeal")
NO_AUDIT = models.CheckConstraint(
    condition=~models.Q(lane="appeal") | models.Q(audit__isnull=True),
    name="case_appeal_is_no_audit",
)
CHECK = """
ALTER TABLE reviews_case ADD CONSTRAINT case_appeal_is_no_audit
CHECK (lane <> 'appeal' OR audit_id IS NULL) NOT VALID
"""
UNCHECK = "ALTER TABLE reviews_case DROP CONSTRAINT case_appeal_is_no_audit"
FORGET = """
CREATE FUNCTION reviews_forget_appeals() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        DELETE FROM reviews_appeal WHERE case_id = OLD.id;
        RETURN OLD;
    END IF;
    UPDATE reviews_appeal SET words = '' WHERE post_id = NEW.id AND words <> '';
    RETURN NEW;
END $$;

CREATE TRIGGER reviews_forget_appeals_words BEFORE UPDATE OF pruned_at ON moderation_post
    FOR EACH ROW WHEN (NEW.pruned_at IS NOT NULL) EXECUTE FUNCTION reviews_forget_appeals();
CREATE TRIGGER reviews_forget_appeals_with_case BEFORE DELETE ON reviews_case
    FOR EACH ROW EXECUTE FUNCTION reviews_forget_appeals();
"""
REMEMBER = """
DROP TRIGGER reviews_forget_appeals_words ON moderation_post;
DROP TRIGGER reviews_forget_appeals_with_case ON reviews_case;
DROP FUNCTION reviews_forget_appeals;
"""


def one(to: str, **options: object) -> models.OneToOneField:
    return models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, to=to, **options)


class Migration(migrations.Migration):
    dependencies = [
        ("moderation", "0013_statements_and_appeals"),
        ("reviews", "0013_a_longer_time_constant"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="case",
            name="barred",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                help_text="Who gave the decision that is appealed against: while the site has another moderator, they do not judge the appeal.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    model_name="case",
                    name="lane",
                    field=models.CharField(choices=[(x, x) for x in LANES], max_length=16),
                ),
                migrations.AddConstraint(model_name="case", constraint=NO_AUDIT),
            ]
        ),
        migrations.RunSQL(CHECK, UNCHECK),
        migrations.CreateModel(
            name="Appeal",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("revision", models.PositiveIntegerField()),
                (
                    "via",
                    models.CharField(choices=[("api", "api"), ("link", "link")], max_length=8),
                ),
                ("words", models.TextField(blank=True, help_text="The appellant's own.")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            (s, s) for s in ("open", "upheld", "overturned", "closed")
                        ],
                        default="open",
                        max_length=16,
                    ),
                ),
                (
                    "ended",
                    models.CharField(
                        blank=True,
                        choices=[("withdrawn", "withdrawn"), ("edited", "edited")],
                        help_text="Why it ended without an answer.",
                        max_length=16,
                    ),
                ),
                ("created_at", models.DateTimeField()),
                ("resolved_at", models.DateTimeField(blank=True, null=True)),
                (
                    "answer",
                    one(
                        "moderation.decision",
                        null=True,
                        blank=True,
                        help_text="A person's decision that answers it.",
                        related_name="answers_appeal",
                    ),
                ),
                ("case", one("reviews.case", related_name="appeal")),
                (
                    "decision",
                    one(
                        "moderation.decision",
                        help_text="What it is against.",
                        related_name="appeal",
                    ),
                ),
                (
                    "post",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="appeals",
                        to="moderation.post",
                    ),
                ),
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
                "indexes": [
                    models.Index(fields=["post"], name="appeal_post"),
                    models.Index(fields=["site", "-id"], name="appeal_site_newest"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(state="open"),
                        fields=("post",),
                        name="appeal_one_open_a_post",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            state="open", resolved_at__isnull=True, answer__isnull=True, ended=""
                        )
                        | models.Q(
                            state__in=("upheld", "overturned"),
                            resolved_at__isnull=False,
                            answer__isnull=False,
                            ended="",
                        )
                        | (
                            models.Q(
                                state="closed", resolved_at__isnull=False, answer__isnull=True
                            )
                            & ~models.Q(ended="")
                        ),
                        name="appeal_end_is_whole",
                    ),
                ],
            },
        ),
        migrations.RunSQL(FORGET, REMEMBER),
    ]
