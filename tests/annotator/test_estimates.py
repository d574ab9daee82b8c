"""What a run will take is told before it starts, and says what it was measured by."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from annotator.models import CandidateSet, GenerationRun, Project
from annotator.selectors.estimates import add_up, estimate_remaining, estimate_run
from annotator.selectors.generation import run_progress
from annotator.services.generation import start_run
from pluralism.strategies import make_strategy
from tests.factories import make_project, make_prompt

BOUND = {"requests_per_set": 4, "most_tokens_per_set": 1000}


def test_what_was_measured_is_counted_as_measured_and_the_rest_at_its_bound() -> None:
    estimate = add_up(sets={"en": 10, "hi": 5}, medians={"en": 300.0, "fr": 1.0}, speed=50, **BOUND)
    assert (estimate.sets, estimate.requests, estimate.tokens) == (15, 60, 10 * 300 + 5 * 1000)
    assert (estimate.measured, estimate.is_upper_bound, estimate.seconds) == (10, False, 160)


def test_without_a_past_it_is_an_upper_bound_and_without_a_speed_no_time() -> None:
    estimate = add_up(sets={"en": 3}, medians={}, speed=None, **BOUND)
    assert (estimate.tokens, estimate.is_upper_bound, estimate.seconds) == (3000, True, None)


def test_a_median_never_exceeds_what_may_be_written() -> None:
    assert add_up(sets={"en": 1}, medians={"en": 5000.0}, speed=None, **BOUND).tokens == 1000


@pytest.fixture
def project(db: None, settings: Settings) -> Project:
    settings.VLLM_BASE_URL = "http://127.0.0.1:9/v1"
    settings.VLLM_MODEL = ""
    project = make_project(languages=["en", "fr"])
    for number in range(4):
        make_prompt(project, f"Question {number}?")
    make_prompt(project, "Pourquoi ?", language="fr")
    return project


def complete(run: GenerationRun, *, tokens: list[int], seconds_apart: float = 2.0) -> None:
    """Let the first sets of the run be complete, one after the other."""
    begun = timezone.now() - timedelta(seconds=30)
    for number, (candidate_set, written) in enumerate(
        zip(CandidateSet.objects.filter(run=run).order_by("pk"), tokens, strict=False)
    ):
        CandidateSet.objects.filter(pk=candidate_set.pk).update(
            state="complete",
            completion_tokens=written,
            completed_at=begun + timedelta(seconds=number * seconds_apart),
        )


def test_an_estimate_counts_exactly_the_sets_that_the_run_then_queues(project: Project) -> None:
    strategy = make_strategy("independent", {"max_tokens": 100})
    for wanted in (
        {"languages": ["en"], "limit": 1},
        {"languages": ["en"]},
        {},
    ):
        estimate = estimate_run(project=project, strategy=strategy, **wanted)
        run = start_run(
            project=project,
            strategy="independent",
            parameters={"max_tokens": 100},
            **wanted,
        )
        assert estimate.sets == CandidateSet.objects.filter(run=run).count()
        assert (estimate.requests, estimate.tokens) == (estimate.sets * 4, estimate.sets * 400)
    assert estimate_run(project=project, strategy=strategy).sets == 0
    assert estimate_run(project=project, strategy=strategy, is_trial=True).sets == 5


def test_earlier_sets_of_the_same_language_give_the_median_and_the_speed(project: Project) -> None:
    complete(start_run(project=project, strategy="independent"), tokens=[100, 900, 110, 90])
    estimate = estimate_run(
        project=project, strategy=make_strategy("independent", {"temperature": 0.5})
    )
    assert (estimate.sets, estimate.measured) == (5, 4)
    assert estimate.tokens == 4 * 105 + 4 * 1024
    # 1200 tokens in 4 sets that came 2 s apart: 3 gaps of 2 s saw 3/4 of the tokens come
    assert estimate.speed == pytest.approx(1200 * 3 / 4 / 6)


def test_another_model_and_another_strategy_tell_nothing(project: Project) -> None:
    complete(start_run(project=project, strategy="independent", model="small"), tokens=[9, 9, 9])
    for strategy, model in (("independent", "large"), ("nc_prompt", "small")):
        estimate = estimate_run(
            project=project, strategy=make_strategy(strategy, {}), model=model, is_trial=True
        )
        assert estimate.is_upper_bound
    assert estimate.speed == pytest.approx(9 * 3 * 2 / 3 / 4), "the speed is the model's"


def test_three_statements_whatever_there_is(
    project: Project, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(3):
        estimate_run(project=project, strategy=make_strategy("nc_prompt", {}))


def test_what_is_left_follows_from_the_complete_sets(project: Project) -> None:
    run = start_run(project=project, strategy="independent")
    assert estimate_remaining(run_progress(run)).tokens is None
    complete(run, tokens=[100, 200])
    progress = run_progress(run)
    remaining = estimate_remaining(progress)
    assert (remaining.sets, remaining.tokens) == (3, 450)
    assert remaining.seconds == pytest.approx(450 / progress.tokens_per_second)
