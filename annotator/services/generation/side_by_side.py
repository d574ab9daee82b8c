"""Several strategies on the same prompts, each with the same number of tokens to spend."""

from collections.abc import Mapping, Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from annotator.errors import Refused
from annotator.models import GenerationRun, Project
from annotator.selectors.profiles import with_profiles
from annotator.services.generation.runs import checked_strategy, start_run

FEWEST_TOKENS = 16
"""A request for fewer can't hold an answer to compare."""


def start_side_by_side(
    *,
    project: Project,
    strategies: Sequence[tuple[str, Mapping[str, object]]],
    tokens: int,
    model: str = "",
    languages: Sequence[str] = (),
    limit: int | None = None,
) -> list[GenerationRun]:
    """Start a trial of each strategy, all or none, and return their runs in the same order.

    A trial takes the oldest prompts, so all take the same. `tokens` is the most that a set may cost: each
    request of a strategy that sends n for a set may be answered with its nth part, whatever `max_tokens`
    the parameters hold. Nothing of it is shown to annotators.
    """
    if len(strategies) < 2:
        sentence = _("Name at least two strategies to compare.")
        raise Refused("too_few_strategies", sentence, fields={"strategies": sentence})
    with transaction.atomic():
        return [
            start_run(
                project=project,
                strategy=name,
                parameters={
                    **parameters,
                    "max_tokens": _share(project, name, parameters, tokens),
                },
                model=model,
                languages=languages,
                limit=limit,
                purpose=GenerationRun.Purpose.TRIAL,
            )
            for name, parameters in strategies
        ]


def _share(project: Project, name: str, parameters: Mapping[str, object], tokens: int) -> int:
    """Return what each request of a set may cost."""
    strategy = checked_strategy(
        name,
        with_profiles(parameters=parameters, project=project),
        candidates=project.candidates,
    )
    requests = strategy.requests_per_set(project.candidates)
    if tokens // requests < FEWEST_TOKENS:
        sentence = _(
            "“%(strategy)s” sends %(requests)d requests for a set: give each set at least %(least)d tokens."
        ) % {"strategy": name, "requests": requests, "least": requests * FEWEST_TOKENS}
        raise Refused("too_few_tokens", sentence, fields={"tokens": sentence})
    return tokens // requests
