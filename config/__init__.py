"""The project's configuration: settings, URLs, the Celery app, the embedded servers."""

from config.celery import app as celery_app

__all__ = ["celery_app"]
