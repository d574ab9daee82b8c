"""`native`: one row a judgment, every key in every row, exactly what was shown and answered."""

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from annotator.models import Assignment, Comparison, Judgment, Participation, Project, Response
from annotator.services.generation import accept_translation
from tests.aligned import ARABIC, FRENCH, make_drafted_set
from tests.api.caller import Caller
from tests.factories import (
    make_admin,
    make_annotator,
    make_judgment,
    make_participation,
    make_project,
    make_prompt,
    make_set,
)

pytestmark = pytest.mark.django_db(transaction=True)

KEYS = [
    "judgment_id",
    "project",
    "wave",
    "config_hash",
    "schema_version",
    "submitted_at",
    "shown_at",
    "active_ms",
    "duration_ms",
    "conversation_id",
    "comparison_id",
    "candidate_set_id",
    "run_id",
    "kind",
    "repeat_of",
    "turn",
    "language",
    "assigned_language",
    "ui_language",
    "device",
    "prompt",
    "context",
    "responses",
    "choice",
    "strength",
    "ranks",
    "vetoes",
    "general",
    "criteria",
    "reasons",
    "explanation",
    "explanation_asked",
    "place_kind",
    "counted",
    "surplus",
    "excluded",
    "revision",
    "flags",
    "consent_version",
    "annotator",
    "annotator_id",
    "withdrawn",
    "opening",
    "continues_response_id",
    "continues_drawn",
]


@pytest.fixture
def alice(project: Project) -> Participation:
    return make_participation(project, make_annotator("alice"), country="FR")


@pytest.fixture
def bob(project: Project) -> Participation:
    return make_participation(project, make_annotator("bob"))


def test_every_key_of_the_contract_stands_in_every_row(
    project: Project, alice: Participation, rita: Caller
) -> None:
    make_set(project)
    make_set(project)
    make_judgment(alice, "b", explanation="Kind.")
    make_judgment(alice, "none")
    rows = rita.rows()
    assert [sorted(row) for row in rows] == [sorted(KEYS)] * 2


def test_a_row_says_what_was_shown_and_what_was_chosen(
    project: Project, alice: Participation, rita: Caller
) -> None:
    candidate_set = make_set(
        project, make_prompt(project, "Who decides?", external_id="q7", licence="CC0-1.0"), seed=5
    )
    judgment = make_judgment(alice, "c", explanation="It listens.")
    (row,) = rita.rows()
    shown = [response["text"] for response in row["responses"]]
    place = Assignment.objects.get(judgment=judgment)
    options = {
        option.position: option.response.text for option in judgment.comparison.options.all()
    }
    assert shown == [options[position] for position in place.display_order]
    assert [response["position_shown"] for response in row["responses"]] == [0, 1, 2, 3]
    assert row["choice"] == {
        "kind": "response",
        "response_id": judgment.choice_response_id,
        "position_shown": 2,
    }
    assert row["responses"][2]["id"] == judgment.choice_response_id
    assert row["prompt"] == {
        "id": candidate_set.prompt_id,
        "external_id": "q7",
        "group": None,
        "group_kind": None,
        "text": "Who decides?",
        "source": "pregenerated",
        "licence": "CC0-1.0",
    }
    assert row["context"] == [{"role": "user", "content": "Who decides?"}]
    assert (
        row["explanation"],
        row["kind"],
        row["turn"],
        row["wave"],
        row["counted"],
        row["surplus"],
        row["revision"],
    ) == ("It listens.", "collect", 1, 1, True, False, 1)
    assert row["annotator"] == {"id": alice.pseudonym, "country": "FR", "demographics": {}}
    assert row["annotator_id"] == alice.pseudonym
    assert (row["device"], row["ui_language"], row["active_ms"], row["place_kind"]) == (
        "desktop",
        "en",
        1200,
        "planned",
    )
    assert row["duration_ms"] >= 0
    origin = next(response["origin"] for response in row["responses"] if response["text"] == "Two.")
    assert origin == {
        "strategy": "imported",
        "template_version": "",
        "model": "model-1",
        "slot": 1,
        "seed": None,
        "finish_reason": "",
        "source_response_id": None,
    }


def test_a_reviewed_translation_names_the_responses_it_translates(
    project: Project, rita: Caller, settings: Settings
) -> None:
    settings.VLLM_BASE_URL = "http://127.0.0.1:9/v1"
    drafted = make_drafted_set(project)
    accept_translation(
        candidate_set=drafted,
        attempt=1,
        reviewer=make_admin(),
        texts={**dict(enumerate(ARABIC)), 1: "وقتي."},
    )
    bob = make_participation(project, make_annotator("bob"), languages=["ar"])
    make_judgment(bob, "a")
    (row,) = rita.rows()
    assert (row["language"], row["prompt"]["group"], row["prompt"]["group_kind"]) == (
        "ar",
        "parents",
        "translation",
    )
    origins = {response["origin"]["slot"]: response["origin"] for response in row["responses"]}
    assert origins[1] == {
        "strategy": "translation",
        "template_version": "translation-1",
        "model": "big",
        "slot": 1,
        "seed": 1,
        "finish_reason": "stop",
        "source_response_id": Response.objects.get(
            candidate_set=drafted.source_set, text=FRENCH[1]
        ).pk,
    }
    texts = {response["text"] for response in row["responses"]}
    assert texts == {ARABIC[0], "وقتي.", *ARABIC[2:]}


def test_an_answer_without_a_winner_names_no_response(
    project: Project, alice: Participation, rita: Caller
) -> None:
    make_set(project)
    make_judgment(alice, "none")
    assert rita.rows()[0]["choice"] == {"kind": "none", "response_id": None, "position_shown": None}


@pytest.mark.parametrize(
    "text",
    [
        'back\\slash \\n and \\\\ "quotes"',
        "tab\tnew\nline\r\nreturn",
        "नमस्ते مرحبا 𝄞 e\u0301",
        "\u2028 \u0085 \x1f \x7f",
        "  spaces  ",
    ],
)
def test_texts_come_out_byte_for_byte(
    project: Project, alice: Participation, rita: Caller, text: str
) -> None:
    make_set(project, make_prompt(project, text), texts=[text, text + "2", "x"])
    make_judgment(alice, "a", explanation=text)
    (row,) = rita.rows()
    assert row["prompt"]["text"] == row["context"][0]["content"] == row["explanation"] == text
    assert {text, text + "2", "x"} == {response["text"] for response in row["responses"]}


def test_times_are_utc_with_six_decimals(
    project: Project, alice: Participation, rita: Caller
) -> None:
    make_set(project)
    judgment = make_judgment(alice)
    (row,) = rita.rows()
    assert row["submitted_at"] == judgment.submitted_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    assert len(row["shown_at"]) == len("2026-01-01T00:00:00.000000Z")


def test_late_work_is_marked_surplus_and_superseded_work_is_not(
    project: Project, alice: Participation, bob: Participation, rita: Caller
) -> None:
    make_set(project)
    counted, late = make_judgment(alice), make_judgment(bob)
    Assignment.objects.filter(judgment=late).update(judgment=None, state="open")
    fields = {
        field.attname: getattr(counted, field.attname)
        for field in Judgment._meta.concrete_fields
        if field.name not in ("id", "submission_id")
    }
    revised = Judgment.objects.create(
        **{**fields, "revision": 2, "submission_id": "00000000-0000-4000-8000-000000000001"}
    )
    Assignment.objects.filter(judgment=counted).update(judgment=revised)
    marks = {
        row["judgment_id"]: (row["counted"], row["surplus"], row["revision"]) for row in rita.rows()
    }
    assert marks == {
        counted.pk: (False, False, 1),
        late.pk: (False, True, 1),
        revised.pk: (True, False, 2),
    }
    assert [row["judgment_id"] for row in rita.rows("?counted=true")] == [revised.pk]
    assert [row["judgment_id"] for row in rita.rows("?counted=false")] == [late.pk]


def test_other_kinds_of_comparison_are_never_surplus(
    project: Project, alice: Participation, rita: Caller
) -> None:
    make_set(project)
    judgment = make_judgment(alice)
    Assignment.objects.filter(judgment=judgment).update(judgment=None, state="open")
    Comparison.objects.update(kind="gold")
    (row,) = rita.rows()
    assert (row["kind"], row["counted"], row["surplus"]) == ("gold", False, False)


def test_who_has_withdrawn_is_in_no_later_export(
    project: Project, alice: Participation, bob: Participation, rita: Caller
) -> None:
    make_set(project)
    make_judgment(alice)
    make_judgment(bob)
    Participation.objects.filter(pk=alice.pk).update(withdrawn_at=timezone.now())
    assert [row["annotator_id"] for row in rita.rows()] == [bob.pseudonym]
    assert [row["annotator_id"] for row in rita.get("judgments/").json()["results"]] == [
        bob.pseudonym
    ]


def test_nothing_in_an_export_names_a_person(
    project: Project, alice: Participation, rita: Caller
) -> None:
    make_set(project)
    make_judgment(alice)
    assert b"alice" not in rita.get("export/").getvalue()


def test_another_projects_judgments_are_not_in_it(
    project: Project, alice: Participation, rita: Caller
) -> None:
    other = make_project("other")
    make_set(other)
    make_judgment(make_participation(other, alice.annotator))
    assert rita.rows() == []


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("language=en", 1),
        ("language=fr", 1),
        ("country=FR", 2),
        ("country=IN", 0),
        ("strategy=imported", 1),
        ("strategy=bundled", 1),
        ("wave=1", 2),
        ("wave=2", 0),
        ("turn=1", 2),
        ("turn=2", 0),
        ("criterion=overall", 2),
        ("counted=all", 2),
        ("language=en&strategy=bundled", 0),
    ],
)
def test_filters_narrow(caller: Callable[..., Caller], query: str, found: int) -> None:
    project = make_project(languages=["en", "fr"])
    alice = make_participation(
        project, make_annotator("alice"), languages=["en", "fr"], country="FR"
    )
    make_set(project)
    make_set(
        project,
        make_prompt(project, "Que dois-tu à tes parents ?", language="fr"),
        strategy="bundled",
    )
    make_judgment(alice)
    make_judgment(alice)
    assert len(caller(project).rows(f"?{query}")) == found


def test_pages_of_judgments_are_the_same_rows(
    project: Project, alice: Participation, rita: Caller
) -> None:
    for _number in range(5):
        make_set(project)
        make_judgment(alice)
    pages, url = [], "judgments/?page_size=2"
    while url:
        page: dict[str, Any] = rita.get(url).json()
        pages.append(page["results"])
        url = page["next"].removeprefix("http://127.0.0.1:8000") if page["next"] else ""
    assert [len(page) for page in pages] == [2, 2, 1]
    assert [row for page in pages for row in page] == rita.rows()
