"""Conversations in exports: all that was said before as messages, a row per conversation, own prompts marked."""

from typing import Any

import pytest
from pytest_django import Settings

from annotator.models import Judgment, Participation, Project, Turn, Wave
from annotator.selectors.exports import Snapshot, read_people
from annotator.selectors.release_facts import read_facts
from annotator.services.conversations import give_up_waiting, send_message
from annotator.services.projects import open_project
from tests.annotator.conversing import SERVER, answer
from tests.api.caller import Caller
from tests.factories import (
    make_annotator,
    make_judgment,
    make_own_turn,
    make_participation,
    make_prompt,
    make_set,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _a_model_server(settings: Settings) -> None:
    settings.VLLM_BASE_URL = SERVER


@pytest.fixture
def talking(project: Project) -> Project:
    """Let conversations have up to five turns, and go on though nothing was chosen."""
    project.turns, project.without_winner, project.strategy = 5, "draw", "independent"
    project.save()
    open_project(project=project)
    return project


@pytest.fixture
def alice(talking: Project) -> Participation:
    return make_participation(talking, make_annotator("alice"), country="US")


def write_on(alice: Participation, judgment: Judgment, message: str) -> Turn:
    turn = send_message(
        participation=alice,
        wave=Wave.objects.latest("number"),
        turn_id=judgment.turn_id,
        message=message,
    )
    answer(turn)
    return turn


def converse(alice: Participation, choices: str | list[str], **prompt: Any) -> list[Judgment]:
    """Judge a shared prompt and as many later turns as there are choices."""
    make_set(alice.project, make_prompt(alice.project, "Who decides?", **prompt))
    judged = [make_judgment(alice, choices[0])]
    for number, choice in enumerate(choices[1:], start=2):
        write_on(alice, judged[-1], f"And {number}?")
        judged.append(make_judgment(alice, choice))
    return judged


def chosen(judgment: Judgment) -> str:
    assert judgment.choice_response is not None
    return judgment.choice_response.text


def test_native_tells_the_turn_and_all_that_was_said(alice: Participation, rita: Caller) -> None:
    first, second, _third = converse(alice, "abc", system="Be brief.")
    rows = rita.rows()
    assert [row["turn"] for row in rows] == [1, 2, 3]
    assert len({row["conversation_id"] for row in rows}) == 1
    assert {row["prompt"]["text"] for row in rows} == {"Who decides?"}
    assert rows[0]["context"] == [{"role": "user", "content": "Who decides?"}]
    assert rows[2]["context"] == [
        {"role": "user", "content": "Who decides?"},
        {"role": "assistant", "content": chosen(first)},
        {"role": "user", "content": "And 2?"},
        {"role": "assistant", "content": chosen(second)},
        {"role": "user", "content": "And 3?"},
    ]
    assert [row["continues_response_id"] for row in rows] == [
        None,
        first.choice_response_id,
        second.choice_response_id,
    ]
    assert {row["opening"] for row in rows} == {"given"}


def test_what_was_drawn_is_marked(alice: Participation, rita: Caller) -> None:
    converse(alice, ["none", "a"])
    first, second = rita.rows()
    assert first["choice"]["kind"] == "none"
    assert (first["continues_drawn"], second["continues_drawn"]) == (False, True)
    drawn = {each["id"]: each["text"] for each in first["responses"]}
    assert second["context"][1]["content"] == drawn[second["continues_response_id"]]


@pytest.mark.parametrize(
    "export_format", ["preference", "preference-implicit", "unpaired", "ranking"]
)
def test_the_prompt_of_a_later_turn_is_the_whole_conversation(
    alice: Participation, rita: Caller, export_format: str
) -> None:
    first, _second = converse(alice, "ab", system="Be brief.")
    rows = [row for row in rita.rows(f"?format={export_format}") if row["turn"] == 2]
    assert rows
    said = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Who decides?"},
        {"role": "assistant", "content": chosen(first)},
        {"role": "user", "content": "And 2?"},
    ]
    for row in rows:
        assert (row["prompt"] if "prompt" in row else row["chosen"][:-1]) == said


def test_turn_narrows_every_format(alice: Participation, rita: Caller) -> None:
    converse(alice, "abc")
    assert [row["turn"] for row in rita.rows("?turn=2")] == [2]
    assert {row["turn"] for row in rita.rows("?format=preference&turn=3")} == {3}
    assert rita.rows("?turn=4") == []


def test_a_revision_does_not_change_what_was_gone_on_from(
    alice: Participation, rita: Caller
) -> None:
    first, second = converse(alice, "ab")
    fields = {
        field.attname: getattr(first, field.attname)
        for field in Judgment._meta.concrete_fields
        if not field.primary_key
    }
    other = first.comparison.options.exclude(response=first.choice_response).earliest("position")
    fields |= {
        "revision": 2,
        "choice_response_id": other.response_id,
        "submission_id": "00000000-0000-4000-8000-000000000002",
    }
    Judgment.objects.create(**fields)
    (row,) = [row for row in rita.rows() if row["judgment_id"] == second.pk]
    assert row["context"][1]["content"] == chosen(first)


def test_community_alignment_has_up_to_four_turns_in_a_row(
    alice: Participation, rita: Caller
) -> None:
    judged = converse(alice, "abcda")
    (row,) = rita.rows("?format=community-alignment")
    turns = ("first", "second", "third", "fourth")
    assert [row[f"{turn}_turn_prompt"] for turn in turns] == [
        "Who decides?",
        "And 2?",
        "And 3?",
        "And 4?",
    ]
    for turn, judgment in zip(turns, judged, strict=False):
        assert row[f"{turn}_turn_{row[f'{turn}_turn_preferred_response']}"] == chosen(judgment)


def test_a_row_ends_before_the_first_turn_without_a_choice(
    alice: Participation, rita: Caller
) -> None:
    converse(alice, ["a", "none", "b"])
    (row,) = rita.rows("?format=community-alignment")
    assert row["first_turn_preferred_response"]
    assert {value for name, value in row.items() if name.startswith(("second", "third"))} == {None}


def test_conversations_without_any_choice_have_no_row_and_are_counted(
    alice: Participation, rita: Caller
) -> None:
    converse(alice, ["a", "b"])
    converse(alice, ["none", "b"])
    assert len(rita.rows("?format=community-alignment")) == 1
    with Snapshot(project=alice.project) as snapshot:
        people = read_people(project=alice.project, snapshot=snapshot, demographics=False)
        facts = read_facts(project=alice.project, snapshot=snapshot, people=people)
    assert facts.conversations == {"all": 2, "without_a_choice": 1}


def test_an_own_prompt_is_no_pregenerated_one(alice: Participation, rita: Caller) -> None:
    answer(make_own_turn(alice, text="May I lie?"))
    own = make_judgment(alice, "b")
    write_on(alice, own, "And to whom?")
    make_judgment(alice, "c")
    (row,) = rita.rows("?format=community-alignment")
    assert row["is_pregenerated_first_prompt"] is False
    assert (row["first_turn_prompt"], row["second_turn_prompt"]) == ("May I lie?", "And to whom?")
    native = rita.rows()
    assert {each["prompt"]["source"] for each in native} == {"own"}
    assert native[1]["context"][0]["content"] == "May I lie?"


def test_a_message_that_nothing_answered_is_in_no_export(
    alice: Participation, rita: Caller
) -> None:
    (judged,) = converse(alice, "a")
    turn = send_message(
        participation=alice,
        wave=Wave.objects.latest("number"),
        turn_id=judged.turn_id,
        message="And 2?",
    )
    give_up_waiting(participation=alice, turn_id=turn.pk)
    assert len(rita.rows()) == 1
    (row,) = rita.rows("?format=community-alignment")
    assert row["second_turn_prompt"] is None
