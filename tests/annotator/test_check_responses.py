"""What models answered is searched once it was judged, told apart from people's texts, and comes out as decided."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.db import IntegrityError, connection, transaction

from annotator.models import (
    CandidateSet,
    Change,
    ComparisonOption,
    Finding,
    Participation,
    Project,
    Release,
    Response,
    TextCheck,
)
from annotator.selectors.exports import FORMATS
from annotator.selectors.findings import count_undecided
from annotator.services import findings
from annotator.services.findings import (
    check_texts,
    release_responses,
    ring_for_texts,
)
from annotator.services.joint import open_joint_comparisons
from annotator.services.withdrawal import withdraw
from pluralism.identifying import find_identifying
from tests.annotator.conversing import SERVER
from tests.annotator.test_check_texts import decide, exported, go_on, released, rows
from tests.factories import (
    make_annotator,
    make_judgment,
    make_participation,
    make_project,
    make_prompt,
    make_set,
)

pytestmark = pytest.mark.django_db(transaction=True)

CALL = "Call the office at +33 6 12 34 56 78 or a@example.org."
REDACTED = "Call the office at [redacted: phone] or [redacted: email]."
TEXTS = (CALL, "Two.", "Three.", "Four.")


@pytest.fixture(autouse=True)
def _storage(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.VLLM_BASE_URL = SERVER


@pytest.fixture
def project(transactional_db: None) -> Project:
    project = make_project(overlap=4, turns=3, strategy="independent")
    make_set(project, texts=TEXTS)
    return project


@pytest.fixture
def alice(project: Project) -> Participation:
    account = make_annotator("alice", first_name="Alice", last_name="Liddell")
    return make_participation(project, account, country="FR")


def join(project: Project, name: str) -> Participation:
    return make_participation(project, make_annotator(name), country="FR")


def searched(project: Project, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Check, and return the texts that were read."""
    read: list[str] = []

    def find(text: str, **known: Any) -> Any:
        read.append(text)
        return find_identifying(text, **known)

    monkeypatch.setattr(findings, "find_identifying", find)
    check_texts(project=project)
    return read


def test_each_judged_response_is_read_once(
    project: Project, alice: Participation, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert searched(project, monkeypatch) == []
    make_judgment(alice)
    assert sorted(searched(project, monkeypatch)) == sorted(TEXTS)
    assert [(f.kind, CALL[f.start : f.end]) for f in Finding.objects.order_by("start")] == [
        ("phone", "+33 6 12 34 56 78"),
        ("email", "a@example.org"),
    ]
    assert {(f.participation, f.response and f.response.text) for f in Finding.objects.all()} == {
        (None, CALL)
    }
    make_judgment(join(project, "bob"))
    assert searched(project, monkeypatch) == []


def test_responses_in_several_comparisons_are_read_once(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = make_project(overlap=2, task_format="pairwise", pairs_per_set=3, strength_asked=False)
    make_set(project, texts=TEXTS)
    for name in ("alice", "bob"):
        person = join(project, name)
        for _pair in range(project.comparisons.count()):
            make_judgment(person)
    judged = ComparisonOption.objects.values("response").distinct()
    assert len(searched(project, monkeypatch)) == judged.count() < ComparisonOption.objects.count()


def test_a_check_that_was_broken_off_goes_on(
    project: Project, alice: Participation, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_judgment(alice)
    make_set(project, texts=("Five.", "Six.", "Seven.", "b@example.org"))
    make_judgment(join(project, "bob"))
    make_judgment(Participation.objects.get(annotator__username="bob"))
    monkeypatch.setattr(findings, "TEXTS_AT_ONCE", 3)
    monkeypatch.setattr(findings, "find_identifying", _break_at("Six."))
    with pytest.raises(RuntimeError):
        check_texts(project=project)
    monkeypatch.undo()
    assert ring_for_texts() == 1
    check_texts(project=project)
    assert Finding.objects.count() == 3
    assert ring_for_texts() == 0


def _break_at(bad: str) -> Any:
    def find(text: str, **known: Any) -> Any:
        if text == bad:
            raise RuntimeError(text)
        return find_identifying(text, **known)

    return find


def test_a_newer_check_reads_responses_again(
    project: Project, alice: Participation, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_judgment(alice)
    check_texts(project=project)
    decide(project, "redact", kind="email")
    monkeypatch.setattr(findings, "VERSION", 2)
    assert sorted(searched(project, monkeypatch)) == sorted(TEXTS)
    assert dict(Finding.objects.values_list("kind", "decision")) == {"email": "redact", "phone": ""}
    assert TextCheck.objects.get().version == 2


def test_a_project_checked_before_responses_were_has_them_checked(
    project: Project, alice: Participation
) -> None:
    make_judgment(alice)
    check_texts(project=project)
    Finding.objects.all().delete()
    TextCheck.objects.update(response_cursor=0)
    assert ring_for_texts() == 1
    assert check_texts(project=project) == 2


@pytest.mark.parametrize("export_format", [name for name in FORMATS if name != "offers"])
def test_what_was_decided_stands_in_every_format(
    transactional_db: None, export_format: str
) -> None:
    task_format = {"ranking": "ranking", "joint": "two_prompts"}.get(export_format, "best_of_k")
    project = make_project(overlap=5, task_format=task_format, strength_asked=False)
    for number in range(2):
        texts = (CALL, CALL) if export_format == "joint" else TEXTS
        make_set(project, make_prompt(project, f"Question {number}?"), texts=texts)
    if export_format == "joint":
        open_joint_comparisons(project=project)
    answers: dict[str, Any] = {"ranks": {"a": 1, "b": 2, "c": 3, "d": 4}}
    for name in ("alice", "bob", "carol", "dave", "erin"):
        make_judgment(join(project, name), **(answers if export_format == "ranking" else {}))
    check_texts(project=project)
    chosen = exported(project, export_format)
    assert decide(project, "redact") >= 2
    text = json.dumps(exported(project, export_format))
    if "a@example.org" in json.dumps(chosen):
        assert REDACTED in text
    assert "a@example.org" not in text
    assert "06 12" not in text
    assert len(chosen) == len(exported(project, export_format))


def test_earlier_answers_are_told_as_decided_in_later_turns(
    project: Project, alice: Participation
) -> None:
    first = make_judgment(alice, choice=letter_of(alice, CALL))
    second = go_on(first)
    check_texts(project=project)
    decide(project, "redact")
    said = {row["judgment_id"]: row for row in exported(project)}
    assert said[second.pk]["context"][1] == {"role": "assistant", "content": REDACTED}
    assert REDACTED in [response["text"] for response in said[first.pk]["responses"]]
    (conversation,) = exported(project, "community-alignment")
    assert REDACTED in conversation["first_turn_responses"]


def letter_of(person: Participation, text: str) -> str:
    """Return the letter under which the person is shown a response next."""
    from annotator.services.assignments import claim_next

    claimed = claim_next(participation=person)
    assert claimed is not None
    place = person.assignments.get(pk=claimed)
    position = place.comparison.options.get(response__text=text).position
    return "abcdefgh"[place.display_order.index(position)]


def test_increments_are_told_of_decisions_about_responses(
    project: Project, alice: Participation
) -> None:
    first = make_judgment(alice, choice=letter_of(alice, CALL))
    second = go_on(first)
    third = make_judgment(join(project, "bob"))
    check_texts(project=project)
    decide(project, "redact", participation__isnull=False)
    cursor = Change.objects.latest("pk").pk
    decide(project, "redact", response__isnull=False)
    told = [row["judgment_id"] for row in exported(project, since=cursor)]
    assert sorted(told) == [first.pk, second.pk, third.pk]


def test_a_response_is_not_withheld(project: Project, alice: Participation) -> None:
    make_judgment(alice)
    check_texts(project=project)
    assert decide(project, "withhold") == 0
    with pytest.raises(IntegrityError, match="no_response_is_withheld"), transaction.atomic():
        Finding.objects.update(decision="withhold", decided_at="2026-01-01T00:00:00Z")
    with (
        pytest.raises(IntegrityError, match="a_text_that_somebody_wrote_has_its_author"),
        transaction.atomic(),
    ):
        Finding.objects.update(response=None, judgment=alice.judgments.get())
    with pytest.raises(IntegrityError, match="a_finding_stands_in_one_text"), transaction.atomic():
        Finding.objects.update(judgment=alice.judgments.get())


def test_an_answer_to_a_person_is_searched_for_their_name_and_goes_with_them(
    project: Project, alice: Participation
) -> None:
    second = go_on(make_judgment(alice, explanation="Fine."))
    text = Response.objects.filter(candidate_set__turn=second.turn).first()
    assert text is not None
    with connection.cursor() as cursor:
        cursor.execute("SET plurivox.erasure = 'on'")
        Response.objects.filter(pk=text.pk).update(text="Dear Alice, well.")
        cursor.execute("SET plurivox.erasure = 'off'")
    check_texts(project=project)
    found = Finding.objects.get(kind="name")
    assert (found.response, found.participation) == (text, alice)
    Participation.objects.filter(pk=alice.pk).update(allows_texts=False)
    assert not count_undecided(project=project).people
    withdraw(participation=alice)
    assert not Finding.objects.filter(participation=alice).exists()
    assert CandidateSet.objects.filter(turn=second.turn).exists()


def test_a_release_waits_for_decisions_about_responses_and_counts_them_apart(
    project: Project, alice: Participation
) -> None:
    make_judgment(alice, explanation="I am alice@example.org.")
    release = released(project, formats=["native"])
    assert release.state == Release.State.FAILED
    assert "places in texts may say who somebody is" in release.failure
    undecided = count_undecided(project=project)
    assert (undecided.people, undecided.models, undecided.total) == (1, 2, 3)
    decide(project, "release", response__isnull=True)
    decide(project, "redact", response__isnull=False)
    release = released(project, formats=["native"])
    assert REDACTED in [response["text"] for response in rows(release)[0]["responses"]]
    assert release.manifest is not None
    texts = release.manifest["texts"]
    assert texts["findings"] == [{"kind": "email", "decision": "release", "count": 1}]
    assert texts["findings_in_responses"] == [
        {"kind": "email", "decision": "redact", "count": 1},
        {"kind": "phone", "decision": "redact", "count": 1},
    ]
    for name, line in {
        "METHODS.md": "| a response | email | redact | 1 |",
        "CODEBOOK.md": "[redacted: email]",
    }.items():
        with default_storage.open(f"{release.folder}/{name}") as file:
            assert line in file.read().decode()


def test_undecided_responses_are_redacted_where_undecided_texts_are_withheld(
    project: Project, alice: Participation
) -> None:
    project.unreviewed_texts = Project.UnreviewedTexts.WITHHOLD
    project.save()
    make_judgment(alice)
    release = released(project, formats=["native", "unpaired"])
    assert REDACTED in [response["text"] for response in rows(release)[0]["responses"]]


def test_all_responses_are_released_at_once_up_to_the_newest_that_was_seen(
    project: Project, alice: Participation
) -> None:
    make_judgment(alice, explanation="I am alice@example.org.")
    check_texts(project=project)
    newest = count_undecided(project=project).newest
    make_set(project, texts=("b@example.org", "Two.", "Three.", "Four."))
    make_judgment(alice)
    check_texts(project=project)
    assert newest is not None
    assert release_responses(project=project, until=newest) == 2
    undecided = count_undecided(project=project)
    assert (undecided.people, undecided.models) == (1, 1)
    assert release_responses(project=project, until=newest) == 0
