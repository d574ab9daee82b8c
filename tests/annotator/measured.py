"""Sets with figures and verdicts, as the workers would have stored them."""

from typing import Any

from annotator.models import CandidateSet, Diversity, GenerationRun, Project, Response, Verdict
from pluralism.similarity import CHAR_NGRAMS
from tests.factories import make_prompt, make_set


def make_measured(
    project: Project,
    dissimilarity: float | None,
    *,
    strategy: str = "nc_prompt",
    model: str = "tiny",
    language: str = "en",
    purpose: str = "",
    similarity: str = CHAR_NGRAMS,
    **figures: Any,
) -> CandidateSet:
    """Make a complete set with figures under one similarity; without a dissimilarity it has none."""
    run = purpose and GenerationRun.objects.create(
        project=project, strategy=strategy, candidates=4, purpose=purpose
    )
    candidate_set = make_set(
        project,
        make_prompt(project, language=language),
        strategy=strategy,
        model=model,
        run=run or None,
    )
    if dissimilarity is not None:
        Diversity.objects.create(
            candidate_set=candidate_set,
            similarity=similarity,
            mean_dissimilarity=dissimilarity,
            **{"log_determinant": -1.0, "distinct": 4, "length_spread": 2.0, **figures},
        )
    return candidate_set


def judge(candidate_set: CandidateSet, *values: dict[str, str | None], relevant: int = 4) -> None:
    """Let a judge speak on as many responses as there are values."""
    for number, (response, said) in enumerate(
        zip(Response.objects.filter(candidate_set=candidate_set), values, strict=False)
    ):
        Verdict.objects.create(
            response=response,
            model="judge",
            template_version="judge-1",
            values=said,
            relevant=number < relevant,
            request={},
            answer={},
        )
