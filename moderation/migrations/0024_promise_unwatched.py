"""An event says that a certificate ended because nobody watched it."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('moderation', '0023_feedback_by_key'),
    ]

    operations = [
        # What may be in it is checked by no constraint.
        migrations.SeparateDatabaseAndState(state_operations=[
        migrations.AlterField(
            model_name='event',
            name='kind',
            field=models.CharField(choices=[('decision.recorded', 'decision.recorded'), ('hold.expired', 'hold.expired'), ('post.withdrawn', 'post.withdrawn'), ('feedback.received', 'feedback.received'), ('block_cap.reached', 'block_cap.reached'), ('promise.certified', 'promise.certified'), ('promise.broken', 'promise.broken'), ('promise.unwatched', 'promise.unwatched'), ('missed.exceeded', 'missed.exceeded'), ('rollout.stopped', 'rollout.stopped'), ('source.flagged', 'source.flagged'), ('drift.found', 'drift.found'), ('appeal.filed', 'appeal.filed'), ('appeal.resolved', 'appeal.resolved'), ('appeal.reopened', 'appeal.reopened')], max_length=32),
        ),
        ]),
    ]
