"""Why attempts were lost, by strategy and language."""

import pytest
from pytest_django import DjangoAssertNumQueries

from annotator.models import Exchange, Project
from annotator.selectors.attrition import attrition
from annotator.services.generation import start_run
from tests.factories import make_project, make_prompt
from tests.model_server import ModelServerStandIn
from tests.workers.runs import pump, start


def test_attempts_are_counted_by_what_they_ended_in(
    project: Project,
    model_server: ModelServerStandIn,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    Project.objects.update(languages=["en", "fr"])
    pump(start(project, "Good?", "Once? [[french, ok]]", "Never? [[alike]]", "Long? [[length]]"))
    make_prompt(project, "Qui décide ? [[french]]", language="fr")
    pump(start_run(project=project, strategy="independent", languages=["fr"]))
    start(make_project("elsewhere", opened=False), "Good?")
    with django_assert_num_queries(2):
        french, english = attrition(project)
    assert (french.strategy, french.language) == ("independent", "fr")
    assert (french.attempts, french.complete, french.failed, french.reasons) == (1, 1, 0, {})
    assert french.lost == 0
    assert (english.strategy, english.language) == ("nc_prompt", "en")
    assert (english.attempts, english.complete, english.failed) == (7, 2, 2)
    assert english.reasons == {"near_identical": 3, "wrong_language": 1, "length": 1}
    assert next(iter(english.reasons)) == "near_identical"
    assert english.lost == pytest.approx(5 / 7)


def test_every_exchange_of_an_attempt_says_what_became_of_it(
    project: Project, model_server: ModelServerStandIn
) -> None:
    pump(start(project, "Once? [[empty, empty, empty, empty, ok]]", strategy="independent"))
    outcomes = Exchange.objects.order_by("attempt", "number").values_list("attempt", "outcome")
    assert list(outcomes) == [(1, "empty_answer")] * 4 + [(2, "complete")] * 4


def test_a_project_without_runs_has_no_rows(project: Project) -> None:
    assert attrition(project) == []
