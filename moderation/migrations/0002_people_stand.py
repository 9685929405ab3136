"""The database refuses that a machine overrules a person about the same words.

`moderation.deciding.decisions.record` never tries; this holds when somebody's code is wrong. A
person's "review" is an undone verdict: the question is open again, and its time may run out.
"""

from django.db import migrations

CREATE = """
CREATE FUNCTION moderation_people_stand() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    earlier moderation_decision;
BEGIN
    SELECT * INTO earlier FROM moderation_decision WHERE id = NEW.supersedes_id;
    IF earlier.post_id <> NEW.post_id THEN
        RAISE EXCEPTION 'a decision supersedes only a decision on the same post'
            USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.source IN ('machine', 'expiry')
       AND earlier.source NOT IN ('machine', 'expiry')
       AND earlier.outcome <> 'review'
       AND earlier.revision = NEW.revision THEN
        RAISE EXCEPTION 'a machine does not supersede a person''s decision'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER moderation_people_stand BEFORE INSERT ON moderation_decision
    FOR EACH ROW WHEN (NEW.supersedes_id IS NOT NULL)
    EXECUTE FUNCTION moderation_people_stand();
"""

DROP = """
DROP TRIGGER moderation_people_stand ON moderation_decision;
DROP FUNCTION moderation_people_stand();
"""


class Migration(migrations.Migration):
    dependencies = (("moderation", "0001_initial"),)
    operations = (migrations.RunSQL(CREATE, DROP),)
