"""Events that tell of a source of labels and of drift; how unfamiliar posts are."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('moderation', '0017_rollouts_are_found'),
    ]

    operations = [
        migrations.AddField(
            model_name='score',
            name='unfamiliar',
            field=models.FloatField(help_text="Share of the post's n-grams that the model never met.", null=True),
        ),
        # What may be in it is checked by no constraint.
        migrations.SeparateDatabaseAndState(state_operations=[
        migrations.AlterField(
            model_name='event',
            name='kind',
            field=models.CharField(choices=[('decision.recorded', 'decision.recorded'), ('hold.expired', 'hold.expired'), ('post.withdrawn', 'post.withdrawn'), ('feedback.received', 'feedback.received'), ('block_cap.reached', 'block_cap.reached'), ('promise.certified', 'promise.certified'), ('promise.broken', 'promise.broken'), ('source.flagged', 'source.flagged'), ('drift.found', 'drift.found'), ('appeal.filed', 'appeal.filed'), ('appeal.resolved', 'appeal.resolved'), ('appeal.reopened', 'appeal.reopened')], max_length=32),
        ),
        ]),
    ]
