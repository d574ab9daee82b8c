"""Free texts are checked before they are released, and come out as somebody decided; what is stored never changes."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
import zstandard
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connections, transaction

from annotator.models import (
    AuditEvent,
    Change,
    Finding,
    Judgment,
    Participation,
    Project,
    Release,
    TextCheck,
)
from annotator.selectors.exports import SPLITS, Filters, native_rows, open_export
from annotator.selectors.findings import count_undecided
from annotator.services import findings
from annotator.services.findings import (
    check_new_texts,
    check_texts,
    decide_findings,
    ring_for_texts,
)
from annotator.services.releases import build_release, start_release
from annotator.services.withdrawal import withdraw
from pluralism.identifying import find_identifying
from tests.annotator.conversing import SERVER, answer
from tests.factories import (
    make_admin,
    make_annotator,
    make_judgment,
    make_next_turn,
    make_own_turn,
    make_participation,
    make_project,
    make_set,
)

pytestmark = pytest.mark.django_db(transaction=True)

MAIL = "Ask ann@example.org 🙂 or 06 12 34 56 78."
REDACTED = "Ask [redacted: email] 🙂 or [redacted: phone]."


@pytest.fixture(autouse=True)
def _storage(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.VLLM_BASE_URL = SERVER


@pytest.fixture
def project(transactional_db: None) -> Project:
    project = make_project(overlap=4, turns=3, strategy="independent")
    make_set(project)
    return project


@pytest.fixture
def alice(project: Project) -> Participation:
    account = make_annotator("alice", first_name="Alice", last_name="Liddell")
    return make_participation(project, account, country="FR")


def exported(
    project: Project, export_format: str = "native", **filters: Any
) -> list[dict[str, Any]]:
    with open_export(
        project=project, export_format=export_format, filters=Filters(**filters)
    ) as stream:
        return [json.loads(line) for line in b"".join(stream).splitlines()]


def released(project: Project, **wanted: Any) -> Release:
    version = f"1.{Release.objects.count()}"
    release = start_release(project=project, version=version, **wanted)
    build_release(release_id=release.pk)
    release.refresh_from_db()
    return release


def rows(release: Release, export_format: str = "native") -> list[dict[str, Any]]:
    found = []
    for split in SPLITS:
        with default_storage.open(
            f"{release.folder}/jsonl/{export_format}-{split}.jsonl.zst"
        ) as file:
            content = zstandard.ZstdDecompressor().stream_reader(io.BytesIO(file.read())).read()
        found += [json.loads(line) for line in content.splitlines()]
    return found


def decide(project: Project, decision: str, **which: Any) -> int:
    wanted = Finding.objects.filter(project=project, **which)
    return decide_findings(
        project=project, decisions=dict.fromkeys(wanted.values_list("pk", flat=True), decision)
    )


def test_what_may_identify_the_writer_is_found_once(project: Project, alice: Participation) -> None:
    judgment = make_judgment(alice, explanation="I, Alice, can be reached: " + MAIL)
    assert check_texts(project=project) == 3
    assert [(f.kind, judgment.explanation[f.start : f.end]) for f in Finding.objects.all()] == [
        ("name", "Alice"),
        ("email", "ann@example.org"),
        ("phone", "06 12 34 56 78"),
    ]
    assert check_texts(project=project) == 0
    assert Finding.objects.count() == 3


def test_only_new_texts_are_checked_and_all_again_by_a_newer_check(
    project: Project, alice: Participation, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_judgment(alice, explanation=MAIL)
    check_texts(project=project)
    decide(project, "release", kind="email")
    bob = make_participation(project, make_annotator("bob"), country="FR")
    make_judgment(bob, explanation="bob was here")
    assert check_texts(project=project) == 1
    monkeypatch.setattr(findings, "VERSION", 2)
    # The newer check finds no phone numbers any more.
    monkeypatch.setattr(
        findings,
        "find_identifying",
        lambda text, **known: [f for f in find_identifying(text, **known) if f.kind == "email"],
    )
    assert check_texts(project=project) == 1
    assert [(f.kind, f.decision) for f in Finding.objects.all()] == [("email", "release")]
    assert TextCheck.objects.get().version == 2


def test_live_exports_say_what_was_decided_and_the_stored_text_stays(
    project: Project, alice: Participation
) -> None:
    judgment = make_judgment(alice, explanation=MAIL)
    check_texts(project=project)
    assert exported(project)[0]["explanation"] == MAIL
    assert decide(project, "redact") == 2
    assert exported(project)[0]["explanation"] == REDACTED
    assert exported(project, "community-alignment")[0]["first_turn_feedback"] == REDACTED
    assert (
        json.loads(native_rows(project=project, judgment_ids=[judgment.pk])[0])["explanation"]
        == REDACTED
    )
    assert decide(project, "withhold", kind="phone") == 1
    assert exported(project)[0]["explanation"] == "[withheld]"
    assert decide(project, "release") == 2
    assert exported(project)[0]["explanation"] == MAIL
    assert Judgment.objects.get().explanation == MAIL


def test_increments_are_told_of_decisions(project: Project, alice: Participation) -> None:
    make_judgment(alice, explanation=MAIL)
    check_texts(project=project)
    cursor = Change.objects.latest("pk").pk
    assert exported(project, since=cursor) == []
    decide(project, "redact")
    assert [row["explanation"] for row in exported(project, since=cursor)] == [REDACTED]
    assert decide(project, "redact") == 0
    assert Change.objects.filter(kind="marked").count() == 1


def test_own_prompts_and_messages_are_checked_and_redacted_wherever_they_are_told(
    project: Project, alice: Participation
) -> None:
    first = judge_own(alice)
    second = go_on(first)
    assert check_texts(project=project) == 3
    assert {(f.prompt is None, f.turn is None) for f in Finding.objects.all()} == {
        (False, True),
        (True, False),
    }
    decide(project, "redact")
    said = {row["judgment_id"]: row for row in exported(project)}
    assert said[first.pk]["prompt"]["text"] == "I am [redacted: name]."
    assert said[first.pk]["context"][0]["content"] == "I am [redacted: name]."
    assert [m["content"] for m in said[second.pk]["context"] if m["role"] == "user"] == [
        "I am [redacted: name].",
        REDACTED,
    ]
    for row in exported(project, "preference", turn=2):
        assert [m["content"] for m in row["prompt"] if m["role"] == "user"] == [
            "I am [redacted: name].",
            REDACTED,
        ]
    (conversation,) = exported(project, "community-alignment")
    assert conversation["first_turn_prompt"] == "I am [redacted: name]."
    assert conversation["second_turn_prompt"] == REDACTED


def judge_own(alice: Participation) -> Judgment:
    """Let Alice write a prompt of her own and judge what answers it."""
    answer(make_own_turn(alice, text="I am Alice."))
    return make_judgment(alice)


def go_on(judgment: Judgment) -> Judgment:
    """Let her write a message with an address, and judge what answers it."""
    answer(make_next_turn(judgment, MAIL))
    return make_judgment(judgment.participation)


def test_what_answers_a_withheld_text_is_in_no_release(
    project: Project, alice: Participation
) -> None:
    first = judge_own(alice)
    second = go_on(first)
    check_texts(project=project)
    decide(project, "release")
    decide(project, "withhold", turn__isnull=False)
    release = released(project)
    assert [row["judgment_id"] for row in rows(release)] == [first.pk]
    assert {row["turn"] for row in rows(release, "preference")} == {1}
    (conversation,) = rows(release, "community-alignment")
    assert conversation["second_turn_prompt"] is None
    assert [row["judgment_id"] for row in exported(project)] == [first.pk, second.pk]
    decide(project, "withhold", prompt__isnull=False)
    assert rows(released(project)) == []


def test_a_release_waits_for_decisions_and_says_where(
    project: Project, alice: Participation
) -> None:
    make_judgment(alice, explanation=MAIL)
    release = released(project, formats=["native"])
    assert release.state == Release.State.FAILED
    assert "2 places in texts may say who somebody is" in release.failure
    assert f"/admin/annotator/project/{project.pk}/texts/" in release.failure
    with pytest.raises(CommandError, match="nobody has decided"):
        call_command("release", project.slug, "2.0")
    decide(project, "redact")
    release = released(project, formats=["native"])
    assert [row["explanation"] for row in rows(release)] == [REDACTED]
    assert release.manifest is not None
    assert release.manifest["texts"]["findings"] == [
        {"kind": "email", "decision": "redact", "count": 1},
        {"kind": "phone", "decision": "redact", "count": 1},
    ]
    with default_storage.open(f"{release.folder}/METHODS.md") as file:
        assert b"| a person's text | email | redact | 1 |" in file.read()


def test_undecided_texts_are_withheld_where_the_project_says_so(
    project: Project, alice: Participation
) -> None:
    project.unreviewed_texts = Project.UnreviewedTexts.WITHHOLD
    project.save()
    make_judgment(alice, explanation=MAIL)
    release = released(project, formats=["native", "community-alignment"])
    assert [row["explanation"] for row in rows(release)] == ["[withheld]"]
    assert rows(release, "community-alignment")[0]["first_turn_feedback"] == "[withheld]"
    with default_storage.open(f"{release.folder}/METHODS.md") as file:
        assert b"2 of the places were not decided; their texts are withheld" in file.read()


def test_texts_that_are_not_published_wait_for_nobody(
    project: Project, alice: Participation
) -> None:
    make_judgment(alice, explanation=MAIL)
    check_texts(project=project)
    assert count_undecided(project=project).total == 2
    Participation.objects.filter(pk=alice.pk).update(allows_texts=False)
    assert count_undecided(project=project).total == 0
    assert released(project, formats=["native"]).state == Release.State.PUBLISHED


def test_nothing_found_is_left_of_who_withdraws(project: Project, alice: Participation) -> None:
    make_judgment(alice, explanation=MAIL)
    check_texts(project=project)
    withdraw(participation=alice)
    assert not Finding.objects.exists()


def test_one_check_at_a_time_looks_for_what_is_new(project: Project, alice: Participation) -> None:
    make_judgment(alice, explanation=MAIL)
    another = connections.create_connection("default")
    lock = [findings.LOCK, project.pk]
    try:
        with another.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s, %s)", lock)
            check_new_texts(project=project)
            assert not Finding.objects.exists()
            cursor.execute("SELECT pg_advisory_unlock(%s, %s)", lock)
    finally:
        another.close()
    for _again in range(2):
        check_new_texts(project=project)
        assert Finding.objects.count() == 2


def test_decisions_are_kept_with_their_author_and_logged_without_the_text(
    project: Project, alice: Participation
) -> None:
    make_judgment(alice, explanation=MAIL)
    check_texts(project=project)
    adam = make_admin()
    other = make_project("other")
    first, second = Finding.objects.all()
    assert decide_findings(project=other, decisions={first.pk: "redact"}, by=adam) == 0
    assert decide_findings(project=project, decisions={first.pk: "burn", 0: "redact"}, by=adam) == 0
    assert decide_findings(project=project, decisions={first.pk: "redact"}, by=adam) == 1
    first.refresh_from_db()
    assert (first.decision, first.decided_by) == ("redact", adam)
    assert first.decided_at is not None
    event = AuditEvent.objects.get(action="review")
    assert (event.actor, event.subject, event.details) == (adam, "redact", {"findings": [first.pk]})
    with pytest.raises(IntegrityError, match="a_decision_says_when"), transaction.atomic():
        Finding.objects.filter(pk=second.pk).update(decision="redact")
    with pytest.raises(IntegrityError, match="a_finding_stands_in_one_text"), transaction.atomic():
        Finding.objects.filter(pk=second.pk).update(judgment=None)


def test_the_sweep_rings_for_projects_with_texts_to_check(
    project: Project, alice: Participation
) -> None:
    assert ring_for_texts() == 0
    make_judgment(alice, explanation="fine")
    assert ring_for_texts() == 1
    out = io.StringIO()
    call_command("check_texts", project.slug, stdout=out)
    assert out.getvalue() == "0 places found; 0 wait for a decision.\n"
    assert ring_for_texts() == 0
