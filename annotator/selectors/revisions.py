"""Which of a person's answers may still change, and how the task looked when they gave it."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from annotator.errors import Missing, Refused
from annotator.models import Comparison, ComparisonOption, Judgment, Participation, Project, Turn
from annotator.selectors.questions import get_questions
from annotator.selectors.tasks import LETTERS, ShownResponse, Task

RECENT = 10
"""So many of a person's newest answers may change."""

IS_SUPERSEDED = Exists(
    Judgment.objects.filter(
        participation=OuterRef("participation"),
        comparison=OuterRef("comparison"),
        revision__gt=OuterRef("revision"),
    )
)
WENT_ON = Exists(
    Turn.objects.filter(
        conversation=OuterRef("turn__conversation"), number__gt=OuterRef("turn__number")
    )
)
"""Whether the conversation went on from the answer: then it stays as it was read."""


@dataclass(frozen=True)
class Revisable:
    """A judgment that may change, with the response at each option position."""

    judgment: Judgment
    options: Sequence[ComparisonOption]

    @property
    def responses(self) -> list[int]:
        """The responses' ids by position."""
        return [option.response_id for option in self.options]


def standing_answers(participation: Participation) -> QuerySet[Judgment]:
    """Return the person's answers, each in its newest revision."""
    return Judgment.objects.filter(~IS_SUPERSEDED, participation=participation)


def may_change(project: Project) -> bool:
    """Tell whether answers of the project may change at all."""
    return project.state in (Project.State.OPEN, Project.State.PAUSED)


def find_revisable(*, participation: Participation, judgment_id: int) -> Revisable:
    """Return one of the person's answers that may change; raise Missing, or Refused with what stands against it."""
    judgment = (
        standing_answers(participation)
        .filter(pk=judgment_id)
        .annotate(went_on=WENT_ON)
        .select_related("comparison", "turn__conversation__prompt")
        .first()
    )
    if judgment is None or participation.withdrawn_at is not None:
        raise Missing(_("There is no such answer of yours. Look at your answers again."))
    newer = standing_answers(participation).filter(pk__gt=judgment_id).count()
    if newer >= RECENT or not may_change(participation.project):
        raise Refused("too_old", _("This answer can't change any more. It is saved as it stands."))
    if judgment.went_on or judgment.comparison.kind != Comparison.Kind.COLLECT:
        raise Refused(
            "is_fixed", _("Something already builds on this answer, so it stays as it is.")
        )
    options = judgment.comparison.options.select_related("response__candidate_set__prompt")
    return Revisable(judgment, list(options.order_by("position")))


def task_of(earlier: Revisable) -> Task:
    """Return the task as it was shown, for a page that changes the answer."""
    judgment = earlier.judgment
    questions = get_questions(judgment.wave_id)
    prompt, language = judgment.turn.conversation.prompt, judgment.comparison.language
    shown = [earlier.options[position] for position in judgment.display_order]
    return Task(
        assignment_id=judgment.pk,
        submission_id=uuid.uuid4(),
        lease_until=timezone.now() + timedelta(days=1),
        prompt_text=judgment.turn.message or (prompt.text if prompt else ""),
        prompt_language=prompt.language if prompt else language,
        responses=[
            ShownResponse(
                letter,
                option.response.html,
                language,
                _prompt(option) if questions.is_joint else "",
            )
            for letter, option in zip(LETTERS, shown, strict=False)
        ],
        questions=questions,
        explanation_asked=judgment.explanation_asked,
    )


def _prompt(option: ComparisonOption) -> str:
    prompt = option.response.candidate_set.prompt
    return prompt.text if prompt else ""
