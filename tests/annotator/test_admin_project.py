"""The admin leads from a new project to its data; each step is one page, and what is refused says why."""

import csv
import io
import json
import re
from typing import Any
from urllib.parse import unquote

import pytest
from django.contrib.admin.models import LogEntry
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from annotator.models import (
    ApiToken,
    CandidateSet,
    Comparison,
    Invitation,
    Project,
    Prompt,
)
from annotator.services.people import accept_invitation
from annotator.services.tokens import recognise_token
from tests.factories import make_admin, make_annotator, make_member, make_project, make_set

pytestmark = pytest.mark.django_db

SETTINGS = {
    "name": "My study",
    "slug": "my-study",
    "task_format": "best_of_k",
    "ways_out": ["none", "both_good"],
    "candidates": "4",
    "pairs_per_set": "2",
    "overlap": "3",
    "lease_minutes": "30",
    "explanation_share": "1",
    "explanation_required_share": "0",
    "strategy": "nc_prompt",
    "languages": "",
    "instructions.en": "Choose the *best*.",
    "instructions-another-language": "pt-br",
    "instructions-another-text": "Escolha a melhor.",
    "consent_text.en": "",
    "consent_ticks": ["texts"],
    "after_withdrawal": "erase",
    "panels": '[{"slug": "prolific", "preset": "prolific", "codes": {"complete": "C1"}}]',
    "training_items": "0",
    "training_threshold": "0.8",
    "check_share": "0",
    "pause_after_failed": "0",
    "pay_currency": "EUR",
    "pay_per_answer": "25",
    "pay_bonus": "100",
    "demographics": '[{"slug": "age", "options": ["18-34", "35+"]}]',
    "quotas": "{}",
    "stratum_by": "country",
    "smallest_group": "10",
    "rare_groups": "hide",
    "unreviewed_texts": "refuse",
}


@pytest.fixture
def adam(client: Client) -> Client:
    client.force_login(make_admin())
    return client


@pytest.fixture
def project() -> Project:
    return make_project(opened=False, languages=[])


def page(project: Project, name: str = "change") -> str:
    return reverse(f"admin:annotator_project_{name}", args=[project.pk])


def upload(
    adam: Client, project: Project, content: bytes, name: str = "prompts.csv", **fields: Any
) -> Any:
    return adam.post(
        page(project, "upload"),
        {"file": SimpleUploadedFile(name, content), "language": "en", **fields},
    )


def test_a_project_is_made_and_its_page_says_what_is_missing(adam: Client) -> None:
    response = adam.post(reverse("admin:annotator_project_add"), SETTINGS, follow=True)

    project = Project.objects.get()
    assert response.redirect_chain[-1][0] == page(project)
    assert project.ways_out == ["none"]
    assert project.instructions == {"en": "Choose the *best*.", "pt-BR": "Escolha a melhor."}
    content = response.content.decode()
    for sentence in ("No languages yet.", "No prompts yet.", "No consent text"):
        assert sentence in content
    assert re.search(r'value="open"\s+disabled', content)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("slug", "no spaces allowed"),
        ("overlap", "0"),
        ("overlap", "1000000"),
        ("candidates", "9"),
        ("explanation_share", "1.5"),
        ("explanation_share", "nan"),
        ("languages", "en_US"),
        ("name", "a\0b"),
        ("description", "a\0b"),
        ("instructions.en", "a\0b"),
        ("instructions.english_language", "text"),
        ("instructions-another-language", "\0"),
        ("consent_text.en", "x" * 20_001),
        ("quotas", '{"FR": "one"}'),
        ("quotas", '{"FR": 4}'),
        ("quotas", '{"FR": -1}'),
        ("group_quotas", '{"FR": 1.5}'),
        ("targets", '{"": 1}'),
        ("targets", '{"female": 5}'),
        ("stratum_by", "where do you live?"),
        ("target_by", "age,gender"),
        ("block_size", "0"),
        ("quotas", '{"F\\u0000": 1}'),
        ("quotas", "[]"),
        ("quotas", "{"),
        ("quotas", "[" * 100_000),
        ("strategy", "magic"),
        ("strategy", ""),
        ("nc_prompt-temperature", "100"),
        ("nc_prompt-temperature", "NaN"),
        ("nc_prompt-protocol", "smoke"),
        ("ways_out", "maybe"),
        ("task_format", "roulette"),
    ],
)
def test_a_wrong_setting_is_refused(adam: Client, field: str, value: str) -> None:
    response = adam.post(reverse("admin:annotator_project_add"), {**SETTINGS, field: value})

    assert response.status_code == 422
    assert response.context["adminform"].form.errors
    assert not Project.objects.exists()


def test_the_format_stays_once_comparisons_were_made(adam: Client, project: Project) -> None:
    make_set(project)
    response = adam.post(page(project), {**SETTINGS, "task_format": "pairwise"})

    assert response.status_code == 422
    assert "task_format" in response.context["adminform"].form.errors


def test_settings_can_be_changed(adam: Client, project: Project) -> None:
    adam.post(page(project), {**SETTINGS, "overlap": "5", "languages": "en, fr"})

    project.refresh_from_db()
    assert (project.overlap, project.languages, project.name) == (5, ["en", "fr"], "My study")


def test_a_strategy_keeps_the_parameters_that_are_not_its_defaults(
    adam: Client, project: Project
) -> None:
    sent = {
        "strategy": "nc_prompt",
        "nc_prompt-temperature": "0.7",
        "nc_prompt-top_p": "1.0",
        "nc_prompt-max_tokens": "",
        "nc_prompt-tolerant": "on",
        "independent-temperature": "nonsense of another strategy",
    }
    assert adam.post(page(project), {**SETTINGS, **sent}).status_code == 302

    project.refresh_from_db()
    assert project.strategy == "nc_prompt"
    assert project.strategy_parameters == {"temperature": 0.7, "tolerant": True}
    shown = adam.get(page(project)).content.decode()
    assert re.search(r'name="nc_prompt-temperature" value="0.7"', shown)


def test_prompts_are_uploaded(adam: Client, project: Project) -> None:
    response = upload(
        adam,
        project,
        b"ID,Question\n1,Pourquoi ?\n",
        language="fr",
        text="Question",
        external_id="ID",
        id_prefix="FR-",
    )

    assert response.status_code == 302
    assert Prompt.objects.get().external_id == "FR-1"
    assert "Uploaded prompts.csv" in LogEntry.objects.latest("pk").get_change_message()
    assert "1 prompts added." in adam.get(page(project)).content.decode()


def test_a_bad_upload_shows_its_lines_and_stores_nothing(adam: Client, project: Project) -> None:
    response = upload(adam, project, b"text\ngood\n \n")

    assert response.status_code == 422
    assert [error.line for error in response.context["report"].errors] == [3]
    assert "Nothing was stored" in response.content.decode()
    assert not Prompt.objects.exists()


def test_bad_rows_may_be_left_out_and_are_still_shown(adam: Client, project: Project) -> None:
    response = upload(adam, project, b"text\ngood\n \n", skip_bad="on")

    assert response.status_code == 200
    assert "These rows were left out" in response.content.decode()
    assert Prompt.objects.count() == 1


def test_rows_with_responses_open_their_comparisons(adam: Client, project: Project) -> None:
    row = {"text": "Why?", "responses": ["Because.", "Why not?"]}
    upload(adam, project, json.dumps(row).encode(), "sets.jsonl", with_responses="on")

    assert Comparison.objects.filter(project=project).count() == 1


@pytest.mark.parametrize(
    ("name", "content", "fields"),
    [
        ("prompts.exe", b"text\nWhy?\n", {}),
        ("prompts.csv", b"", {}),
        ("prompts.csv", b"\xff\xfet\0", {}),
        ("prompts.csv", b"Question\nWhy?\n", {}),
        ("prompts.csv.gz", b"\x1f\x8bnonsense", {}),
        ("prompts.csv", b"text\nWhy?\n", {"language": "a\0"}),
        ("prompts.csv", b"text\nWhy?\n", {"language": "english language"}),
        ("prompts.csv", b"text\nWhy?\n", {"group_kind": "family"}),
        ("prompts.csv", b"text\nWhy?\n", {"text": "a\0"}),
        ("prompts.jsonl", b'{"text": "\\ud800"}', {}),
    ],
)
def test_a_file_that_cannot_be_read_is_refused(
    adam: Client, project: Project, name: str, content: bytes, fields: dict[str, str]
) -> None:
    response = upload(adam, project, content, name, **fields)

    assert response.status_code == 422
    assert not Prompt.objects.exists()


def test_a_project_opens_pauses_and_closes(adam: Client, project: Project) -> None:
    make_set(project)
    Project.objects.update(languages=["en"])
    for action, state in (
        ("open", "open"),
        ("pause", "paused"),
        ("open", "open"),
        ("close", "closed"),
    ):
        adam.post(page(project, "state"), {"action": action})
        project.refresh_from_db()
        assert project.state == state
    assert LogEntry.objects.count() == 4


@pytest.mark.parametrize("action", ["open", "explode", ""])
def test_a_project_that_is_not_ready_stays_closed(
    adam: Client, project: Project, action: str
) -> None:
    response = adam.post(page(project, "state"), {"action": action}, follow=True)

    project.refresh_from_db()
    assert project.state == "draft"
    assert any(message.level_tag == "error" for message in response.context["messages"])
    assert not LogEntry.objects.exists()


def test_the_state_is_not_changed_by_following_a_link(adam: Client, project: Project) -> None:
    assert adam.get(page(project, "state"), {"action": "close"}).status_code == 405


def test_invitations_are_shown_once_and_can_be_saved(adam: Client, project: Project) -> None:
    Project.objects.update(languages=["en", "fr"], state="open")
    response = adam.post(
        page(project, "invite"), {"count": "2", "language": "fr", "country": "ch", "days": "7"}
    )

    links = response.context["links"]
    saved = list(csv.DictReader(io.StringIO(unquote(response.context["file"].split(",", 1)[1]))))
    assert [row["url"] for row in saved] == links
    assert "no-store" in response.headers["Cache-Control"]
    project.refresh_from_db()
    assert (
        accept_invitation(project=project, secret=links[0].split("invitation=")[1]).country == "CH"
    )
    assert links[0] not in adam.get(page(project, "invite")).content.decode()
    assert (
        Invitation.objects.filter(created_by__username="adam", expires_at__isnull=False).count()
        == 2
    )


def test_a_link_can_let_several_people_in(adam: Client, project: Project) -> None:
    Project.objects.update(languages=["en"], state="open")
    adam.post(page(project, "invite"), {"count": "1", "uses": "30"})
    assert Invitation.objects.get().max_uses == 30


@pytest.mark.parametrize(
    "fields",
    [
        {"uses": "0"},
        {"uses": "x"},
        {"count": "0"},
        {"count": "1001"},
        {"count": "many"},
        {"language": "xx"},
        {"country": "FRA"},
        {"country": "\0\0"},
        {"days": "99999"},
    ],
)
def test_a_wrong_wish_makes_no_invitation(
    adam: Client, project: Project, fields: dict[str, str]
) -> None:
    assert adam.post(page(project, "invite"), {"count": "1", **fields}).status_code == 422
    assert not Invitation.objects.exists()


def test_a_key_is_shown_once_and_opens_this_project(adam: Client, project: Project) -> None:
    response = adam.post(
        page(project, "token"),
        {"name": "Rita's notebook", "scopes": ["read:judgments"], "days": "30"},
    )

    token = recognise_token(key=response.context["key"])
    assert (list(token.projects.all()), token.scopes) == ([project], ["read:judgments"])
    assert response.context["key"] not in adam.get(page(project, "token")).content.decode()
    assert response.context["key"] not in str(list(LogEntry.objects.values()))


@pytest.mark.parametrize(
    "fields",
    [
        {"name": ""},
        {"name": "\0"},
        {"scopes": []},
        {"scopes": ["everything"]},
        {"days": "0"},
        {"days": "9" * 20},
    ],
)
def test_a_wrong_wish_makes_no_key(adam: Client, project: Project, fields: dict[str, Any]) -> None:
    assert (
        adam.post(
            page(project, "token"), {"name": "n", "scopes": ["read:project"], "days": "1", **fields}
        ).status_code
        == 422
    )
    assert not ApiToken.objects.exists()


PAGES = ("change", "upload", "generate", "invite", "token")


@pytest.mark.parametrize("name", PAGES)
def test_only_staff_gets_in(client: Client, project: Project, name: str) -> None:
    client.force_login(make_annotator())
    assert client.get(page(project, name)).headers["Location"].startswith(reverse("admin:login"))


@pytest.mark.parametrize("name", [*PAGES, "state"])
def test_a_reviewer_changes_nothing(client: Client, project: Project, name: str) -> None:
    client.force_login(make_member(project, role="reviewer"))
    assert client.post(page(project, name), {"action": "close"}).status_code == 403


@pytest.mark.parametrize("name", [*PAGES[1:], "state"])
@pytest.mark.parametrize("number", [0, 999_999, 2**63, 10**30])
def test_what_is_not_there_is_not_found(adam: Client, name: str, number: int) -> None:
    url = f"/admin/annotator/project/{number}/{name}/"
    assert adam.post(url, {}).status_code == 404


def test_a_project_cannot_be_deleted(adam: Client, project: Project) -> None:
    assert (
        adam.post(
            reverse("admin:annotator_project_delete", args=[project.pk]), {"post": "yes"}
        ).status_code
        == 403
    )


def test_the_page_costs_the_same_whatever_the_project_holds(
    adam: Client, project: Project, django_assert_max_num_queries: Any
) -> None:
    # 2 session and account; 1 project by get_object, 1 by the form; 7 progress; 2 by language; 2 lacks; 1 runs;
    # 1 slug check … : well below 30, and the same for 1 and for 20 sets.
    counts = []
    for sets in (1, 20):
        for _number in range(sets):
            make_set(project)
        with django_assert_max_num_queries(30) as queries:
            assert adam.get(page(project)).status_code == 200
        counts.append(len(queries.captured_queries))
    assert counts[0] == counts[1]
    assert CandidateSet.objects.count() == 21
