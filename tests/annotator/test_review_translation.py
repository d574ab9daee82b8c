"""Aligned sets: how a reviewer opens or rejects them."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from pytest_django import Settings

from annotator.errors import Refused
from annotator.models import (
    Annotator,
    Assignment,
    CandidateSet,
    Comparison,
    ComparisonOption,
    GenerationRun,
    Project,
    Response,
    TranslationDraft,
)
from annotator.services.generation import (
    accept_translation,
    cancel_run,
    reject_translation,
    retry_failed,
    start_alignment,
)
from tests.aligned import ARABIC, FRENCH, draft, make_drafted_set
from tests.factories import make_admin, make_project

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def model_server_configured(settings: Settings) -> None:
    settings.VLLM_BASE_URL = "http://127.0.0.1:9/v1"


@pytest.fixture
def project() -> Project:
    return make_project(languages=["en", "fr", "ar"])


def align(project: Project, **options: Any) -> GenerationRun:
    return start_alignment(project=project, **{"source_language": "fr", **options})


def accept(drafted: CandidateSet, texts: dict[int, str] | None = None, **options: Any) -> Any:
    reviewer = Annotator.objects.filter(username="adam").first() or make_admin()
    values = {"attempt": drafted.attempt, "reviewer": reviewer, **options}
    return accept_translation(
        candidate_set=drafted, texts=texts or dict(enumerate(ARABIC)), **values
    )


def refusal(function: Any, *arguments: Any, **options: Any) -> Refused:
    with pytest.raises(Refused) as caught:
        function(*arguments, **options)
    return caught.value


def test_drafts_wait_and_open_nothing(project: Project) -> None:
    drafted = make_drafted_set(project)
    assert (drafted.state, drafted.token, drafted.completed_at) == ("review", None, None)
    drafts = TranslationDraft.objects.filter(candidate_set=drafted).order_by("slot")
    assert [(one.text, one.source_response.text, one.attempt) for one in drafts] == [
        (text, source, 1) for text, source in zip(ARABIC, FRENCH, strict=True)
    ]
    assert not drafted.responses.exists()
    assert not drafted.comparisons.exists()


def test_a_translated_set_is_not_complete_before_somebody_reviewed_it(project: Project) -> None:
    drafted = make_drafted_set(project)
    with pytest.raises(IntegrityError, match="aligned_sets_are_reviewed_before_they_are_complete"):
        CandidateSet.objects.filter(pk=drafted.pk).update(state="complete")


def test_an_accepted_set_opens_with_the_texts_as_reviewed(project: Project) -> None:
    drafted = make_drafted_set(project)
    source = drafted.source_set
    assert source is not None
    source.responses.filter(slot=2).update(codes={"value": "survival"})
    adam = make_admin()
    accepted = accept_translation(
        candidate_set=drafted,
        attempt=1,
        reviewer=adam,
        texts={**dict(enumerate(ARABIC)), 2: " **المال** كله.\r\nدائمًا. "},
    )
    assert (accepted.state, accepted.reviewed_by) == ("complete", adam)
    assert accepted.reviewed_at is not None
    assert accepted.completed_at is not None
    responses = list(accepted.responses.order_by("slot"))
    assert [one.text for one in responses] == [
        *ARABIC[:2],
        "**المال** كله.\nدائمًا.",
        ARABIC[3],
    ]
    assert "<strong>المال</strong>" in responses[2].html
    assert [one.origin for one in responses] == [
        {"edited": False},
        {"edited": False},
        {"edited": True},
        {"edited": False},
    ]
    assert [one.source_response_id for one in responses] == list(
        source.responses.order_by("slot").values_list("pk", flat=True)
    )
    assert {(one.strategy, one.template_version, one.model) for one in responses} == {
        ("translation", "translation-1", "big")
    }
    assert [one.seed for one in responses] == [0, 1, 2, 3]
    assert [one.codes for one in responses] == [{}, {}, {"value": "survival"}, {}]
    assert Assignment.objects.filter(comparison__candidate_set=accepted, language="ar").exists()


def test_what_people_will_read_is_described_as_the_responses_of_other_sets_are(
    project: Project,
) -> None:
    drafted = make_drafted_set(project)
    long = "العائلة هي أول ما نعرفه في الحياة، ومن الواجب أن نعتني بآبائنا كما اعتنوا بنا. "
    accepted = accept(
        drafted,
        {
            0: long * 3,
            1: "The family is the first thing that we know, and we ought to care for it. " * 3,
            2: long * 3 + "نعم.",
            3: "لا.",
        },
    )
    responses = list(accepted.responses.order_by("slot"))
    assert [(one.detected_language, one.language_check) for one in responses] == [
        ("ar", "same"),
        ("en", "other"),
        ("ar", "same"),
        ("", "unchecked"),
    ]
    assert [one.flags for one in responses] == [["near_identical"], [], ["near_identical"], []]
    diversity = accepted.diversities.get()
    assert (diversity.similarity, diversity.distinct) == ("char_ngrams-1", 3)


def test_line_breaks_that_a_browser_rewrites_are_no_edit(project: Project) -> None:
    text = "أولًا:\n\n- الوقت\r\n- المال\rالكل"
    drafted = make_drafted_set(project, texts=(text, *ARABIC[1:]))
    sent = "أولًا:\r\n\r\n- الوقت\r\n- المال\r\nالكل"
    accepted = accept(drafted, {**dict(enumerate(ARABIC)), 0: sent})
    first = accepted.responses.get(slot=0)
    assert (first.text, first.origin) == (text, {"edited": False})


@pytest.mark.parametrize("task_format", ["best_of_k", "pairwise"])
def test_people_are_asked_about_the_same_pairs_in_the_same_orders_as_for_the_source(
    task_format: str,
) -> None:
    ways_out = ["none"] if task_format == "best_of_k" else ["both_bad"]
    project = make_project(
        languages=["fr", "ar"],
        task_format=task_format,
        pairs_per_set=2,
        overlap=6,
        ways_out=ways_out,
    )
    accepted = accept(make_drafted_set(project))

    def questions(candidate_set: CandidateSet) -> list[Any]:
        comparisons = Comparison.objects.filter(candidate_set=candidate_set).order_by("number")
        return [
            (
                list(
                    ComparisonOption.objects.filter(comparison=comparison)
                    .order_by("position")
                    .values_list("response__slot", flat=True)
                ),
                list(
                    comparison.assignments.order_by("number").values_list(
                        "display_order", flat=True
                    )
                ),
            )
            for comparison in comparisons
        ]

    assert accepted.source_set is not None
    assert questions(accepted) == questions(accepted.source_set)


def test_accepting_twice_opens_once(project: Project) -> None:
    drafted = make_drafted_set(project)
    accept(drafted)
    assert refusal(accept, drafted, reviewer=make_admin("eve")).code == "not_in_review"
    assert drafted.responses.count() == 4
    assert drafted.comparisons.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_reviewers_at_once_one_opens_the_set(settings: Settings) -> None:
    project = make_project(languages=["fr", "ar"])
    drafted = make_drafted_set(project)
    people = [make_admin("adam"), make_admin("eve")]

    def decide(number: int) -> str:
        try:
            accept_translation(
                candidate_set=CandidateSet.objects.get(pk=drafted.pk),
                attempt=1,
                reviewer=people[number],
                texts=dict(enumerate(ARABIC)),
            )
        except Refused as refused:
            return refused.code
        finally:
            connection.close()
        return "accepted"

    with ThreadPoolExecutor(2) as both:
        assert sorted(both.map(decide, range(2))) == ["accepted", "not_in_review"]
    assert Response.objects.filter(candidate_set=drafted).count() == 4
    assert Comparison.objects.filter(candidate_set=drafted).count() == 1


@pytest.mark.parametrize(
    ("texts", "fields"),
    [
        ({0: " \n", 3: "\u200b"}, {"text-0", "text-3"}),
        ({1: "a\0b"}, {"text-1"}),
        ({1: "a\ud800"}, {"text-1"}),
        ({2: "x" * 100_001}, {"text-2"}),
        ({3: f" {ARABIC[0].upper()}"}, {"text-3"}),
        (None, {"text-0", "text-1", "text-2", "text-3"}),
    ],
)
def test_texts_that_cannot_be_shown_are_refused_and_change_nothing(
    project: Project, texts: dict[int, str] | None, fields: set[str]
) -> None:
    drafted = make_drafted_set(project)
    sent = {99: "?"} if texts is None else {**dict(enumerate(ARABIC)), **texts}
    refused = refusal(accept, drafted, sent)
    assert refused.code == "bad_texts"
    assert set(refused.fields) == fields
    drafted.refresh_from_db()
    assert (drafted.state, drafted.reviewed_by, drafted.responses.count()) == ("review", None, 0)


def test_a_rejected_set_says_why_and_is_tried_again_with_fresh_seeds(project: Project) -> None:
    drafted = make_drafted_set(project)
    reject_translation(candidate_set=drafted, attempt=1, reason=" Too polite. ")
    drafted.refresh_from_db()
    assert (drafted.state, drafted.failure, drafted.failure_detail, drafted.reviewed_by) == (
        "failed",
        "rejected_by_reviewer",
        "Too polite.",
        None,
    )
    run = drafted.run
    assert run is not None
    assert retry_failed(run=run) == 1
    (again,) = draft(run, ARABIC[::-1])
    assert (again.state, again.attempt) == ("review", 2)
    drafts = TranslationDraft.objects.filter(candidate_set=drafted)
    assert drafts.filter(attempt=1).count() == drafts.filter(attempt=2).count() == 4
    stale = refusal(accept, again, attempt=1)
    assert stale.code == "not_in_review"
    accepted = accept(again, dict(enumerate(ARABIC[::-1])))
    assert {one.origin["edited"] for one in accepted.responses.all()} == {False}


@pytest.mark.parametrize("reason", ["", " \n", "a\0b", "x" * 100_001])
def test_rejecting_wants_a_reason(project: Project, reason: str) -> None:
    drafted = make_drafted_set(project)
    refused = refusal(reject_translation, candidate_set=drafted, attempt=1, reason=reason)
    assert refused.code == "bad_reason"
    assert set(refused.fields) == {"reason"}
    drafted.refresh_from_db()
    assert drafted.state == "review"


def test_what_was_accepted_is_not_rejected_any_more(project: Project) -> None:
    drafted = make_drafted_set(project)
    accept(drafted)
    refused = refusal(reject_translation, candidate_set=drafted, attempt=1, reason="Late.")
    assert refused.code == "not_in_review"
    drafted.refresh_from_db()
    assert drafted.state == "complete"


def test_a_set_that_a_later_run_makes_is_not_tried_again_by_the_earlier(project: Project) -> None:
    drafted = make_drafted_set(project)
    reject_translation(candidate_set=drafted, attempt=1, reason="Too polite.")
    later = align(project, target_languages=["ar"], model="bigger")
    assert drafted.run is not None
    assert refusal(retry_failed, run=drafted.run).code == "nothing_failed"
    cancel_run(run=later)
    assert retry_failed(run=drafted.run) == 1


def test_drafts_are_never_changed(project: Project) -> None:
    drafted = make_drafted_set(project)
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        TranslationDraft.objects.filter(candidate_set=drafted).update(text="Other.")
