"""Second looks: cases that are judged again, blind, and what is drawn for it.

The check on cases is not applied to the rows that are there, none of which is a look: so nobody
waits for it. Looks go with the verdicts and cases that they are about.
"""

import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

CHECK = """
ALTER TABLE reviews_case ADD CONSTRAINT case_look_is_addressed
CHECK (lane <> 'look' OR (audit_id IS NULL AND meant_for <> '{}')) NOT VALID
"""
UNCHECK = "ALTER TABLE reviews_case DROP CONSTRAINT case_look_is_addressed"
GUARD = """
CREATE FUNCTION reviews_look_decides_nothing() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_TABLE_NAME = 'reviews_verdict' THEN
        IF NEW.decision_id IS NOT NULL AND EXISTS (
            SELECT FROM reviews_case WHERE id = NEW.case_id AND lane = 'look'
        ) THEN
            RAISE EXCEPTION 'a look decides nothing' USING ERRCODE = 'check_violation';
        END IF;
    ELSIF EXISTS (
        SELECT FROM reviews_verdict v JOIN reviews_case c ON c.id = v.case_id
        WHERE v.id = NEW.verdict_id AND c.lane = 'look'
    ) THEN
        RAISE EXCEPTION 'a look teaches nothing' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER reviews_look_decides_nothing BEFORE INSERT ON reviews_verdict
    FOR EACH ROW WHEN (NEW.decision_id IS NOT NULL)
    EXECUTE FUNCTION reviews_look_decides_nothing();
CREATE TRIGGER reviews_look_teaches_nothing BEFORE INSERT ON reviews_label
    FOR EACH ROW WHEN (NEW.verdict_id IS NOT NULL)
    EXECUTE FUNCTION reviews_look_decides_nothing();

CREATE FUNCTION reviews_forget_looks() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_TABLE_NAME = 'reviews_verdict' THEN
        DELETE FROM reviews_look WHERE verdict_id = OLD.id OR answer_id = OLD.id;
    ELSE
        DELETE FROM reviews_look WHERE case_id = OLD.id OR dispute_id = OLD.id;
    END IF;
    RETURN OLD;
END $$;
CREATE TRIGGER reviews_forget_looks_with_verdict BEFORE DELETE ON reviews_verdict
    FOR EACH ROW EXECUTE FUNCTION reviews_forget_looks();
CREATE TRIGGER reviews_forget_looks_with_case BEFORE DELETE ON reviews_case
    FOR EACH ROW EXECUTE FUNCTION reviews_forget_looks();
"""
UNGUARD = """
DROP TRIGGER reviews_forget_looks_with_case ON reviews_case;
DROP TRIGGER reviews_forget_looks_with_verdict ON reviews_verdict;
DROP FUNCTION reviews_forget_looks;
DROP TRIGGER reviews_look_teaches_nothing ON reviews_label;
DROP TRIGGER reviews_look_decides_nothing ON reviews_verdict;
DROP FUNCTION reviews_look_decides_nothing;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("moderation", "0013_statements_and_appeals"),
        ("reviews", "0015_roles_of_members"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Look',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('second', 'second'), ('gold', 'gold')], max_length=8)),
                ('why', models.CharField(choices=[('sample', 'sample'), ('honest', 'honest'), ('spam', 'spam')], max_length=8)),
                ('probability', models.FloatField(help_text='With which it was drawn.')),
                ('own', models.BooleanField(default=False, help_text='By whoever gave the verdict, a day later: nobody else was there.')),
                ('due_at', models.DateTimeField()),
                ('ended', models.CharField(blank=True, help_text='Why nobody looked.', max_length=200)),
                ('created_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='LookPlan',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('second_share', models.FloatField(default=0.05, help_text='Share of answered cases that somebody else judges again without knowing it.', validators=[django.core.validators.MinValueValidator(0.0), django.core.validators.MaxValueValidator(1.0)], verbose_name='second looks')),
                ('spam_share', models.FloatField(default=0.1, help_text='The same for audited posts that the machine would block and that were called spam. Those that were called anything else are always looked at again.', validators=[django.core.validators.MinValueValidator(0.0), django.core.validators.MaxValueValidator(1.0)], verbose_name='second looks at audited blocks')),
                ('gold_share', models.FloatField(default=0.02, help_text='Share of answers after which somebody meets a case on which two others agreed.', validators=[django.core.validators.MinValueValidator(0.0), django.core.validators.MaxValueValidator(1.0)], verbose_name='known cases')),
                ('plain_share', models.FloatField(default=0.2, help_text='Share of ordinary cases that are judged by the post alone. Audits, known cases and second looks always are, and hide among these.', validators=[django.core.validators.MinValueValidator(0.05), django.core.validators.MaxValueValidator(1.0)], verbose_name='ordinary cases without evidence')),
            ],
            options={
                'verbose_name': 'second looks',
                'verbose_name_plural': 'second looks',
            },
        ),
        migrations.AddField(
            model_name='case',
            name='meant_for',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), blank=True, db_default=[], default=list, help_text='Ids of those who may judge it; empty for everybody.', size=None),
        ),
        migrations.AddField(
            model_name='look',
            name='answer',
            field=models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='answers_look', to='reviews.verdict'),
        ),
        migrations.AddField(
            model_name='look',
            name='case',
            field=models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='look', to='reviews.case'),
        ),
        migrations.AddField(
            model_name='look',
            name='dispute',
            field=models.OneToOneField(blank=True, help_text='Asks a third person, whose verdict decides.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='disputed_by', to='reviews.case'),
        ),
        migrations.AddField(
            model_name='look',
            name='person',
            field=models.ForeignKey(blank=True, help_text='Who is to look, where it is somebody in particular.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='look',
            name='site',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='moderation.site'),
        ),
        migrations.AddField(
            model_name='look',
            name='verdict',
            field=models.ForeignKey(help_text='What is looked at.', on_delete=django.db.models.deletion.PROTECT, related_name='looks', to='reviews.verdict'),
        ),
        migrations.AddField(
            model_name='lookplan',
            name='site',
            field=models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='look_plan', to='moderation.site'),
        ),
        migrations.AddIndex(
            model_name='look',
            index=models.Index(condition=models.Q(('case__isnull', True), ('ended', '')), fields=['due_at'], name='look_due'),
        ),
        migrations.AddIndex(
            model_name='look',
            index=models.Index(fields=['site', '-id'], name='look_site_newest'),
        ),
        migrations.AddConstraint(
            model_name='look',
            constraint=models.UniqueConstraint(condition=models.Q(('kind', 'second')), fields=('verdict',), name='look_second_once'),
        ),
        migrations.AddConstraint(
            model_name='look',
            constraint=models.CheckConstraint(condition=models.Q(('probability__gt', 0), ('probability__lte', 1)), name='look_probability'),
        ),
        migrations.AddConstraint(
            model_name='look',
            constraint=models.CheckConstraint(condition=models.Q(('answer__isnull', True), models.Q(('case__isnull', False), ('ended', '')), _connector='OR'), name='look_answer_has_case'),
        ),
        migrations.AddConstraint(
            model_name='look',
            constraint=models.CheckConstraint(condition=models.Q(('dispute__isnull', True), ('kind', 'second'), _connector='OR'), name='look_gold_disputes_nothing'),
        ),
        migrations.AddConstraint(
            model_name='lookplan',
            constraint=models.CheckConstraint(condition=models.Q(('gold_share__gte', 0), ('gold_share__lte', 1), ('plain_share__gte', 0.05), ('plain_share__lte', 1), ('second_share__gte', 0), ('second_share__lte', 1), ('spam_share__gte', 0), ('spam_share__lte', 1)), name='look_plan_shares'),
        ),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    model_name='case',
                    name='lane',
                    field=models.CharField(choices=[('held', 'held'), ('published', 'published'), ('overflow', 'overflow'), ('audit', 'audit'), ('reported', 'reported'), ('appeal', 'appeal'), ('look', 'look')], max_length=16),
                ),
                migrations.AddConstraint(
                    model_name='case',
                    constraint=models.CheckConstraint(condition=models.Q(models.Q(('lane', 'look'), _negated=True), models.Q(('audit__isnull', True), models.Q(('meant_for', []), _negated=True)), _connector='OR'), name='case_look_is_addressed'),
                ),
            ]
        ),
        migrations.RunSQL(CHECK, UNCHECK),
        migrations.RunSQL(GUARD, UNGUARD),
    ]
