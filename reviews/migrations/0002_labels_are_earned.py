"""The database refuses labels that nobody earned, whatever code writes them.

- A label from a verdict says what the verdict said: "remove for another reason" and "cannot
  tell" never become labels.
- The label of an audited case is marked as one, with the probability of its draw, so that it
  can never slip into training; no other label carries the mark.
- A retraction names a label of the same words, and is not itself retracted.
"""

from django.db import migrations

CREATE = """
CREATE FUNCTION reviews_label_is_earned() RETURNS trigger LANGUAGE plpgsql AS $$
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
        IF NEW.retracts_id IS NOT NULL AND given.kind <> 'undo' THEN
            RAISE EXCEPTION 'only an undo retracts a verdict''s label'
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
CREATE TRIGGER reviews_label_is_earned BEFORE INSERT ON reviews_label
    FOR EACH ROW WHEN (NEW.verdict_id IS NOT NULL OR NEW.retracts_id IS NOT NULL)
    EXECUTE FUNCTION reviews_label_is_earned();

CREATE FUNCTION reviews_verdict_answers_its_case() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    earlier reviews_verdict;
BEGIN
    IF NEW.undoes_id IS NOT NULL THEN
        SELECT * INTO earlier FROM reviews_verdict WHERE id = NEW.undoes_id;
        IF earlier.undoes_id IS NOT NULL OR earlier.case_id <> NEW.case_id THEN
            RAISE EXCEPTION 'an undo takes back a verdict on the same case'
                USING ERRCODE = 'check_violation';
        END IF;
    END IF;
    IF EXISTS (
        SELECT 1 FROM moderation_decision d, reviews_case c
        WHERE c.id = NEW.case_id AND d.id IN (NEW.seen_id, NEW.decision_id)
          AND d.post_id <> c.post_id
    ) THEN
        RAISE EXCEPTION 'a verdict is about the post of its case'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER reviews_verdict_answers_its_case BEFORE INSERT ON reviews_verdict
    FOR EACH ROW EXECUTE FUNCTION reviews_verdict_answers_its_case();
"""

DROP = """
DROP TRIGGER reviews_verdict_answers_its_case ON reviews_verdict;
DROP FUNCTION reviews_verdict_answers_its_case();
DROP TRIGGER reviews_label_is_earned ON reviews_label;
DROP FUNCTION reviews_label_is_earned();
"""


class Migration(migrations.Migration):
    dependencies = (
        ("reviews", "0001_initial"),
        ("moderation", "0001_initial"),
    )
    operations = (migrations.RunSQL(CREATE, DROP),)
