"""Groups of translated prompts, and sets whose translations wait for a reviewer."""

from collections.abc import Mapping, Sequence
from typing import Any

from annotator.models import CandidateSet, GenerationRun, Project, Prompt, PromptGroup
from annotator.services.generation import (
    Drafted,
    MadeResponse,
    SetResult,
    claim_sets,
    start_alignment,
    store_results,
)
from tests.factories import make_prompt, make_set

QUESTIONS = {
    "en": "What do you owe your parents?",
    "fr": "Que devez-vous à vos parents ?",
    "ar": "ماذا تدين لوالديك؟",
}
FRENCH = ("Du respect.", "Du temps.", "De l'argent.", "Rien du tout.")
ARABIC = ("الاحترام.", "الوقت.", "المال.", "لا شيء على الإطلاق.")


def make_group(
    project: Project,
    key: str = "parents",
    *,
    kind: str = "translation",
    questions: Mapping[str, str] = QUESTIONS,
) -> dict[str, Prompt]:
    """Make a group with a prompt in each language; return them by language."""
    group = PromptGroup.objects.create(project=project, key=key, kind=kind)
    return {
        language: make_prompt(project, text, language=language, group=group)
        for language, text in questions.items()
    }


def make_source(
    project: Project, prompt: Prompt, texts: Sequence[str] = FRENCH, **fields: Any
) -> CandidateSet:
    """Make a complete set to translate."""
    return make_set(project, prompt, texts=texts, **fields)


def draft(run: GenerationRun, texts: Sequence[str] = ARABIC) -> list[CandidateSet]:
    """Answer for a run's queued sets as a worker would; return them as they wait for their reviewer."""
    results = [
        SetResult(
            claimed=claimed,
            outcome=Drafted(
                [
                    MadeResponse(
                        text=text,
                        model="big",
                        seed=slot,
                        finish_reason="stop",
                        prompt_tokens=90,
                        completion_tokens=7,
                    )
                    for slot, text in enumerate(texts)
                ]
            ),
        )
        for claimed in claim_sets(run_id=run.pk, limit=1000)
    ]
    store_results(results=results)
    ids = [result.claimed.set_id for result in results]
    return list(CandidateSet.objects.filter(pk__in=ids).order_by("pk"))


def make_drafted_set(
    project: Project,
    key: str = "parents",
    texts: Sequence[str] = ARABIC,
    *,
    language: str = "ar",
) -> CandidateSet:
    """Make a French set whose translation waits for its reviewer; return the translation."""
    make_source(project, make_group(project, key)["fr"])
    run = start_alignment(project=project, source_language="fr", target_languages=[language])
    return draft(run, texts)[-1]
