"""People who come through a panel: what its links carry, where they go back to, and each time they came.

A project lists its panels in a setting; a preset fills in what is the same everywhere.
"""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotator.models.fields import validate_language_tag
from annotator.models.people import Participation
from annotator.models.worded import check_entries

PRESETS: Mapping[str, Mapping[str, Any]] = {
    "prolific": {
        "person": "PROLIFIC_PID",
        "study": "STUDY_ID",
        "session": "SESSION_ID",
        "return_url": "https://app.prolific.com/submissions/complete?cc={code}",
    },
    "generic": {"person": "pid", "study": "study", "session": "session", "return_url": ""},
}
PLACEHOLDERS = ("code", "outcome", "person", "study", "session", "signature")
KEYS = {
    *("slug", "preset", "person", "study", "session", "return_url", "codes", "secret"),
    *("country", "language", "requirements", "sessions_per_person"),
}
SHORTEST_SECRET = 16


class Outcome(models.TextChoices):
    """How a visit ended; each has its own way back to the panel."""

    COMPLETE = "complete", gettext_lazy("complete")
    SCREEN_OUT = "screen_out", gettext_lazy("does not meet a requirement")
    QUOTA_FULL = "quota_full", gettext_lazy("no place was free")
    QUALITY = "quality", gettext_lazy("left out for quality")
    TECHNICAL = "technical", gettext_lazy("a technical problem")
    RETURNED = "returned", gettext_lazy("returned by the person")


def validate_panels(value: object) -> None:
    """Refuse what is not a list of panels, with a sentence that names the entry."""
    for entry in check_entries(value, keys=KEYS):
        slug = entry["slug"]
        if entry.get("preset", "generic") not in PRESETS:
            raise ValidationError(
                _("“%(slug)s”: preset is one of %(presets)s.")
                % {"slug": slug, "presets": ", ".join(PRESETS)}
            )
        for name in ("person", "study", "session", "return_url", "secret", "country", "language"):
            if not isinstance(entry.get(name, ""), str):
                raise ValidationError(
                    _("“%(slug)s”: %(name)s is a text.") % {"slug": slug, "name": name}
                )
        if entry.get("language"):
            validate_language_tag(entry["language"])
        _check_way_back(slug, entry)
        _check_requirements(slug, entry.get("requirements", {}))
        sessions = entry.get("sessions_per_person", 1)
        if not isinstance(sessions, int) or isinstance(sessions, bool) or sessions < 1:
            raise ValidationError(
                _("“%(slug)s”: sessions_per_person is a whole number from 1.") % {"slug": slug}
            )


def _check_way_back(slug: str, entry: Mapping[str, Any]) -> None:
    codes = entry.get("codes", {})
    if not isinstance(codes, Mapping) or not all(
        key in Outcome.values and isinstance(code, str) for key, code in codes.items()
    ):
        raise ValidationError(
            _("“%(slug)s”: codes has a text for each of %(outcomes)s.")
            % {"slug": slug, "outcomes": ", ".join(Outcome.values)}
        )
    template = entry.get("return_url", "")
    bare = template
    for name in PLACEHOLDERS:
        bare = bare.replace(f"{{{name}}}", "x")
    is_address = template == "" or (
        bare.startswith(("https://", "http://")) and not set(bare) & set("{} \n")
    )
    if not is_address:
        raise ValidationError(
            _("“%(slug)s”: return_url is an address that may hold %(names)s.")
            % {"slug": slug, "names": ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)}
        )
    if "{signature}" in template and len(entry.get("secret", "")) < SHORTEST_SECRET:
        raise ValidationError(
            _("“%(slug)s”: a signature needs a secret of at least %(least)d characters.")
            % {"slug": slug, "least": SHORTEST_SECRET}
        )


def _check_requirements(slug: str, requirements: object) -> None:
    if not isinstance(requirements, Mapping) or not all(
        isinstance(values, list) and all(isinstance(value, str) for value in values)
        for values in requirements.values()
    ):
        raise ValidationError(
            _("“%(slug)s”: requirements lists answers by question, such as {“age”: [“18-34”]}.")
            % {"slug": slug}
        )


class PanelSession(models.Model):
    """One visit of a person through a panel, and how it ended."""

    project = models.ForeignKey(
        "annotator.Project", on_delete=models.PROTECT, db_index=False, related_name="panel_sessions"
    )
    participation = models.ForeignKey(
        Participation, on_delete=models.PROTECT, db_index=False, related_name="panel_sessions"
    )
    session_id = models.CharField(max_length=200)
    study_id = models.CharField(max_length=200, blank=True)
    started_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=10, choices=Outcome.choices, blank=True)

    class Meta:
        verbose_name = gettext_lazy("visit through a panel")
        verbose_name_plural = gettext_lazy("visits through panels")
        constraints = (
            models.UniqueConstraint(
                name="one_panel_session_per_participation_and_id",
                fields=("participation", "session_id"),
            ),
            models.CheckConstraint(
                name="a_session_ends_with_an_outcome",
                condition=Q(ended_at=None, outcome="")
                | (Q(ended_at__isnull=False) & ~Q(outcome="")),
            ),
        )
        indexes = (
            models.Index(name="panel_session_by_project", fields=("project", "-id")),
            models.Index(name="panel_session_by_outcome", fields=("project", "outcome", "-id")),
        )

    def __str__(self) -> str:
        return f"{self.participation} · {self.session_id}"
