"""The one Celery app. Messages are bells: they carry ids, and may be lost or doubled."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("plurivox")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
