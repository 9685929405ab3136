"""Facts are kept for as long as figures and certificates look back; words go when they were to."""

import django.core.validators
from django.db import migrations, models

CHECK = """
UPDATE reviews_retention SET words_days = COALESCE(words_days, facts_days), facts_days = 100
WHERE facts_days < 100;
ALTER TABLE reviews_retention ADD CONSTRAINT retention_facts_outlive_figures
CHECK (facts_days IS NULL OR facts_days >= 100) NOT VALID;
"""
UNCHECK = "ALTER TABLE reviews_retention DROP CONSTRAINT retention_facts_outlive_figures"


def days(least: int, **named: str) -> models.Field:
    limits = [
        django.core.validators.MinValueValidator(least),
        django.core.validators.MaxValueValidator(36_500),
    ]
    return models.PositiveIntegerField(null=True, blank=True, validators=limits, **named)


class Migration(migrations.Migration):
    dependencies = [("reviews", "0062_answers_over_the_cap")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(CHECK, UNCHECK)],
            state_operations=[
                migrations.AlterField(
                    model_name="retention",
                    name="words_days",
                    field=days(
                        1,
                        verbose_name="days until words are deleted",
                        help_text="With them goes everything personal: titles, links, authors, "
                        "addresses. Empty: never.",
                    ),
                ),
                migrations.AlterField(
                    model_name="retention",
                    name="facts_days",
                    field=days(
                        100,
                        verbose_name="days until facts are deleted",
                        help_text="Outcomes, probabilities, audits, labels: the whole post is "
                        "gone. At least 100, as what is promised and measured looks back so far. "
                        "Empty: never.",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="retention",
                    constraint=models.CheckConstraint(
                        condition=models.Q(facts_days__isnull=True)
                        | models.Q(facts_days__gte=100),
                        name="retention_facts_outlive_figures",
                    ),
                ),
            ],
        )
    ]
