"""`simulate` lets people with known values answer, repeatably."""

import io
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from annotator.models import (
    Assignment,
    CandidateSet,
    Conversation,
    Judgment,
    Participation,
    Project,
    QualityFlag,
    Response,
    Turn,
)
from annotator.services.checks import import_checks
from annotator.services.projects import pause_project
from annotator.services.simulated_people import simulated_values
from annotator.services.simulation import simulate
from tests.factories import make_project, make_set
from tests.rows import CHECK

pytestmark = pytest.mark.django_db

CODES = ("traditional", "secular", "survival", "self-expression")


def fill(project: Project, sets: int) -> None:
    """Make sets whose four responses stand for the four ends of the two dimensions."""
    for number in range(sets):
        made = make_set(project, seed=number)
        for response, code in zip(made.responses.order_by("slot"), CODES, strict=True):
            Response.objects.filter(pk=response.pk).update(codes={"value": code})


def test_simulated_people_choose_what_stands_for_their_values() -> None:
    project = make_project(overlap=3)
    fill(project, 40)
    assert simulate(project=project, annotators=3, judgments=120, seed=1).judgments == 120
    fitting = 0
    for number in range(3):
        values = simulated_values(seed=1, number=number)
        liked = {CODES[int(values[0] > 0)], CODES[2 + int(values[1] > 0)]}
        name = f"simulated-{project.pk}-1-{number}"
        chosen = Judgment.objects.filter(participation__annotator__username=name)
        fitting += sum(
            row.choice_response.codes["value"] in liked for row in chosen if row.choice_response
        )
    assert fitting > 90, "chance would be 60"


def test_the_command_says_what_was_done_and_fails_where_work_ran_out() -> None:
    project = make_project(overlap=2)
    fill(project, 3)
    out = io.StringIO()
    call_command("simulate", project.slug, annotators=2, judgments=4, seed=5, stdout=out)
    assert out.getvalue() == "4 judgments by 2 simulated people.\n"
    with pytest.raises(CommandError, match="no work for 8 more"):
        call_command("simulate", project.slug, annotators=2, judgments=10, seed=5, stdout=out)
    assert Judgment.objects.count() == 6
    assert not CandidateSet.objects.filter(comparisons__assignments__state="open").exists()


def test_pairs_are_judged_with_strength() -> None:
    project = make_project("pairs", overlap=1, task_format="pairwise", ways_out=[], pairs_per_set=2)
    fill(project, 2)
    assert simulate(project=project, annotators=1, judgments=4, seed=0).judgments == 4
    assert {row.strength for row in Judgment.objects.all()} <= {1, 2, 3}


def test_a_project_that_is_not_open_is_left_alone() -> None:
    project = make_project()
    fill(project, 1)
    pause_project(project=project)
    with pytest.raises(CommandError, match="not open"):
        call_command("simulate", project.slug)
    with pytest.raises(CommandError, match="--annotators"):
        call_command("simulate", project.slug, annotators=-1)


def test_they_answer_whatever_is_asked() -> None:
    project = make_project(
        overlap=1,
        task_format="ranking",
        ways_out=[],
        ranking_top=2,
        criteria=[
            {"slug": "helpful", "required": True, "texts": {"en": "Helpful?"}},
            {"slug": "true", "kind": "rating", "required": True, "texts": {"en": "True?"}},
        ],
        explanation_required_share=1.0,
        explanation_min_length=40,
    )
    fill(project, 2)
    assert simulate(project=project, annotators=1, judgments=2, seed=1).judgments == 2
    for judgment in Judgment.objects.all():
        assert judgment.ranks is not None
        assert sorted(judgment.ranks, key=lambda rank: rank or 9) == [1, 2, None, None]
        assert len(judgment.criteria) == 2


def test_they_pass_training_checks_and_repeats_and_are_sometimes_wrong() -> None:
    project = make_project(
        overlap=3,
        training_items=2,
        training_threshold=0.0,
        pause_after_failed=0,
        check_share=0.3,
        repeat_share=0.5,
        repeat_distance=10,
        repeat_minutes=0,
    )
    fill(project, 20)
    kinds = ("training", "training", "attention", "gold")
    import_checks(
        project=project,
        rows=[
            {**CHECK, "kind": kind, "factual": True, "text": f"{CHECK['text']} {number}"}
            for number, kind in enumerate(kinds * 5)
        ],
    )
    found = simulate(project=project, annotators=3, judgments=60, seed=3)
    assert found.judgments == 60
    assert found.answers["training"] == 6
    assert found.answers["attention"] + found.answers["gold"] > 5
    assert found.answers["repeat"] > 5
    checked = Judgment.objects.filter(comparison__kind__in=("attention", "gold"))
    wrong = QualityFlag.objects.filter(kind__in=("attention", "gold")).count()
    assert wrong < checked.count() / 4, "they read, mostly"
    person = Participation.objects.earliest("pk")
    assert person.trained_at is not None
    assert person.repeats_given > 0


def test_they_agree_say_who_they_are_and_fill_the_places_of_their_country() -> None:
    project = make_project(
        overlap=3,
        stratum_by="country",
        quotas={"FR": 1, "IN": 1},
        consent_text={"en": "May we?"},
        demographics=[{"slug": "age", "options": ["18-34", "55+"]}],
    )
    fill(project, 6)
    assert simulate(project=project, annotators=4, judgments=18, seed=2).judgments == 18
    assert not Assignment.objects.filter(state="open").exists()
    people = Participation.objects.all()
    assert {person.country for person in people} == {"FR", "IN"}
    assert all(person.consent_version and person.profile_version for person in people)


def test_without_a_model_server_conversations_end_early_and_that_is_said() -> None:
    project = make_project(overlap=1, turns=3, turns_min=2)
    fill(project, 4)
    out = io.StringIO()
    call_command("simulate", project.slug, annotators=1, judgments=4, seed=5, stdout=out)
    assert "3 conversations did not go on, because no model server answered." in out.getvalue()
    assert Conversation.objects.filter(finished_at=None).count() == 1  # the last one


def test_where_a_model_server_answers_they_write_on(settings: Any) -> None:
    settings.VLLM_BASE_URL = "http://127.0.0.1:9/v1"
    settings.VLLM_MODEL = "tiny"
    project = make_project(overlap=1, turns=2, turns_min=2)
    fill(project, 2)
    found = simulate(project=project, annotators=1, judgments=4, seed=5, patience=0.0)
    assert (found.judgments, found.left_open) == (2, 2)
    assert Turn.objects.filter(number=2, comparison=None).count() == 2
    assert CandidateSet.objects.filter(turn__number=2, state="queued").count() == 2
