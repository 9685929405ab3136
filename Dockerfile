# syntax=docker/dockerfile:1
FROM python:3.11-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/venv
COPY requirements.txt /tmp/requirements.txt
# Everything is pinned: there is nothing to resolve.
RUN /opt/venv/bin/pip install --no-deps -r /tmp/requirements.txt

FROM python:3.11-slim
RUN useradd --system --uid 10001 --create-home --home-dir /var/lib/winnow winnow
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    WINNOW_ENV=production \
    WINNOW_HOST=0.0.0.0 \
    WINNOW_STATE_DIR=/var/lib/winnow \
    WINNOW_STATIC_ROOT=/srv/static
WORKDIR /app
COPY --from=build /opt/venv /opt/venv
COPY . .
# Collecting files reads the settings, which want addresses; nothing is connected to.
RUN SECRET_KEY=unused DATABASE_URL=postgresql://u@h/d REDIS_URL=redis://h WINNOW_STATE_DIR=/tmp/state \
    python manage.py collectstatic --no-input && rm -rf /tmp/state
USER winnow
VOLUME /var/lib/winnow
EXPOSE 8000
CMD ["python", "-m", "config.run", "web"]
