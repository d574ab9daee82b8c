"""Candidate sets with their responses, and the questions made of them."""

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from annotator.admin.alignment import ReviewedSetAdmin
from annotator.admin.base import BY_PROJECT, LanguageFilter, ReadOnlyAdmin
from annotator.models import (
    Assignment,
    CandidateSet,
    Comparison,
    ComparisonOption,
    Exchange,
    Response,
)


class ReadOnlyInline(admin.TabularInline):  # type: ignore[type-arg]
    """Rows that belong to the one above."""

    extra = 0
    can_delete = False
    show_change_link = False

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody adds rows here."""
        del request, obj
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody changes rows here."""
        del request, obj
        return False


class ResponseInline(ReadOnlyInline):
    """The responses of a set, in the order in which they were generated."""

    model = Response
    fields = (
        "slot",
        "text",
        "strategy",
        "model",
        "seed",
        "finish_reason",
        "completion_tokens",
        "codes",
    )
    ordering = ("slot",)


class ExchangeInline(ReadOnlyInline):
    """What was sent to the model server for a set, and what came back."""

    model = Exchange
    fields = ("attempt", "number", "request", "answer", "error", "duration_ms", "created_at")
    readonly_fields = fields
    ordering = ("attempt", "number")


@admin.register(CandidateSet)
class CandidateSetAdmin(ReviewedSetAdmin):
    """The responses to one prompt, made together."""

    list_display = (
        "id",
        "project",
        "prompt",
        "run",
        "language",
        "strategy",
        "state",
        "review_link",
        "failure",
        "created_at",
    )
    list_select_related = ("project", "prompt", "run")
    list_filter = (BY_PROJECT, "state", LanguageFilter)
    list_display_links = ("id",)
    inlines = (ResponseInline, ExchangeInline)


class OptionInline(ReadOnlyInline):
    """The responses to choose from."""

    model = ComparisonOption
    fields = ("position", "response_text")
    readonly_fields = ("response_text",)
    ordering = ("position",)

    @admin.display(description=_("response"))
    def response_text(self, option: ComparisonOption) -> str:
        """Return the text itself."""
        return option.response.text

    def get_queryset(self, request: HttpRequest) -> Any:
        """Read the responses in the same query."""
        return super().get_queryset(request).select_related("response", "comparison")


class AssignmentInline(ReadOnlyInline):
    """The places of a comparison and who holds them."""

    model = Assignment
    fields = (
        "number",
        "state",
        "stratum",
        "participation",
        "lease_until",
        "display_order",
        "explanation_asked",
    )
    ordering = ("number",)

    def get_queryset(self, request: HttpRequest) -> Any:
        """Read the pseudonyms in the same query."""
        return super().get_queryset(request).select_related("participation", "comparison")


@admin.register(Comparison)
class ComparisonAdmin(ReadOnlyAdmin):
    """The question put to people."""

    list_display = ("id", "project", "candidate_set", "number", "kind", "language", "created_at")
    list_display_links = ("id",)
    list_select_related = ("project", "candidate_set")
    list_filter = (BY_PROJECT, "kind")  # languages are those of the sets
    inlines = (OptionInline, AssignmentInline)
