"""Alarms about missed spam and stopped models; audits that say spam was let through."""

import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('reviews', '0034_mail'),
    ]

    operations = [
        # Words alone: what may be in these columns is checked by no constraint.
        migrations.SeparateDatabaseAndState(state_operations=[
        migrations.AlterField(
            model_name='alarm',
            name='kind',
            field=models.CharField(choices=[('source', 'a source of labels'), ('drift', 'drift'), ('missed', 'missed spam'), ('rollout', 'a new model')], max_length=8),
        ),
        migrations.AlterField(
            model_name='look',
            name='why',
            field=models.CharField(choices=[('sample', 'sample'), ('honest', 'honest'), ('spam', 'spam'), ('missed', 'missed')], max_length=8),
        ),
        migrations.AlterField(
            model_name='lookplan',
            name='spam_share',
            field=models.FloatField(default=0.1, help_text='The same for audited posts that the machine would block and that were called spam. Those that were called anything else are always looked at again, as are audited posts that the machine allowed and somebody called spam.', validators=[django.core.validators.MinValueValidator(0.0), django.core.validators.MaxValueValidator(1.0)], verbose_name='second looks at audited blocks'),
        ),
        ]),
    ]
