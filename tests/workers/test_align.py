"""Translations from their queue to the reviewer, through the pump and the command."""

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from annotator.models import (
    CandidateSet,
    Comparison,
    Exchange,
    GenerationRun,
    Project,
    TranslationDraft,
)
from annotator.selectors.generation import run_progress
from annotator.services.generation import (
    accept_translation,
    reject_translation,
    retry_failed,
    start_alignment,
)
from tests.aligned import FRENCH, QUESTIONS, make_group, make_source
from tests.factories import make_admin, make_project
from tests.model_server import ModelServerStandIn
from tests.workers.celery_worker import run_worker
from tests.workers.runs import only_set, pump

LONG = (
    "C'est une longue réponse qui parle de la famille, du travail et de la liberté de chacun. " * 3
)


@pytest.fixture
def project(transactional_db: None) -> Project:
    return make_project(opened=False, languages=["en", "fr", "ar"])


def align(
    project: Project, *texts: str, question: str = QUESTIONS["fr"], target: str = "ar"
) -> GenerationRun:
    """Queue the translation of one French set."""
    prompts = make_group(project, questions={**QUESTIONS, "fr": question})
    make_source(project, prompts["fr"], texts or FRENCH)
    return start_alignment(project=project, source_language="fr", target_languages=[target])


def drafts(candidate_set: CandidateSet) -> list[TranslationDraft]:
    found = TranslationDraft.objects.filter(
        candidate_set=candidate_set, attempt=candidate_set.attempt
    )
    return list(found.order_by("slot"))


def test_each_response_is_translated_and_nothing_opens(
    project: Project, model_server: ModelServerStandIn
) -> None:
    opened = Comparison.objects.count()
    run = pump(align(project, *(f"**{number}** {LONG}" for number in range(4))))
    drafted = only_set(run)
    assert (run.state, drafted.state, drafted.faults) == ("finished", "review", 0)
    assert Comparison.objects.count() == opened + 1  # the source's own
    made = drafts(drafted)
    assert [one.source_response.slot for one in made] == [0, 1, 2, 3]
    for number, one in enumerate(made):
        assert one.text.startswith(f"**{number}** ")
        assert (one.language, one.model, one.template_version) == (
            "ar",
            "stand-in",
            "translation-1",
        )
        assert one.completion_tokens
    assert len({one.seed for one in made}) == 4
    sent = [seen.body["messages"] for seen in model_server.seen if seen.body["max_tokens"] > 1]
    assert sorted(messages[1]["content"] for messages in sent) == [
        f"**{number}** {LONG}" for number in range(4)
    ]
    assert len({messages[0]["content"] for messages in sent}) == 1
    assert Exchange.objects.filter(candidate_set=drafted).count() == 4
    progress = run_progress(run)
    assert (progress.review, progress.complete, progress.done) == (1, 0, 1)


@pytest.mark.parametrize(
    ("marker", "failure"),
    [
        ("bad-request", "rejected"),
        ("empty", "empty_answer"),
        ("special-token", "special_token"),
        ("identical", "identical_responses"),
    ],
)
def test_a_translation_that_fails_is_tried_again_and_then_named(
    project: Project, model_server: ModelServerStandIn, marker: str, failure: str
) -> None:
    run = pump(align(project, question=f"Que devez-vous ? [[{marker}]]"))
    failed = only_set(run)
    assert (failed.state, failed.failure) == ("failed", failure)
    assert failed.attempt == (1 if marker == "bad-request" else 3)
    assert not TranslationDraft.objects.exists()


def test_one_bad_answer_costs_one_attempt(
    project: Project, model_server: ModelServerStandIn
) -> None:
    run = pump(align(project, question="Que devez-vous ? [[empty, ok]]"))
    drafted = only_set(run)
    assert (drafted.state, drafted.attempt, drafted.faults) == ("review", 2, 1)
    assert {one.attempt for one in TranslationDraft.objects.all()} == {2}


def test_an_answer_in_the_language_of_the_source_is_no_translation(
    project: Project, model_server: ModelServerStandIn
) -> None:
    run = pump(align(project, *(f"{number}: {LONG} [[echo]]" for number in range(4))))
    failed = only_set(run)
    assert (failed.state, failed.failure) == ("failed", "wrong_language")


def test_a_cut_translation_is_not_shown_to_a_reviewer(
    project: Project, model_server: ModelServerStandIn
) -> None:
    run = pump(align(project, *FRENCH[:3], "Rien du tout. [[length]]"))
    assert only_set(run).state == "truncated"
    assert not TranslationDraft.objects.exists()


def test_a_rejected_translation_is_made_anew_and_opens_when_accepted(
    project: Project, model_server: ModelServerStandIn
) -> None:
    run = pump(align(project))
    first = only_set(run)
    before = drafts(first)
    reject_translation(candidate_set=first, attempt=1, reason="Too polite.")
    retry_failed(run=run)
    again = only_set(pump(run))
    assert (again.state, again.attempt) == ("review", 2)
    after = drafts(again)
    assert {one.seed for one in after}.isdisjoint(one.seed for one in before)
    accepted = accept_translation(
        candidate_set=again,
        attempt=2,
        reviewer=make_admin(),
        texts={one.slot: one.text for one in after},
    )
    assert accepted.state == "complete"
    assert accepted.comparisons.count() == 1


# The command


def run_command(*arguments: Any) -> str:
    output = StringIO()
    call_command("align", *arguments, stdout=output)
    return output.getvalue()


def test_the_command_starts_what_was_said(
    project: Project, model_server: ModelServerStandIn
) -> None:
    for key in ("parents", "children"):
        make_source(project, make_group(project, key)["fr"])
    output = run_command(
        project.slug, *("--source", "fr", "--target", "ar", "--model", "big", "--limit", "1")
    )
    run = GenerationRun.objects.get()
    assert (run.purpose, run.model, only_set(run).language) == ("align", "big", "ar")
    assert f"Run {run.pk}: 1 sets queued." in output


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["nowhere", "--source", "fr"], "no project “nowhere”"),
        (["everyday", "--source", "fr"], "belongs to a group of translations"),
        (["everyday", "--source", "fr", "--target", "fr"], "other languages"),
        (["everyday", "--source", "no tag"], "not a language tag"),
        (["everyday"], "--source"),
    ],
)
def test_what_the_command_cannot_do_it_says_in_a_sentence(
    project: Project, model_server: ModelServerStandIn, arguments: list[str], sentence: str
) -> None:
    with pytest.raises(CommandError, match=sentence):
        run_command(*arguments)
    assert not GenerationRun.objects.exists()


@pytest.mark.processes
def test_waiting_the_command_ends_well_when_every_set_waits_for_its_reviewer(
    project: Project, model_server: ModelServerStandIn, tmp_path: Path
) -> None:
    make_source(project, make_group(project)["fr"])
    failing = {**QUESTIONS, "fr": "Que faire ? [[bad-request]]"}
    with run_worker(log=tmp_path / "worker.log"):
        output = run_command(project.slug, "--source", "fr", "--target", "ar", "--wait")
        assert "1/1 complete 0, in review 1, truncated 0, failed 0" in output
        make_source(project, make_group(project, "failing", questions=failing)["fr"])
        with pytest.raises(CommandError, match=r"0 of 1 sets are complete.*rejected: 1"):
            run_command(project.slug, "--source", "fr", "--target", "ar", "--wait")
