"""The form that starts a run: every strategy with its own fields, an estimate first, and refusals at their fields."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from annotator.models import CandidateSet, GenerationRun, ModelEndpoint, Project
from annotator.services.generation import start_run
from annotator.services.profiles import add_library_profiles
from pluralism.strategies import STRATEGIES
from tests.factories import make_admin, make_project, make_prompt

pytestmark = pytest.mark.django_db


@pytest.fixture
def adam(client: Client, settings: Settings) -> Client:
    settings.VLLM_BASE_URL = "http://127.0.0.1:9/v1"
    settings.VLLM_MODEL = ""
    client.force_login(make_admin())
    return client


@pytest.fixture
def project() -> Project:
    add_library_profiles()  # a test that empties the tables may have come before
    project = make_project(opened=False, languages=["en", "fr"])
    make_prompt(project, "Why?")
    make_prompt(project, "How?")
    make_prompt(project, "Pourquoi ?", language="fr")
    return project


def page(project: Project) -> str:
    return reverse("admin:annotator_project_generate", args=[project.pk])


def test_every_strategy_is_on_the_page_with_a_field_for_each_parameter(
    adam: Client, project: Project
) -> None:
    shown = adam.get(page(project)).content.decode()
    for name, strategy in STRATEGIES.items():
        assert re.search(rf'type="radio" name="strategy" value="{name}"', shown)
        for parameter in strategy.model_fields:
            assert f'name="{name}-{parameter}"' in shown, f"{name} has no field {parameter}"


def test_the_form_begins_with_the_projects_own_strategy(adam: Client, project: Project) -> None:
    project.strategy, project.strategy_parameters = "independent", {"temperature": 0.3}
    project.save(update_fields=["strategy", "strategy_parameters"])
    shown = adam.get(page(project)).content.decode()
    assert re.search(r'value="independent" checked', shown)
    assert re.search(r'name="independent-temperature" value="0.3"', shown)
    assert re.search(r'name="nc_prompt-temperature" value="1.0"', shown)


def test_generation_starts_and_leads_to_the_run(adam: Client, project: Project) -> None:
    response = adam.post(
        page(project),
        {
            "strategy": "independent",
            "independent-temperature": "0.5",
            "languages": ["en"],
            "limit": "1",
            "endpoints": ["default"],
            "purpose": "trial",
        },
    )

    run = GenerationRun.objects.get()
    assert response.headers["Location"] == reverse(
        "admin:annotator_generationrun_change", args=[run.pk]
    )
    assert (run.strategy, run.languages, run.candidate_sets.count()) == ("independent", ["en"], 1)
    assert (run.parameters["temperature"], run.purpose, run.endpoints) == (
        0.5,
        "trial",
        ["default"],
    )
    assert run.created_by is not None


@pytest.mark.parametrize(
    "fields",
    [
        {"strategy": "magic"},
        {"strategy": ""},
        {"limit": "0"},
        {"limit": "9" * 30},
        {"languages": ["xx"]},
        {"endpoints": ["http://elsewhere/v1"]},
        {"purpose": "live"},
        {"purpose": "align"},
        {"model": "a\0"},
        {"nc_prompt-temperature": "9"},
        {"nc_prompt-temperature": "inf"},
        {"nc_prompt-max_tokens": "1.5"},
        {"nc_prompt-position": "above"},
    ],
)
def test_a_run_that_makes_no_sense_is_refused(
    adam: Client, project: Project, fields: dict[str, Any]
) -> None:
    response = adam.post(page(project), {"strategy": "nc_prompt", **fields})
    assert response.status_code == 422
    assert response.context["estimate"] is None
    assert not GenerationRun.objects.exists()


def test_a_wrong_parameter_is_told_at_its_box_and_what_was_typed_stays(
    adam: Client, project: Project
) -> None:
    response = adam.post(
        page(project),
        {
            "strategy": "nc_prompt",
            "nc_prompt-temperature": "9",
            "independent-temperature": "0.25",
        },
    )
    form = response.context["form"]["strategy"].value().form_of(STRATEGIES["nc_prompt"])
    assert set(form.errors) == {"temperature"}
    shown = response.content.decode()
    assert re.search(r'name="nc_prompt-temperature" value="9"', shown)
    assert re.search(r'name="independent-temperature" value="0.25"', shown)


def test_without_a_model_server_the_form_says_so(
    adam: Client, project: Project, settings: Settings
) -> None:
    settings.VLLM_BASE_URL = ""
    response = adam.post(page(project), {"strategy": "nc_prompt"})

    assert response.status_code == 422
    assert "No model server is configured" in response.content.decode()
    assert response.context["estimate"].sets == 3


def test_what_was_sent_is_estimated_where_the_run_is_refused(
    adam: Client, project: Project, settings: Settings
) -> None:
    sent = {"strategy": "independent", "independent-max_tokens": "50"}
    assert adam.post(page(project), sent).status_code == 302
    response = adam.post(page(project), sent)
    assert response.status_code == 422
    assert "Nothing: no prompt here lacks such candidates." in response.content.decode()
    settings.VLLM_BASE_URL = ""
    response = adam.post(page(project), {**sent, "independent-max_tokens": "60"})
    assert response.context["estimate"].tokens == 3 * 4 * 60


def test_the_estimate_is_shown_first_and_nothing_starts_by_asking_for_it(
    adam: Client, project: Project
) -> None:
    first = adam.get(page(project)).context["estimate"]
    assert (first.sets, first.requests, first.is_upper_bound) == (3, 3, True)
    sent = {"strategy": "independent", "independent-max_tokens": "50", "estimate": "1"}
    response = adam.post(page(project), {**sent, "languages": ["en"]})
    assert response.status_code == 200
    estimate = response.context["estimate"]
    assert (estimate.sets, estimate.requests, estimate.tokens) == (2, 8, 400)
    assert not GenerationRun.objects.exists()


def test_htmx_gets_the_estimate_alone(adam: Client, project: Project) -> None:
    response = adam.post(
        page(project),
        {"strategy": "nc_prompt", "estimate": "1"},
        headers={"HX-Request": "true"},
    )
    assert "<form" not in response.content.decode()
    assert response.context["estimate"].sets == 3


def test_the_estimate_says_what_it_was_measured_by(adam: Client, project: Project) -> None:
    run = start_run(project=project, strategy="independent", purpose="trial")
    CandidateSet.objects.filter(run=run, language="en").update(
        state="complete", completion_tokens=300, completed_at=timezone.now()
    )
    for languages, measured in ((["en"], 2), (["en", "fr"], 2), (["fr"], 0)):
        response = adam.post(
            page(project),
            {"strategy": "independent", "languages": languages, "estimate": "1"},
        )
        assert response.context["estimate"].measured == measured
        assert ("upper bound" in response.content.decode()) == ("fr" in languages)


def test_models_that_workers_saw_are_suggested(adam: Client, project: Project) -> None:
    ModelEndpoint.objects.create(
        name="default", state="up", served_models=["tiny"], seen_at=timezone.now()
    )
    assert '<option value="tiny">' in adam.get(page(project)).content.decode()


def test_value_profiles_are_chosen_by_name_and_copied_into_the_run(
    adam: Client, project: Project
) -> None:
    if "value_systems" not in STRATEGIES:
        pytest.skip("this strategy is not there")
    add_library_profiles()
    sent = {"strategy": "value_systems", "value_systems-profiles": ["care", "order"]}
    assert adam.post(page(project), {**sent, "limit": "1"}).status_code == 302
    kept = GenerationRun.objects.get().parameters["profiles"]
    assert [profile["slug"] for profile in kept] == ["care", "order"]
    assert kept[0]["texts"]["en"].startswith("You hold that")
    refused = adam.post(page(project), {**sent, "value_systems-profiles": ["care"]})
    assert refused.status_code == 422
    form = refused.context["form"]["strategy"].value().form_of(STRATEGIES["value_systems"])
    assert set(form.errors) == {"profiles"}


def test_the_page_takes_few_queries(
    adam: Client, project: Project, django_assert_max_num_queries: Any
) -> None:
    # session, person, project, served models, profiles, three of the estimate
    with django_assert_max_num_queries(8):
        adam.get(page(project))
