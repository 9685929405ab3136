"""A post is decided anew; called unwanted for another reason then, it is no longer spam or ham."""

from django.db import migrations, models

EARNED = """
CREATE OR REPLACE FUNCTION reviews_label_is_earned() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    given record;
    earlier reviews_label;
BEGIN
    IF NEW.verdict_id IS NOT NULL THEN
        SELECT v.kind, c.post_id, c.revision, c.site_id, c.audit_id, d.probability
        INTO given
        FROM reviews_verdict v
        JOIN reviews_case c ON c.id = v.case_id
        LEFT JOIN moderation_auditdraw d ON d.id = c.audit_id
        WHERE v.id = NEW.verdict_id;
        IF (NEW.post_id, NEW.revision, NEW.site_id)
           IS DISTINCT FROM (given.post_id, given.revision, given.site_id) THEN
            RAISE EXCEPTION 'a label is about the words that its verdict was about'
                USING ERRCODE = 'check_violation';
        END IF;
        IF NEW.retracts_id IS NULL AND NOT (
            (given.kind = 'spam' AND NEW.label = 'spam')
            OR (given.kind = 'not_spam' AND NEW.label = 'ham')
        ) THEN
            RAISE EXCEPTION 'a verdict of % does not make a label of %', given.kind, NEW.label
                USING ERRCODE = 'check_violation';
        END IF;
        IF NEW.retracts_id IS NOT NULL AND <who> THEN
            RAISE EXCEPTION '<told>'
                USING ERRCODE = 'check_violation';
        END IF;
        IF NEW.audit <> (given.audit_id IS NOT NULL)
           OR NEW.inclusion_probability IS DISTINCT FROM given.probability THEN
            RAISE EXCEPTION 'the label of an audit is marked as one, and no other label is'
                USING ERRCODE = 'check_violation';
        END IF;
    END IF;
    IF NEW.retracts_id IS NOT NULL THEN
        SELECT * INTO earlier FROM reviews_label WHERE id = NEW.retracts_id;
        IF earlier.retracts_id IS NOT NULL
           OR (NEW.post_id, NEW.revision, NEW.site_id, NEW.label)
              IS DISTINCT FROM (earlier.post_id, earlier.revision, earlier.site_id, earlier.label)
        THEN
            RAISE EXCEPTION 'a retraction repeats the label that it takes back'
                USING ERRCODE = 'check_violation';
        END IF;
    END IF;
    RETURN NEW;
END $$;
"""
WHO = "given.kind <> 'undo'"
BEFORE = EARNED.replace("<who>", WHO).replace(
    "<told>", "only an undo retracts a verdict''s label"
)
ANEW = """NOT (
            given.kind = 'undo' OR given.kind = 'remove'
            AND EXISTS (SELECT FROM reviews_verdict v JOIN reviews_case c ON c.id = v.case_id
                        WHERE v.id = NEW.verdict_id AND c.anew)
        )"""
AFTER = EARNED.replace("<who>", ANEW).replace(
    "<told>", "only an undo, or who decides anew, retracts a verdict''s label"
)


class Migration(migrations.Migration):

    dependencies = [("reviews", "0054_promises_are_told")]

    operations = [
        migrations.AddField(
            model_name="case",
            name="anew",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="A senior decided the post anew, after an answer by the post alone.",
            ),
        ),
        migrations.RunSQL(AFTER, BEFORE),
    ]
