"""The admin: a project's path from prompts to judgments, and every row to look at. One file per chapter."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from annotator.admin import (
    access,
    checks,
    comparisons,
    generation,
    judgments,
    panels,
    people,
    projects,
    prompts,
    releases,
    sources,
)

__all__ = [
    "access",
    "checks",
    "comparisons",
    "generation",
    "judgments",
    "panels",
    "people",
    "projects",
    "prompts",
    "releases",
    "sources",
]

admin.site.site_header = _("Plurivox")
admin.site.site_title = _("Plurivox")
admin.site.index_title = _("Administration")
