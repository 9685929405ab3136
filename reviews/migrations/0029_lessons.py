"""Cases that were opened because their answers would teach."""

import django.db.models.deletion
from django.db import migrations, models


FORGET = """
CREATE FUNCTION reviews_forget_lessons() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM reviews_lesson WHERE case_id = OLD.id;
    RETURN OLD;
END $$;
CREATE TRIGGER reviews_forget_lessons BEFORE DELETE ON reviews_case
    FOR EACH ROW EXECUTE FUNCTION reviews_forget_lessons();
"""
REMEMBER = """
DROP TRIGGER reviews_forget_lessons ON reviews_case;
DROP FUNCTION reviews_forget_lessons;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('moderation', '0018_sources_and_drift'),
        ('reviews', '0028_drift'),
    ]

    operations = [
        migrations.CreateModel(
            name='Lesson',
            fields=[
                ('case', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='lesson', serialize=False, to='reviews.case')),
                ('doubt', models.FloatField(help_text='How unsure the model was; 1 is most.')),
                ('created_at', models.DateTimeField()),
                ('site', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='moderation.site')),
            ],
            options={
                'indexes': [models.Index(fields=['site', '-created_at'], name='lesson_site_newest')],
            },
        ),
        migrations.RunSQL(FORGET, REMEMBER),
    ]
