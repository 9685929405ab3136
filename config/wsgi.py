"""What the web server calls. A configuration that fails its checks serves nothing."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

application = get_wsgi_application()

from config.checks import refuse_errors  # noqa: E402 - needs the applications loaded

refuse_errors()
