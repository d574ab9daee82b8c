"""Panels: which one a visitor comes from, whether there is room, and the way back."""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from django.db.models import Q

from annotator.models import Assignment, Outcome, PanelSession, Participation, Project
from annotator.models.panels import PLACEHOLDERS, PRESETS
from annotator.selectors.tasks import is_target_full


@dataclass(frozen=True)
class Visit:
    """What a panel's link says of a person who comes."""

    panel: Mapping[str, Any]
    person: str
    study: str
    session: str


def find_visit(*, project: Project, parameters: Mapping[str, str]) -> Visit | None:
    """Return the visit that an address's parameters tell of; None where no panel of the project sent it."""
    for entry in project.panels:
        panel = settings_of(entry)
        person = parameters.get(panel["person"], "").strip()
        if person:
            study = parameters.get(panel["study"], "").strip()
            return Visit(panel, person, study, parameters.get(panel["session"], "").strip())
    return None


def settings_of(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a panel's settings over those of its preset."""
    preset = PRESETS[entry.get("preset", "generic")]
    return {**preset, **{key: value for key, value in entry.items() if value != ""}}


def has_room(participation: Participation) -> bool:
    """Tell whether a place is open for a person: looked at before they start. One query, two where targets are set.

    Places of groups count in any language: they move to one that the person reads.
    """
    if is_target_full(participation):
        return False
    strata = [participation.stratum, ""] if participation.stratum else [""]
    places = Assignment.objects.filter(
        project=participation.project_id,
        stratum__in=strata,
        state=Assignment.State.OPEN,
        owner=None,
    )
    return places.filter(Q(language__in=participation.languages) | Q(group__isnull=False)).exists()


def may_finish(participation: Participation) -> bool:
    """Tell whether a person may call it done: as much as they like, or all there was. At most two queries."""
    if not participation.judgments_given:
        return False
    held = Assignment.objects.filter(participation=participation, state=Assignment.State.LEASED)
    return participation.project.target_per_person is None or not (
        held.exists() or has_room(participation)
    )


def meets_requirements(*, panel: Mapping[str, Any], participation: Participation) -> bool:
    """Tell whether what the person said of themselves is what the panel's study wants; left open, it isn't."""
    profile = participation.profile
    said: dict[str, str] = {"country": participation.country}
    if profile:
        said |= {**profile.answers, **profile.sensitive_answers}
    wanted: Mapping[str, list[str]] = panel.get("requirements", {})
    return all(said.get(slug, "") in values for slug, values in wanted.items())


def panel_of(participation: Participation) -> Mapping[str, Any] | None:
    """Return the settings of the panel a person came through, as long as the project has it."""
    for entry in participation.project.panels:
        if entry["slug"] == participation.panel:
            return settings_of(entry)
    return None


def latest_session(*, participation: Participation) -> PanelSession | None:
    """Return the visit that a person is in, or was in last."""
    return PanelSession.objects.filter(participation=participation).order_by("-pk").first()


def way_back(*, participation: Participation, session: PanelSession) -> tuple[str, str]:
    """Return the code to show and the address that leads back; each is empty where the panel names none.

    `{signature}` is the HMAC-SHA-256, in hexadecimal, of `outcome:person:session` under the panel's secret.
    """
    panel = panel_of(participation)
    if panel is None or session.outcome in ("", Outcome.RETURNED):
        return "", ""
    code = panel.get("codes", {}).get(session.outcome, "")
    template = str(panel["return_url"])
    if "{code}" in template and not code:
        return "", ""
    signed = f"{session.outcome}:{participation.external_id}:{session.session_id}"
    secret = str(panel.get("secret", ""))
    values = {
        "code": code,
        "outcome": session.outcome,
        "person": participation.external_id,
        "study": session.study_id,
        "session": session.session_id,
        "signature": hmac.new(secret.encode(), signed.encode(), hashlib.sha256).hexdigest(),
    }
    for name in PLACEHOLDERS:
        template = template.replace(f"{{{name}}}", quote(values[name], safe=""))
    return code, template
