"""A recent answer changes as a new revision; the earlier one stays, and no longer counts."""

import re
import uuid
from typing import Any

import pytest
from django.test import Client

from annotator.errors import Missing, Refused
from annotator.models import (
    Assignment,
    Change,
    Draft,
    Judgment,
    Participation,
    ProfileRevision,
    Project,
)
from annotator.selectors.exports import native_rows
from annotator.selectors.revisions import RECENT
from annotator.services.answers import Answer
from annotator.services.drafts import save_draft
from annotator.services.projects import close_project
from annotator.services.revisions import revise_judgment, undo_revision
from tests.factories import (
    make_annotator,
    make_judgment,
    make_next_turn,
    make_participation,
    make_project,
    make_set,
)

pytestmark = pytest.mark.django_db

HISTORY = "/projects/everyday/history/"


@pytest.fixture
def project() -> Project:
    return make_project(
        overlap=1,
        veto_asked=True,
        general_asked=True,
        criteria=[
            {"slug": "helpful", "texts": {"en": "Helpful?"}},
            {"slug": "true", "kind": "rating", "texts": {"en": "True?"}},
        ],
        reasons=[{"slug": "clear", "texts": {"en": "Clear"}}],
    )


@pytest.fixture
def alice(project: Project, client: Client) -> Participation:
    annotator = make_annotator("alice")
    client.force_login(annotator)
    return make_participation(project, annotator)


@pytest.fixture
def judgment(project: Project, alice: Participation) -> Judgment:
    make_set(project)
    return make_judgment(
        alice,
        "b",
        vetoes=["a"],
        general="none",
        criteria={"helpful": "no_difference", "true-b": "4"},
        reasons=["clear"],
        explanation="It is kind.",
    )


def revise(
    judgment: Judgment, choice: str = "c", *, number: uuid.UUID | None = None, **answer: Any
) -> Judgment:
    revision_id = revise_judgment(
        participation=judgment.participation,
        judgment_id=judgment.pk,
        submission_id=number or uuid.uuid4(),
        answer=Answer(choice=choice, **answer),
    )
    return Judgment.objects.get(pk=revision_id)


def page(judgment: Judgment) -> str:
    return f"{HISTORY}{judgment.pk}/"


def test_the_place_points_to_the_newest_revision_and_the_earlier_one_stays(
    judgment: Judgment,
) -> None:
    revision = revise(judgment)
    assert (revision.revision, revision.display_order) == (2, judgment.display_order)
    assert revision.choice_response != judgment.choice_response
    assert (revision.turn, revision.wave, revision.shown_at) == (
        judgment.turn,
        judgment.wave,
        judgment.shown_at,
    )
    assert Assignment.objects.get().judgment == revision
    judgment.refresh_from_db()
    assert judgment.explanation == "It is kind."
    assert Participation.objects.get().judgments_given == 1


def test_increments_tell_of_both_revisions(judgment: Judgment) -> None:
    last = Change.objects.latest("pk")
    revision = revise(judgment)
    told = Change.objects.filter(pk__gt=last.pk).values_list("kind", "judgment")
    assert set(told) == {("marked", judgment.pk), ("revised", revision.pk)}


def test_in_exports_the_earlier_revision_neither_counts_nor_is_surplus(
    project: Project, judgment: Judgment
) -> None:
    revision = revise(judgment)
    rows = native_rows(project=project, judgment_ids=[judgment.pk, revision.pk])
    marks = [re.findall(r'"(counted|surplus|revision)" : (\w+)', row) for row in rows]
    assert marks == [
        [("counted", "false"), ("surplus", "false"), ("revision", "1")],
        [("counted", "true"), ("surplus", "false"), ("revision", "2")],
    ]


def test_the_same_page_sent_again_makes_one_revision(judgment: Judgment) -> None:
    number = uuid.uuid4()
    assert revise(judgment, number=number) == revise(judgment, "d", number=number)
    assert Judgment.objects.count() == 2


def test_an_earlier_revision_can_not_be_changed_again(judgment: Judgment) -> None:
    revise(judgment)
    with pytest.raises(Missing):
        revise(judgment)


def test_a_change_is_checked_like_an_answer(judgment: Judgment) -> None:
    with pytest.raises(Refused) as refused:
        revise(judgment, "z", vetoes=["z"])
    assert set(refused.value.fields) == {"choice", "veto"}
    assert Judgment.objects.count() == 1


def test_a_change_is_taken_back_by_a_further_revision(judgment: Judgment) -> None:
    revision = revise(judgment)
    undone = Judgment.objects.get(
        pk=undo_revision(
            participation=judgment.participation,
            judgment_id=revision.pk,
            submission_id=uuid.uuid4(),
        )
    )
    assert undone.revision == 3
    for name in ("choice_response", "vetoes", "general_kind", "criteria", "reasons", "explanation"):
        assert getattr(undone, name) == getattr(judgment, name), name
    assert Assignment.objects.get().judgment == undone


def test_what_was_never_changed_has_nothing_to_undo(judgment: Judgment) -> None:
    with pytest.raises(Refused) as refused:
        undo_revision(
            participation=judgment.participation,
            judgment_id=judgment.pk,
            submission_id=uuid.uuid4(),
        )
    assert refused.value.code == "nothing_to_undo"


def test_only_the_newest_answers_change(
    project: Project, judgment: Judgment, alice: Participation
) -> None:
    for _number in range(RECENT):
        make_set(project)
        make_judgment(alice, "a")
    with pytest.raises(Refused) as refused:
        revise(judgment)
    assert refused.value.code == "too_old"


def test_nothing_changes_in_a_closed_project(project: Project, judgment: Judgment) -> None:
    close_project(project=project)
    judgment.participation.project.refresh_from_db()
    with pytest.raises(Refused) as refused:
        revise(judgment)
    assert refused.value.code == "too_old"


def test_an_answer_that_a_conversation_went_on_from_stays(judgment: Judgment) -> None:
    make_next_turn(judgment, "And then?")
    with pytest.raises(Refused) as refused:
        revise(judgment)
    assert refused.value.code == "is_fixed"


def test_a_foreign_and_an_absent_answer_are_alike(
    client: Client, project: Project, judgment: Judgment
) -> None:
    bob = make_annotator("bob")
    make_participation(project, bob)
    client.force_login(bob)
    answers = [client.get(f"{HISTORY}{number}/") for number in (judgment.pk, 999_999_999, 10**30)]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1


def test_the_page_shows_what_was_answered(client: Client, judgment: Judgment) -> None:
    html = client.get(page(judgment)).content.decode()
    checked = re.findall(r'name="([\w-]+)" (?:id="[\w-]+" )?value="(\w+)"[^>]* checked', html)
    assert set(checked) == {
        ("choice", "b"),
        ("veto", "a"),
        ("general", "none"),
        ("criteria-helpful", "no_difference"),
        ("criteria-true-b", "4"),
        ("reasons", "clear"),
    }
    assert ">It is kind.</textarea>" in html
    assert 'value="skip"' not in html
    assert f'data-draft="/projects/everyday/drafts/?about=change-{judgment.pk}"' in html


def test_a_change_that_was_begun_comes_back_until_it_is_stored(
    client: Client, judgment: Judgment, alice: Participation
) -> None:
    fields = dict(
        re.findall(
            r'name="(assignment|submission_id)" value="([^"]+)"',
            client.get(page(judgment)).content.decode(),
        )
    )
    bob = make_participation(judgment.project, make_annotator("bob"))
    for person, text in ((alice, "Half a thought"), (bob, "Somebody else's")):
        save_draft(
            participation=person, about=f"change-{judgment.pk}", content={"explanation": [text]}
        )
    html = client.get(page(judgment)).content.decode()
    assert "Half a thought" in html
    assert "Somebody else" not in html
    sent = {**fields, "choice": "z", "explanation": "Newer", "action": "submit"}
    refused = client.post(page(judgment), sent).content.decode()
    assert 'data-kept=""' in refused, "what was just sent is newer"
    client.post(page(judgment), {**sent, "choice": "d"})
    assert Draft.objects.get().participation == bob


def test_a_change_refers_to_what_the_person_says_of_themselves_by_now(
    judgment: Judgment, alice: Participation
) -> None:
    profile = ProfileRevision.objects.create(participation=alice, number=1, answers={"age": "x"})
    Participation.objects.filter(pk=alice.pk).update(profile=profile)
    assert revise(judgment).profile == profile


def test_a_change_is_sent_from_the_page(client: Client, judgment: Judgment) -> None:
    html = client.get(page(judgment)).content.decode()
    fields = dict(re.findall(r'name="(assignment|submission_id)" value="([^"]+)"', html))
    refused = client.post(page(judgment), {**fields, "choice": "z", "action": "submit"})
    assert refused.status_code == 422
    assert "Choose one of the answers." in refused.content.decode()
    stored = client.post(page(judgment), {**fields, "choice": "d", "action": "submit"})
    assert stored["Location"] == HISTORY
    history = client.get(HISTORY).content.decode()
    assert history.count("data-answer") == 1
    assert "Changed" in history
    revision = Judgment.objects.latest("pk")
    number = re.search(r'name="submission_id" value="([^"]+)"', history)
    assert number
    undo = {"action": "undo", "submission_id": number[1]}
    for _click in range(2):
        assert client.post(page(revision), undo)["Location"] == HISTORY
    assert Judgment.objects.count() == 3
    assert Judgment.objects.latest("pk").choice_response == judgment.choice_response


@pytest.mark.parametrize("number", ["", "x", "\x00"])
def test_an_undo_without_its_number_is_refused(
    client: Client, judgment: Judgment, number: str
) -> None:
    revision = revise(judgment)
    sent = client.post(page(revision), {"action": "undo", "submission_id": number})
    assert sent.status_code == 422


def test_a_ranking_is_shown_in_its_places_and_changed(client: Client) -> None:
    project = make_project(task_format="ranking", ways_out=[])
    annotator = make_annotator("bob")
    client.force_login(annotator)
    make_set(project, texts=["One.", "Two.", "Three."])
    ranked = make_judgment(
        make_participation(project, annotator), "", ranks={"a": 2, "b": 1, "c": 1}
    )
    history = re.sub(r"<[^>]+>|\s+", " ", client.get(HISTORY).content.decode())
    assert re.search(r"1\. +B +1\. +C +3\. +A", history)
    html = client.get(page(ranked)).content.decode()
    assert re.findall(r'name="rank-(\w)" value="(\d)" required checked', html) == [
        ("a", "3"),
        ("b", "1"),
        ("c", "1"),
    ]
