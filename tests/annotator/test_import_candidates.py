"""Candidates made elsewhere come in with their prompts and open their comparisons at once."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from annotator.models import Assignment, CandidateSet, Comparison, Project, Prompt, Response
from annotator.services.candidates import import_candidates
from annotator.services.prompts import ImportReport
from tests.factories import make_project

pytestmark = pytest.mark.django_db

ROW = {
    "text": "What do you owe your parents?",
    "language": "en",
    "external_id": "parents",
    "responses": [
        "Everything.",
        {"text": "**Nothing**.", "model": "m", "codes": {"tradition": "secular"}},
    ],
}


@pytest.fixture
def project() -> Project:
    return make_project(overlap=3)


def run(project: Project, *rows: Mapping[str, Any], **options: Any) -> ImportReport:
    return import_candidates(project=project, rows=list(enumerate(rows, start=1)), **options)


def test_a_row_becomes_a_prompt_a_complete_set_and_an_open_comparison(project: Project) -> None:
    report = run(project, ROW)

    assert (report.added, report.sets_added, report.comparisons_opened) == (1, 1, 1)
    candidate_set = CandidateSet.objects.get()
    assert (candidate_set.state, candidate_set.strategy, candidate_set.prompt) == (
        "complete",
        "imported",
        Prompt.objects.get(),
    )
    assert list(
        Response.objects.order_by("slot").values_list("text", "html", "model", "codes", "strategy")
    ) == [
        ("Everything.", "<p>Everything.</p>", "", {}, "imported"),
        (
            "**Nothing**.",
            "<p><strong>Nothing</strong>.</p>",
            "m",
            {"tradition": "secular"},
            "imported",
        ),
    ]
    assert Assignment.objects.filter(state="open").count() == 3


def test_the_same_rows_again_add_nothing(project: Project) -> None:
    rows: list[Any] = [ROW, {**ROW, "external_id": None}, {**ROW, "external_id": None}]
    run(project, *rows)
    report = run(project, *rows)

    assert (report.added, report.already_there, report.sets_added, report.comparisons_opened) == (
        0,
        3,
        0,
        0,
    )
    assert (Prompt.objects.count(), CandidateSet.objects.count(), Comparison.objects.count()) == (
        3,
        3,
        3,
    )


def test_other_responses_to_a_prompt_make_another_set(project: Project) -> None:
    report = run(project, ROW, {**ROW, "responses": ["Something.", "Nothing."]}, ROW)

    assert (report.added, report.sets_added) == (1, 2)


def test_sets_of_more_than_one_batch_all_come_in(project: Project) -> None:
    report = run(project, *({**ROW, "external_id": f"p{number}"} for number in range(250)))

    assert (report.added, report.sets_added, Assignment.objects.count()) == (250, 250, 750)


def test_a_project_of_pairs_gets_pairs(project: Project) -> None:
    pairs = make_project("pairs", task_format="pairwise", ways_out=[], pairs_per_set=2)
    report = run(pairs, {**ROW, "responses": ["a", "b", "c"]})

    assert (report.sets_added, report.comparisons_opened) == (1, 2)


def test_the_strategy_is_named_by_who_imports(project: Project) -> None:
    run(project, ROW, strategy="bundled")

    assert set(Response.objects.values_list("strategy", flat=True)) == {"bundled"}


BAD = {
    "none": None,
    "a text": "a",
    "one": ["a"],
    "nine": list("abcdefghi"),
    "a number": ["a", 1],
    "empty": ["a", " \u200b"],
    "no text": ["a", {"model": "m"}],
    "identical": ["a", "b", " a\n"],
    "nul": ["a", "b\0"],
    "surrogate": ["a", "\ud800"],
    "too long": ["a", "b" * 100_001],
    "model is a number": ["a", {"text": "b", "model": 7}],
    "model with nul": ["a", {"text": "b", "model": "\0"}],
    "codes is a list": ["a", {"text": "b", "codes": []}],
    "codes nested": ["a", {"text": "b", "codes": {"c": {}}}],
    "codes with nul": ["a", {"text": "b", "codes": {"c": "\0"}}],
    "code names with surrogates": ["a", {"text": "b", "codes": {"\ud800": 1}}],
    "codes infinite": ["a", {"text": "b", "codes": {"c": 1e999}}],
}


@pytest.mark.parametrize("responses", BAD.values(), ids=BAD)
def test_bad_responses_keep_everything_out(project: Project, responses: object) -> None:
    report = run(project, ROW, {**ROW, "external_id": "bad", "responses": responses})

    assert report.refused
    assert [line for line, _sentence in report.errors] == [2]
    assert "responses" in report.errors[0].sentence
    assert (Prompt.objects.count(), CandidateSet.objects.count(), Comparison.objects.count()) == (
        0,
        0,
        0,
    )


def test_bad_rows_may_be_left_out(project: Project) -> None:
    report = run(
        project, ROW, {**ROW, "responses": []}, {**ROW, "text": "Another text"}, skip_bad=True
    )

    assert (report.added, report.sets_added, report.skipped) == (1, 1, 2)


def test_the_command_opens_comparisons(
    project: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "sets.jsonl"
    path.write_text(json.dumps(ROW))
    call_command("import_candidates", project.slug, str(path))

    assert (
        capsys.readouterr().out
        == "1 prompts added; 0 there already; 1 candidate sets with 1 comparisons added.\n"
    )


def test_the_command_names_bad_lines(
    project: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "sets.jsonl"
    path.write_text(json.dumps(ROW) + '\n{"text": "a", "language": "en"}\n')

    with pytest.raises(CommandError, match="1 bad rows"):
        call_command("import_candidates", project.slug, str(path))
    assert "line 2: responses:" in capsys.readouterr().err
    assert CandidateSet.objects.count() == 0
