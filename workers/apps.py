"""The Django app `workers`."""

from django.apps import AppConfig


class WorkersConfig(AppConfig):
    """See the package's docstring."""

    name = "workers"
