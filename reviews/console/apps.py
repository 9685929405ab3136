from django.apps import AppConfig
from django.contrib.admin import apps as admin


class ConsoleConfig(AppConfig):
    """Has no tables: an app so that its templates, tags and static files are found."""

    name = "reviews.console"
    label = "console"
    default = True


class OperatorsAdmin(admin.AdminConfig):
    """Django's admin, with our site instead of its own."""

    default = False
    default_site = "reviews.console.operators.OperatorsSite"
