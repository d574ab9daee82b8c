"""Celery tasks and the model client."""
