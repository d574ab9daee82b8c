"""Waves: which settings wait to come into force."""

from typing import Any, cast

from django.db import models

from annotator.models import Project, Wave


def list_pending(*, project: Project) -> list[str]:
    """Return the frozen settings, in words, that differ from the newest wave; none before the first."""
    latest = Wave.objects.filter(project=project).order_by("-number").first()
    if latest is None:
        return []
    fields = {
        name: cast("models.Field[Any, Any]", Project._meta.get_field(name))
        for name in Project.FROZEN
    }
    return [
        str(field.verbose_name)
        for name, field in fields.items()
        if getattr(project, name) != latest.setting(name)
    ]
