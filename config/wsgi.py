"""What the web server calls. A configuration that fails its checks serves nothing."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

_django = get_wsgi_application()

from config import bodies, run  # noqa: E402 - needs the applications loaded
from config.checks import refuse_errors  # noqa: E402

refuse_errors()
application = bodies.in_turns(_django, threads=run.web_threads())
