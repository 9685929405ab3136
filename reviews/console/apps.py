from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    """Has no tables: an app so that its templates, tags and static files are found."""

    name = "reviews.console"
    label = "console"
