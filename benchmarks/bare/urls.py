"""One row inserted and one empty task sent, as plainly as Django and Celery allow."""

import json

from django.db import models
from django.http import HttpRequest, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from config import urls
from config.celery import app


class Row(models.Model):
    """Next to nothing: no index but the key, no constraint."""

    author = models.TextField()
    text = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        app_label = "benchmarks"
        db_table = "bare_row"
        managed = False


@app.task(name="benchmarks.bare", queue="bare", ignore_result=True)
def nothing() -> None:
    """Empty."""


@csrf_exempt
@require_POST
def insert(request: HttpRequest) -> JsonResponse:
    given = json.loads(request.body)
    row = Row._default_manager.create(author=given["author"]["id"], text=given["text"])
    nothing.delay()
    return JsonResponse({"id": row.pk}, status=202)


urlpatterns = [path("bare", insert), *urls.urlpatterns]
