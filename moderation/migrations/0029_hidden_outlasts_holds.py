from django.db import migrations

# What machines decide is held in the code, under the post's lock: so many rows are not asked for.
TRIGGER = """
DROP TRIGGER moderation_hidden_stays_unpublished ON moderation_decision;
CREATE TRIGGER moderation_hidden_stays_unpublished BEFORE INSERT ON moderation_decision
    FOR EACH ROW WHEN (NEW.published AND NEW.source {but})
    EXECUTE FUNCTION moderation_hidden_stays_unpublished();
"""


class Migration(migrations.Migration):
    dependencies = [("moderation", "0028_wrong_authors_of_certificates")]

    operations = [
        migrations.RunSQL(
            TRIGGER.format(but="<> 'machine'"), TRIGGER.format(but="NOT IN ('machine', 'expiry')")
        )
    ]
