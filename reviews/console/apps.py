from django.apps import AppConfig
from django.conf import settings
from django.contrib.admin import apps as admin
from django.contrib.admin import autodiscover


class ConsoleConfig(AppConfig):
    """Has no tables: an app so that its templates, tags and static files are found."""

    name = "reviews.console"
    label = "console"
    default = True


class OperatorsAdmin(admin.SimpleAdminConfig):
    """Django's admin, with our site instead of its own; its pages only where pages are served."""

    default = False
    default_site = "reviews.admin_site.site.OperatorsSite"

    def ready(self) -> None:
        super().ready()
        if settings.WINNOW_PROCESS not in {"worker", "beat"}:
            autodiscover()
