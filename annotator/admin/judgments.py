"""Judgments and the log of changes: append-only, so only to look at."""

from typing import ClassVar

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from annotator.admin.base import BY_PROJECT, ConditionFilter, ReadOnlyAdmin
from annotator.models import Change, HarmFlag, Judgment


class WayOutFilter(ConditionFilter):
    """Answers without a winner: they are few and have an index; of the others there is nothing to single out."""

    title = _("answers without a winner")
    parameter_name = "way_out"
    conditions: ClassVar = {
        kind.value: (kind.label, {"choice_kind": kind})
        for kind in Judgment.ChoiceKind
        if kind not in (Judgment.ChoiceKind.RESPONSE, Judgment.ChoiceKind.RANKING)
    }


@admin.register(Judgment)
class JudgmentAdmin(ReadOnlyAdmin):
    """What people answered."""

    list_display = (
        "id",
        "project",
        "participation",
        "comparison",
        "choice_kind",
        "chosen_slot",
        "strength",
        "counted",
        "submitted_at",
    )
    list_display_links = ("id",)
    list_select_related = ("project", "participation", "comparison", "choice_response", "place")
    list_filter = (BY_PROJECT, WayOutFilter)
    exclude = ("turn",)
    readonly_fields = ("counted",)

    @admin.display(description=_("chosen slot"))
    def chosen_slot(self, judgment: Judgment) -> int | None:
        """Return which of the generated responses was chosen."""
        return judgment.choice_response.slot if judgment.choice_response else None

    @admin.display(description=_("counted"), boolean=True)
    def counted(self, judgment: Judgment) -> bool:
        """Tell whether it fills a place; surplus work does not, nor does that of people left out."""
        return hasattr(judgment, "place") and judgment.participation.excluded_at is None


@admin.register(Change)
class ChangeAdmin(ReadOnlyAdmin):
    """What happened to the data, in order."""

    list_display = ("id", "project", "kind", "judgment", "at")
    list_display_links = ("id",)
    list_select_related = ("project", "judgment")
    list_filter = (BY_PROJECT, "kind")


@admin.register(HarmFlag)
class HarmFlagAdmin(ReadOnlyAdmin):
    """What people reported as harmful, the newest first."""

    list_display = ("__str__", "project", "response", "note", "at")
    list_filter = (BY_PROJECT,)
    list_select_related = ("project", "response")
