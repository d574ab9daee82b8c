"""Embeddings and verdicts for complete sets, beside the way of the candidates."""

from typing import Any

import pytest
from celery import current_app
from django.db import connection
from pytest_django import Settings

from annotator.models import CandidateSet, Diversity, MeasuringFault, Project, Verdict
from annotator.services.measuring import measuring_alone
from annotator.services.sweeping import sweep
from pluralism.diversity import measure_diversity
from pluralism.similarity import cosine_similarity
from tests.factories import make_prompt, make_set
from tests.model_server import ModelServerStandIn
from tests.model_server.measuring import embeddings
from tests.workers.runs import pump, start
from workers import measuring

EMBEDDINGS = "embeddings:stand-in"
JUDGE = "judge-1:stand-in"


@pytest.fixture
def embedding(model_server: ModelServerStandIn, settings: Settings) -> ModelServerStandIn:
    settings.EMBEDDING_ENDPOINT, settings.EMBEDDING_MODEL = "default", "stand-in"
    return model_server


@pytest.fixture
def judging(model_server: ModelServerStandIn, settings: Settings) -> ModelServerStandIn:
    settings.JUDGE_ENDPOINT, settings.JUDGE_MODEL = "default", "stand-in"
    return model_server


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Collect the bells; the broker is nobody's business here."""
    names: list[str] = []

    def note(name: str, **_options: Any) -> None:
        names.append(name)

    monkeypatch.setattr(current_app, "send_task", note)
    return names


def measure() -> None:
    measuring.measure_sets(stopping=lambda: False)


def let_pauses_pass() -> None:
    MeasuringFault.objects.update(not_before="2020-01-01T00:00:00Z")


def test_a_complete_set_gets_figures_under_its_embeddings(
    project: Project, embedding: ModelServerStandIn
) -> None:
    texts = ("care and order", "care and joy", "faith", "work")
    made = make_set(project, texts=texts)
    measure()
    kept = Diversity.objects.get(candidate_set=made, similarity=EMBEDDINGS)
    _status, answer = embeddings({"model": "stand-in", "input": list(texts)}, "ok")
    vectors = [item["embedding"] for item in reversed(answer["data"])]
    expected = measure_diversity(texts, cosine_similarity(vectors))
    assert 0 < expected.mean_dissimilarity < 1
    assert (
        kept.mean_dissimilarity,
        kept.log_determinant,
        kept.distinct,
        kept.length_spread,
    ) == pytest.approx(
        (
            expected.mean_dissimilarity,
            expected.log_determinant,
            expected.distinct,
            expected.length_spread,
        )
    )


def test_every_response_is_judged_alone_and_the_bodies_are_kept(
    project: Project, judging: ModelServerStandIn
) -> None:
    texts = ("traditional ways", "secular and self-expression", "irrelevant", "just so")
    make_set(project, make_prompt(project, "What is owed?"), texts=texts)
    measure()
    verdicts = list(Verdict.objects.order_by("response__slot"))
    assert [
        (one.values["traditional_secular"], one.values["survival_self_expression"], one.relevant)
        for one in verdicts
    ] == [
        ("traditional", None, True),
        ("secular", "self-expression", True),
        (None, None, False),
        (None, None, True),
    ]
    assert [one.request for one in verdicts] == [seen.body for seen in judging.seen]
    for one, text in zip(verdicts, texts, strict=True):
        sent = str(one.request)
        assert "What is owed?" in sent
        assert [other for other in texts if other in sent] == [text]
        assert one.answer["object"] == "chat.completion"
        assert (one.model, one.template_version) == ("stand-in", "judge-1")


def test_what_is_measured_is_not_asked_again(
    project: Project, embedding: ModelServerStandIn, judging: ModelServerStandIn
) -> None:
    make_set(project)
    measure()
    asked = embedding.asked.total()
    assert asked == 5
    measure()
    assert embedding.asked.total() == asked
    assert (Diversity.objects.count(), Verdict.objects.count()) == (1, 4)


def test_only_complete_sets_are_measured(project: Project, embedding: ModelServerStandIn) -> None:
    CandidateSet.objects.create(
        project=project, prompt=make_prompt(project), language="en", strategy="independent"
    )
    measure()
    assert embedding.asked.total() == 0


def test_more_than_a_batch_is_worked_off(
    project: Project, embedding: ModelServerStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measuring, "BATCH", 2)
    for number in range(5):
        make_set(project, make_prompt(project, f"{number}?"))
    measure()
    assert Diversity.objects.filter(similarity=EMBEDDINGS).count() == 5


@pytest.mark.parametrize("text", ["[[context]]", "[[ragged]]", "[[no-vectors]]"])
def test_a_set_that_cannot_be_embedded_waits_and_stands_in_nobodys_way(
    project: Project, embedding: ModelServerStandIn, text: str
) -> None:
    good = make_set(project)
    bad = make_set(project, texts=(text, "Two.", "Three.", "Four."))
    measure()
    assert Diversity.objects.get().candidate_set == good
    fault = MeasuringFault.objects.get()
    assert (fault.candidate_set, fault.measure, fault.faults) == (bad, EMBEDDINGS, 1)
    assert fault.detail
    asked = embedding.asked.total()
    measure()
    assert embedding.asked.total() == asked
    let_pauses_pass()
    measure()
    fault.refresh_from_db()
    assert (embedding.asked.total(), fault.faults) == (asked + 1, 2)


def test_the_pauses_grow_to_a_day(project: Project, embedding: ModelServerStandIn) -> None:
    make_set(project, texts=("[[context]]", "Two.", "Three.", "Four."))
    pauses = []
    for _attempt in range(6):
        measure()
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT round(extract(epoch FROM not_before - now()) / 60) FROM annotator_measuringfault"
            )
            pauses.append(int(cursor.fetchone()[0]))
        let_pauses_pass()
    assert pauses == [10, 40, 160, 640, 1440, 1440]


def test_a_fault_is_forgotten_once_the_set_is_measured(
    project: Project, embedding: ModelServerStandIn
) -> None:
    make_set(project, texts=("[[context, ok]]", "Two.", "Three.", "Four."))
    measure()
    let_pauses_pass()
    measure()
    assert Diversity.objects.count() == 1
    assert not MeasuringFault.objects.exists()


def test_a_server_that_is_away_is_left_alone_and_no_set_is_to_blame(
    project: Project, embedding: ModelServerStandIn, rung: list[str]
) -> None:
    make_set(project, texts=("[[unavailable, ok]]", "Two.", "Three.", "Four."))
    measure()
    assert embedding.asked.total() == 1
    assert not MeasuringFault.objects.exists()
    assert rung == []
    measure()
    assert Diversity.objects.count() == 1


@pytest.mark.parametrize("mode", ["bad-json", "cut-json", "empty", "context"])
def test_the_verdicts_of_a_set_are_stored_together_or_not_at_all(
    project: Project, judging: ModelServerStandIn, mode: str
) -> None:
    make_set(project, texts=("One.", "Two.", f"[[{mode}, ok]]", "Four."))
    measure()
    assert not Verdict.objects.exists()
    assert MeasuringFault.objects.get().measure == JUDGE
    let_pauses_pass()
    measure()
    assert Verdict.objects.count() == 4


def test_only_one_process_measures_at_a_time(
    project: Project, embedding: ModelServerStandIn
) -> None:
    make_set(project)
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(hashtext('annotator.measuring'))")
        measure()
        assert embedding.asked.total() == 0
        cursor.execute("SELECT pg_advisory_unlock(hashtext('annotator.measuring'))")
    other.close()
    measure()
    assert Diversity.objects.count() == 1
    with measuring_alone() as alone:
        assert alone


def test_a_pass_that_runs_long_rings_for_the_next(
    project: Project,
    embedding: ModelServerStandIn,
    rung: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(measuring, "PASS_SECONDS", -1.0)
    make_set(project)
    measure()
    assert (embedding.asked.total(), rung) == (0, ["workers.measure_sets"])


def test_a_worker_that_is_told_to_end_lets_go_of_what_is_not_answered(
    project: Project, judging: ModelServerStandIn
) -> None:
    make_set(project, texts=("[[hang]]", "Two.", "Three.", "Four."))
    measuring.measure_sets(stopping=lambda: bool(judging.seen))
    assert not Verdict.objects.exists()
    assert not MeasuringFault.objects.exists()


def test_a_run_that_finishes_and_the_sweep_ring_where_something_measures(
    project: Project, model_server: ModelServerStandIn, settings: Settings, rung: list[str]
) -> None:
    run = pump(start(project, "What is fair?"))
    sweep()
    assert (run.state, rung.count("workers.measure_sets")) == ("finished", 0)
    settings.JUDGE_ENDPOINT, settings.JUDGE_MODEL = "default", "stand-in"
    rung.clear()
    sweep()
    assert rung == ["workers.measure_sets"]
    rung.clear()
    pump(start(project, "What is kind?"))
    assert rung.count("workers.measure_sets") == 1


def test_a_server_that_schedules_by_priority_judges_last(
    project: Project, judging: ModelServerStandIn, settings: Settings
) -> None:
    settings.VLLM_PRIORITY = True
    make_set(project)
    measure()
    assert {seen.body["priority"] for seen in judging.seen} == {measuring.PRIORITY}
