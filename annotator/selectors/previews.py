"""What an annotator of a language would see under the settings as they are saved now, put into force or not."""

import uuid
from datetime import timedelta

import numpy as np
from django.utils import timezone

from annotator.models import Assignment, Comparison, ComparisonOption, Project
from annotator.selectors.questions import questions_of
from annotator.selectors.tasks import LETTERS, ShownResponse, Task


def sample_task(*, project: Project, language: str) -> Task | None:
    """Return the newest comparison of the language as a task that nobody holds; None where there is none."""
    comparison = (
        Comparison.objects.filter(
            project=project,
            kind=Comparison.Kind.COLLECT,
            language=language,
            candidate_set__turn=None,
        )
        .select_related("candidate_set__prompt")
        .order_by("-pk")
        .first()
    )
    if comparison is None:
        return None
    options = list(
        comparison.options.select_related("response__candidate_set__prompt").order_by("position")
    )
    order = np.random.default_rng(comparison.seed).permutation(len(options))
    prompt = comparison.candidate_set.prompt if comparison.candidate_set else None
    questions = questions_of(lambda name: getattr(project, name))
    return Task(
        assignment_id=0,
        submission_id=uuid.UUID(int=0),
        lease_until=timezone.now() + timedelta(minutes=project.lease_minutes),
        prompt_text=prompt.text if prompt else "",
        prompt_language=prompt.language if prompt else language,
        responses=[
            ShownResponse(
                letter,
                options[position].response.html,
                language,
                _prompt(options[position]) if questions.is_joint else "",
            )
            for letter, position in zip(LETTERS, order, strict=False)
        ],
        questions=questions,
        explanation_asked=_explanation(project),
    )


def _prompt(option: ComparisonOption) -> str:
    prompt = option.response.candidate_set.prompt
    return prompt.text if prompt else ""


def _explanation(project: Project) -> str:
    """Return how most people are asked for an explanation."""
    if project.explanation_required_share >= 0.5:
        return Assignment.ExplanationAsked.REQUIRED
    asked = Assignment.ExplanationAsked
    return asked.OPTIONAL if project.explanation_share else asked.NO
