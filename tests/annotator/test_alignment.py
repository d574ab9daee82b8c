"""Aligned sets: what is queued for translation, and what a worker claims."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from annotator.errors import Refused
from annotator.models import (
    CandidateSet,
    GenerationRun,
    Project,
    Prompt,
    Response,
)
from annotator.services.generation import (
    claim_sets,
    start_alignment,
    start_run,
)
from tests.aligned import FRENCH, make_drafted_set, make_group, make_source
from tests.factories import make_admin, make_project, make_prompt, make_set

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def model_server_configured(settings: Settings) -> None:
    settings.VLLM_BASE_URL = "http://127.0.0.1:9/v1"


@pytest.fixture
def project() -> Project:
    return make_project(languages=["en", "fr", "ar"])


def align(project: Project, **options: Any) -> GenerationRun:
    return start_alignment(project=project, **{"source_language": "fr", **options})


def queued(run: GenerationRun) -> list[tuple[int | None, int | None, str]]:
    sets = CandidateSet.objects.filter(run=run, state="queued").order_by("pk")
    return list(sets.values_list("source_set_id", "prompt_id", "language"))


def refusal(function: Any, *arguments: Any, **options: Any) -> Refused:
    with pytest.raises(Refused) as caught:
        function(*arguments, **options)
    return caught.value


def test_each_other_prompt_of_a_group_waits_for_a_translation_of_its_newest_set(
    project: Project,
) -> None:
    prompts = make_group(project)
    make_source(project, prompts["fr"], ("Un.", "Deux.", "Trois.", "Quatre."))
    newest = make_source(project, prompts["fr"])
    make_group(project, "children")

    run = align(project, model="big")

    assert (run.purpose, run.strategy, run.model, run.candidates) == (
        "align",
        "translation",
        "big",
        4,
    )
    assert queued(run) == [
        (newest.pk, prompts["en"].pk, "en"),
        (newest.pk, prompts["ar"].pk, "ar"),
    ]
    seeds = CandidateSet.objects.filter(run=run).values_list("seed", flat=True)
    assert len(set(seeds)) == 2
    assert all(seed >= 0 for seed in seeds)


def test_only_the_languages_and_the_number_asked_for_are_queued(project: Project) -> None:
    for key in ("parents", "children", "neighbours"):
        make_source(project, make_group(project, key)["fr"])
    run = align(project, target_languages=["ar"], limit=2)
    assert [language for _source, _prompt, language in queued(run)] == ["ar", "ar"]


def test_asking_again_adds_what_is_missing(project: Project) -> None:
    prompts = make_group(project)
    source = make_source(project, prompts["fr"])
    align(project, target_languages=["en"])
    assert queued(align(project)) == [(source.pk, prompts["ar"].pk, "ar")]
    assert refusal(align, project).code == "nothing_to_align"
    newer = make_source(project, prompts["fr"])
    assert {source_id for source_id, _prompt, _language in queued(align(project))} == {newer.pk}


@pytest.mark.parametrize("state", ["review", "complete", "queued", "running"])
def test_a_living_translation_is_never_made_twice(project: Project, state: str) -> None:
    drafted = make_drafted_set(project)
    values: dict[str, Any] = {"state": state}
    if state == "running":
        values |= {"lease_until": timezone.now(), "token": "00000000-0000-0000-0000-000000000001"}
    if state == "complete":
        values |= {"reviewed_by": make_admin(), "reviewed_at": timezone.now()}
    CandidateSet.objects.filter(pk=drafted.pk).update(**values)
    assert refusal(align, project, target_languages=["ar"]).code == "nothing_to_align"
    with pytest.raises(IntegrityError, match="one_living_aligned_set_per_source_set_and_prompt"):
        CandidateSet.objects.create(
            project=project,
            prompt=drafted.prompt,
            source_set=drafted.source_set,
            language="ar",
            strategy="translation",
        )


def of_a_trial(project: Project, prompt: Prompt) -> None:
    trial = start_run(project=project, purpose="trial", languages=["fr"])
    CandidateSet.objects.filter(run=trial).delete()
    make_source(project, prompt, run=trial)


def of_another_size(project: Project, prompt: Prompt) -> None:
    make_source(project, prompt, FRENCH[:3])


def not_complete(project: Project, prompt: Prompt) -> None:
    unfinished = CandidateSet.objects.create(
        project=project, prompt=prompt, language="fr", strategy="imported", state="cancelled"
    )
    for slot, text in enumerate(FRENCH):
        Response.objects.create(
            project=project, candidate_set=unfinished, slot=slot, text=text, html=text
        )


def itself_a_translation(project: Project, prompt: Prompt) -> None:
    make_source(
        project,
        prompt,
        source_set=make_set(project),
        reviewed_by=make_admin(),
        reviewed_at=timezone.now(),
    )


@pytest.mark.parametrize("make", [of_a_trial, of_another_size, not_complete, itself_a_translation])
def test_what_people_do_not_compare_is_no_source(
    project: Project, make: Callable[[Project, Prompt], None]
) -> None:
    make(project, make_group(project)["fr"])
    assert refusal(align, project).code == "no_source_sets"


def test_variants_of_a_place_are_not_translations(project: Project) -> None:
    make_source(project, make_group(project, kind="template")["fr"])
    assert refusal(align, project).code == "no_translation_groups"


@pytest.mark.parametrize(
    ("options", "code", "field"),
    [
        ({"target_languages": ["ar", "fr"]}, "same_language", "target_languages"),
        ({"source_language": "not a tag"}, "bad_request", "languages"),
        ({"limit": 0}, "bad_request", "limit"),
        ({"model": "a\nb"}, "bad_request", "model"),
    ],
)
def test_senseless_wishes_are_refused_at_their_field(
    project: Project, options: dict[str, Any], code: str, field: str
) -> None:
    make_source(project, make_group(project)["fr"])
    refused = refusal(align, project, **options)
    assert refused.code == code
    assert field in refused.fields


def test_without_a_model_server_or_in_a_closed_project_nothing_starts(
    project: Project, settings: Settings
) -> None:
    make_source(project, make_group(project)["fr"])
    Project.objects.update(state="closed")
    project.refresh_from_db()
    assert refusal(align, project).code == "project_closed"
    settings.VLLM_BASE_URL = ""
    assert refusal(align, project).code == "no_model_server"
    assert not GenerationRun.objects.exists()


# Claiming


def test_a_claim_brings_the_question_and_the_responses_of_the_source(
    project: Project, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for key in ("parents", "children"):
        make_source(project, make_group(project, key)["fr"])
    run = align(project)
    with django_assert_num_queries(2):
        claimed = claim_sets(run_id=run.pk, limit=10)
    assert len(claimed) == 4
    for one in claimed:
        assert one.source is not None
        assert (one.source.language, one.source.question) == (
            "fr",
            "Que devez-vous à vos parents ?",
        )
        assert one.source.responses == FRENCH


def test_other_runs_claim_in_one_statement(
    project: Project, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    make_prompt(project)
    run = start_run(project=project)
    with django_assert_num_queries(1):
        (claimed,) = claim_sets(run_id=run.pk, limit=10)
    assert claimed.source is None
