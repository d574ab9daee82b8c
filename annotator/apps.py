"""The Django app of the domain."""

from django.apps import AppConfig


class AnnotatorConfig(AppConfig):
    """Plurivox's domain."""

    name = "annotator"
    verbose_name = "Plurivox"
