# syntax=docker/dockerfile:1
ARG BASE=python:3.12-slim-bookworm
FROM ${BASE} AS build
WORKDIR /app
COPY requirements/app.txt requirements/app.txt
RUN python3 -m venv /venv && /venv/bin/pip install --no-cache-dir --require-hashes -r requirements/app.txt
COPY . .
RUN SECRET_KEY=only-for-collecting-static-files-0123456789 DATABASE_URL=postgresql://nowhere/none REDIS_URL=redis://nowhere \
    /venv/bin/python manage.py collectstatic --noinput --verbosity 0

FROM ${BASE}
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 DATA_DIR=/data
RUN useradd --uid 10001 --home-dir /app --no-create-home plurivox && install -d -o plurivox /data
COPY --from=build /venv /venv
COPY --from=build /app /app
WORKDIR /app
USER plurivox
EXPOSE 8000
CMD ["gunicorn", "config.wsgi", "--config", "config/gunicorn.py", "--bind", "0.0.0.0:8000"]
