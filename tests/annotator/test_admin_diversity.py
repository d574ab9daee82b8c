"""The page that compares strategies, and the pages of value profiles and model servers."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from annotator.models import Exchange, ModelEndpoint, Project, ValueProfile
from annotator.services.profiles import add_library_profiles
from tests.annotator.measured import judge, make_measured
from tests.factories import make_annotator, make_member, make_project

pytestmark = pytest.mark.django_db
NOBODY: dict[str, str | None] = {"traditional_secular": None, "survival_self_expression": None}
PROFILE = {
    "name": "Hospitality",
    "slug": "hospitality",
    "dimension": "own",
    "project": "",
    "is_active": "on",
    "texts.en": "You hold that guests come first.",
}


@pytest.fixture
def project() -> Project:
    return make_project(languages=["en", "ar"])


def page(project: Project) -> str:
    return reverse("admin:annotator_project_diversity", args=[project.pk])


def test_strategies_stand_side_by_side_with_intervals_and_trials_marked(
    adam: Client, project: Project
) -> None:
    for dissimilarity in (0.5, 0.6, 0.7):
        make_measured(project, dissimilarity)
        make_measured(project, dissimilarity / 2, strategy="independent", purpose="trial")
    response = adam.get(page(project))
    shown = response.content.decode()
    assert [line.row.strategy for line in response.context["lines"]] == ["independent", "nc_prompt"]
    assert "0.60" in shown
    assert "0.35 … 0.85" in shown  # Student's interval of 0.5, 0.6, 0.7
    assert "3 of trials" in shown


def test_the_examples_are_those_of_the_row_that_was_chosen(adam: Client, project: Project) -> None:
    make_measured(project, 0.5)
    make_measured(project, 0.2, strategy="independent", language="ar")
    first = adam.get(page(project))
    assert [example.mean_dissimilarity for example in first.context["examples"]] == [0.2]
    address = next(
        line.address for line in first.context["lines"] if line.row.strategy == "nc_prompt"
    )
    chosen = adam.get(page(project) + address.split("#")[0])
    assert [example.mean_dissimilarity for example in chosen.context["examples"]] == [0.5]
    assert '<div class="pv-text" lang="en" dir="ltr">' in chosen.content.decode()


@pytest.mark.parametrize(("by", "parts"), [("language", ["ar", "en"]), ("", [""])])
def test_rows_are_divided_by_links(
    adam: Client, project: Project, by: str, parts: list[str]
) -> None:
    make_measured(project, 0.5)
    make_measured(project, 0.2, language="ar")
    response = adam.get(page(project), {"by": by})
    assert [line.row.part for line in response.context["lines"]] == parts
    shown = response.content.decode()
    for link in ("?by=language", "?by=run", "?by=&amp;"):
        assert link in shown


def test_coverage_is_shown_where_a_judge_has_spoken(adam: Client, project: Project) -> None:
    leaning = {**NOBODY, "traditional_secular": "traditional"}
    assert "coverage@k" not in adam.get(page(project)).content.decode()
    judge(make_measured(project, 0.5), leaning, NOBODY, NOBODY, NOBODY)
    judge(make_measured(project, 0.5), NOBODY, NOBODY, NOBODY, NOBODY)
    make_measured(project, 0.1, strategy="independent")
    response = adam.get(page(project))
    assert "coverage@k" in response.content.decode()
    column = response.context["columns"].index("Sets with an answer that is traditional")
    cells = {line.row.strategy: line.cells[column].figure for line in response.context["lines"]}
    assert (cells["nc_prompt"].value, cells["independent"].value) == (0.5, None)


@pytest.mark.parametrize(
    "query",
    [
        "by=nonsense",
        "by=%00",
        "similarity=none",
        "similarity=%00",
        "strategy=x",
        "strategy=%00&model=&part=",
        "by=run&part=%ED%A0%80",
    ],
)
def test_senseless_addresses_show_the_table(adam: Client, project: Project, query: str) -> None:
    make_measured(project, 0.5)
    response = adam.get(f"{page(project)}?{query}")
    assert response.status_code == 200
    assert len(response.context["lines"]) == 1


def test_with_nothing_complete_the_page_says_what_to_do(adam: Client, project: Project) -> None:
    shown = adam.get(page(project)).content.decode()
    assert "no set is complete" in shown
    assert reverse("admin:annotator_project_generate", args=[project.pk]) in shown


def test_what_is_lost_is_counted_by_strategy_language_and_reason(
    adam: Client, project: Project
) -> None:
    complete = make_measured(project, 0.5, purpose="collect")
    for attempt, outcome in enumerate(["wrong_count", "complete"], start=1):
        Exchange.objects.create(
            candidate_set=complete,
            attempt=attempt,
            number=0,
            outcome=outcome,
            request={},
            duration_ms=1,
        )
    shown = adam.get(page(project)).content.decode()
    assert "What is lost before people see it" in shown
    assert "<code>wrong_count</code> 1" in shown
    assert "50 %" in shown


def test_responses_of_models_are_shown_as_their_safe_html(adam: Client, project: Project) -> None:
    make_measured(project, 0.5)
    assert "<p>Two.</p>" in adam.get(page(project)).content.decode()


def test_who_may_only_look_sees_it_and_others_do_not(client: Client, project: Project) -> None:
    rita = make_annotator("rita", is_staff=True)
    client.force_login(rita)
    assert client.get(page(project)).status_code == 404
    make_member(project, role="reviewer")
    assert client.get(page(project)).status_code == 200
    assert client.get(page(project).replace(str(project.pk), "999999")).status_code == 404


def test_the_page_takes_as_many_queries_for_many_sets_as_for_few(
    adam: Client, project: Project, django_assert_num_queries: Any
) -> None:
    for number in range(6):
        judge(make_measured(project, number / 10), NOBODY, NOBODY, NOBODY, NOBODY)
    with django_assert_num_queries(13):
        adam.get(page(project), {"by": "language"})


def test_a_profile_is_written_changed_and_switched_off_but_never_deleted(adam: Client) -> None:
    add_library_profiles()
    shown = adam.get(reverse("admin:annotator_valueprofile_changelist")).content.decode()
    assert "Tradition and faith" in shown
    assert adam.post(reverse("admin:annotator_valueprofile_add"), PROFILE).status_code == 302
    profile = ValueProfile.objects.get(slug="hospitality")
    assert profile.texts == {"en": "You hold that guests come first."}
    change = reverse("admin:annotator_valueprofile_change", args=[profile.pk])
    changed = {**PROFILE, "slug": "other", "texts.fr": "Pour vous, l’hôte passe avant tout."}
    del changed["is_active"]
    assert adam.post(change, changed).status_code == 302
    profile.refresh_from_db()
    assert (profile.slug, set(profile.texts), profile.is_active) == (
        "hospitality",
        {"en", "fr"},
        False,
    )
    delete = reverse("admin:annotator_valueprofile_delete", args=[profile.pk])
    assert adam.post(delete, {"post": "yes"}).status_code == 403


@pytest.mark.parametrize(
    "fields", [{"texts.en": ""}, {"texts.en": "a\0b"}, {"slug": "no spaces"}, {"name": ""}]
)
def test_a_profile_that_says_nothing_is_refused(adam: Client, fields: dict[str, str]) -> None:
    sent = {**PROFILE, **fields}
    assert adam.post(reverse("admin:annotator_valueprofile_add"), sent).status_code == 422
    assert not ValueProfile.objects.filter(name="Hospitality").exists()


def test_model_servers_are_shown_as_workers_saw_them_and_not_written(adam: Client) -> None:
    ModelEndpoint.objects.create(
        name="gpu-1", state="down", notice="It refuses the key.", seen_at=timezone.now()
    )
    listed = adam.get(reverse("admin:annotator_modelendpoint_changelist")).content.decode()
    assert "It refuses the key." in listed
    change = reverse("admin:annotator_modelendpoint_change", args=["gpu-1"])
    assert adam.get(change).status_code == 200
    assert adam.post(change, {"state": "up"}).status_code == 403
