"""Visits of people through panels, and the codes they went back with."""

from django.contrib import admin
from django.utils.translation import gettext_lazy

from annotator.admin.base import BY_PROJECT, ReadOnlyAdmin
from annotator.models import PanelSession, Right
from annotator.selectors.panels import panel_of


@admin.register(PanelSession)
class PanelSessionAdmin(ReadOnlyAdmin):
    """Each time somebody came through a panel. It holds the panel's names for visits: managers alone see it."""

    viewing = Right.MANAGE
    list_display = (
        "id",
        "project",
        "participation",
        "panel",
        "session_id",
        "started_at",
        "ended_at",
        "outcome",
        "code",
    )
    list_display_links = ("id",)
    list_filter = (BY_PROJECT, "outcome")
    list_select_related = ("project", "participation__project")
    search_fields = ("=session_id", "=participation__pseudonym")
    search_help_text = gettext_lazy("Searches the panel's whole session ids, and whole pseudonyms.")
    fields = (*list_display[1:5], "study_id", *list_display[5:])
    readonly_fields = ("panel", "code")

    @admin.display(description=gettext_lazy("panel"))
    def panel(self, session: PanelSession) -> str:
        """Return the panel's name."""
        return session.participation.panel

    @admin.display(description=gettext_lazy("return code"))
    def code(self, session: PanelSession) -> str:
        """Return the code that goes with how it ended; a dash where the panel has none for it."""
        panel = panel_of(session.participation)
        return str((panel or {}).get("codes", {}).get(session.outcome, "")) or "–"
