"""`simulate` lets people with known values answer, repeatably."""

import io

import pytest
from django.core.management import CommandError, call_command

from annotator.models import CandidateSet, Judgment, Project, Response
from annotator.services.projects import pause_project
from annotator.services.simulation import _people, simulate
from tests.factories import make_project, make_set

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
    assert simulate(project=project, annotators=3, judgments=120, seed=1) == 120
    fitting = 0
    for person in _people(project, 3, 1):
        liked = {CODES[int(person.values[0] > 0)], CODES[2 + int(person.values[1] > 0)]}
        chosen = Judgment.objects.filter(participation=person.participation)
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
    assert simulate(project=project, annotators=1, judgments=4, seed=0) == 4
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
    assert simulate(project=project, annotators=1, judgments=2, seed=1) == 2
    for judgment in Judgment.objects.all():
        assert judgment.ranks is not None
        assert sorted(judgment.ranks, key=lambda rank: rank or 9) == [1, 2, None, None]
        assert len(judgment.criteria) == 2
