"""Who was shown which page, in rows that the application can only add."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("moderation", "0015_posts_can_be_hidden"),
        ("reviews", "0021_dangerous_posts"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="PageView",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "page",
                    models.CharField(
                        help_text="The name of its address, as the code has it.", max_length=100
                    ),
                ),
                (
                    "subject",
                    models.CharField(
                        blank=True, help_text="The id of what it shows.", max_length=100
                    ),
                ),
                (
                    "asked",
                    models.CharField(blank=True, help_text="What was searched for.", max_length=500),
                ),
                (
                    "sent",
                    models.BooleanField(
                        help_text="A form was sent, and the page not merely looked at."
                    ),
                ),
                ("request_id", models.CharField(blank=True, max_length=64)),
                ("created_at", models.DateTimeField()),
                (
                    "site",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="moderation.site",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["user", "-id"], name="page_view_user_newest"),
                    models.Index(fields=["site", "-id"], name="page_view_site_newest"),
                    models.Index(fields=["subject", "-id"], name="page_view_subject"),
                ],
            },
        ),
    ]
