from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [('reviews', '0032_verdicts_name_rules')]

    operations = [
        migrations.AddField(
            model_name='preferences',
            name='covers',
            field=models.BooleanField(db_default=True, default=True, help_text='Cover explicit words until they ask for them.'),
        ),
    ]
