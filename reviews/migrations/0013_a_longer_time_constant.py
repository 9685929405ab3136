from django.db import migrations

# `priority` was ln(cost) - hours since 2025; a time constant of twelve hours makes it
# 12 * ln(cost) - hours, and an audit costs 0.5 where it cost 0.2. What cost the least, 0.05, still
# does: its case is refreshed with its decision. What the version before opens meanwhile stands
# five hours too low at the worst, or two days too high where its delay costs least.
#
# Rows are locked in the order in which everybody locks them.
HOURS = "extract(epoch FROM c.opened_at - '2025-01-01 00:00+00')::float8 / 3600"
STRETCH = f"""
WITH waiting AS MATERIALIZED (
    SELECT id FROM reviews_case WHERE state = 'open' ORDER BY id FOR NO KEY UPDATE
)
UPDATE reviews_case c
SET priority = 12 * CASE WHEN lane = 'audit' THEN ln(0.5::float8) ELSE priority + {HOURS} END
    - {HOURS}
FROM waiting WHERE c.id = waiting.id
"""  # noqa: S608 - constants
SHRINK = f"""
WITH waiting AS MATERIALIZED (
    SELECT id FROM reviews_case WHERE state = 'open' ORDER BY id FOR NO KEY UPDATE
)
UPDATE reviews_case c
SET priority = CASE WHEN lane = 'audit' THEN ln(0.2::float8) ELSE (priority + {HOURS}) / 12 END
    - {HOURS}
FROM waiting WHERE c.id = waiting.id
"""  # noqa: S608 - constants


class Migration(migrations.Migration):
    dependencies = [("reviews", "0012_embeddings_wait_to_be_told")]

    operations = [migrations.RunSQL(STRETCH, SHRINK)]
