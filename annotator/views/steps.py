"""What comes next for a person, as templates show it."""

from typing import Any

from django.utils.translation import get_language

from annotator.models import Participation, Wave
from annotator.selectors.conversations import topic_hints
from annotator.selectors.drafts import find_draft
from annotator.services.steps import Step
from annotator.views.desk import render_conversation


def describe_step(step: Step, participation: Participation, wave: Wave | None) -> dict[str, Any]:
    """Return what the templates of a conversation need."""
    context: dict[str, Any] = {"waiting": step.paths.waiting}
    if step.state == "next":
        assert step.paths.next_turn is not None
        context["next_turn"] = step.paths.next_turn
        context["draft"] = f"turn-{step.paths.next_turn.turn_id}"
        context["conversation"] = render_conversation(
            step.paths.next_turn.said, step.paths.next_turn.language
        )
    if step.state == "own" and wave is not None:
        languages = _own_languages(participation)
        context |= {
            "languages": languages,
            "number": participation.conversations_begun,
            "draft": f"own-{participation.conversations_begun}",
            "hints": topic_hints(wave=wave, languages=[*languages, "en"]),
        }
    if "draft" in context:
        context["kept"] = find_draft(participation=participation, about=context["draft"])
    return context


def _own_languages(participation: Participation) -> list[str]:
    """Return the person's languages, that of the interface first."""
    base = (get_language() or "").split("-")[0]
    return sorted(participation.languages, key=lambda tag: tag.split("-")[0] != base)
