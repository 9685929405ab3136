"""A look stands beside whatever else is open about its post: two unique indexes, built online."""

from django.db import migrations, models


def replace(made: str, columns: str, condition: str, former: str) -> list[str]:
    """Statements that may be run again after they broke off."""
    return [
        f"DROP INDEX CONCURRENTLY IF EXISTS {made}",
        f"CREATE UNIQUE INDEX CONCURRENTLY {made} ON reviews_case ({columns}) WHERE {condition}",
        f"DROP INDEX CONCURRENTLY IF EXISTS {former}",
    ]


POST = ("post_id", "state = 'open' AND NOT (lane IN ('audit', 'look'))")
WORDS = ("post_id, revision", "state = 'open' AND NOT (lane = 'look')")
FORMER_POST = ("post_id", "state = 'open' AND NOT (lane = 'audit')")
FORMER_WORDS = ("post_id, revision", "state = 'open'")


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("reviews", "0016_second_looks")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    [
                        "SET lock_timeout = 0",
                        *replace("case_one_open_to_decide", *POST, "case_one_open_a_post"),
                        *replace("case_one_open_of_words", *WORDS, "case_one_open_a_revision"),
                        "RESET lock_timeout",
                    ],
                    [
                        *replace("case_one_open_a_post", *FORMER_POST, "case_one_open_to_decide"),
                        *replace(
                            "case_one_open_a_revision", *FORMER_WORDS, "case_one_open_of_words"
                        ),
                    ],
                ),
            ],
            state_operations=[
                migrations.RemoveConstraint(
                    model_name='case',
                    name='case_one_open_a_post',
                ),
                migrations.RemoveConstraint(
                    model_name='case',
                    name='case_one_open_a_revision',
                ),
                migrations.AddConstraint(
                    model_name='case',
                    constraint=models.UniqueConstraint(condition=models.Q(('state', 'open'), models.Q(('lane__in', ['audit', 'look']), _negated=True)), fields=('post',), name='case_one_open_to_decide'),
                ),
                migrations.AddConstraint(
                    model_name='case',
                    constraint=models.UniqueConstraint(condition=models.Q(('state', 'open'), models.Q(('lane', 'look'), _negated=True)), fields=('post', 'revision'), name='case_one_open_of_words'),
                ),
            ],
        ),
    ]
