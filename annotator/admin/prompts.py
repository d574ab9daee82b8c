"""Prompts, to look at: they come in through imports."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.db.models.functions import Left
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from annotator.admin.base import BY_PROJECT, LanguageFilter, ReadOnlyAdmin, beginning
from annotator.models import Prompt


@admin.register(Prompt)
class PromptAdmin(ReadOnlyAdmin):
    """What opens a conversation."""

    list_display = ("id", "beginning", "language", "project", "group", "topic", "external_id")
    list_display_links = ("id", "beginning")
    list_select_related = ("project", "group")
    list_filter = (BY_PROJECT, LanguageFilter, "source")
    search_fields = ("=external_id", "text")
    search_help_text = _("Searches the texts, and whole external ids.")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Prompt]:
        """Read only the beginning of each text for the list."""
        rows: QuerySet[Prompt] = super().get_queryset(request)
        if request.resolver_match and (request.resolver_match.url_name or "").endswith(
            "_changelist"
        ):
            return rows.annotate(text_begins=Left("text", 200)).defer("text", "system")
        return rows

    @admin.display(description=_("text"))
    def beginning(self, prompt: Any) -> str:
        """Return how the text begins."""
        return beginning(prompt.text_begins)
