"""The page where a reviewer decides what becomes of what the check of texts found."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from annotator.models import Finding, Participation, Project, Role
from annotator.selectors import findings as selector
from annotator.services.findings import check_texts
from tests.factories import (
    make_annotator,
    make_judgment,
    make_member,
    make_participation,
    make_project,
    make_set,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def project(transactional_db: None) -> Project:
    project = make_project(overlap=1)
    alice = make_participation(project, make_annotator("alice"))
    for text in ("<b>alice</b> & a@example.org", "nothing", "also b@example.org"):
        make_set(project)
        make_judgment(alice, explanation=text)
    check_texts(project=project)
    return project


@pytest.fixture
def rita(client: Client, project: Project) -> Client:
    client.force_login(make_member(project, role=Role.REVIEWER))
    return client


def page(project: Project) -> str:
    return reverse("admin:annotator_project_texts", args=[project.pk])


def decisions() -> list[str]:
    return list(Finding.objects.order_by("pk").values_list("decision", flat=True))


def test_texts_are_shown_with_what_was_found_marked(
    rita: Client, project: Project, django_assert_num_queries: Any
) -> None:
    # session, person, project, roles, Django's permissions (2); count, page, texts.
    with django_assert_num_queries(9):
        html = rita.get(page(project)).content.decode()
    assert "&lt;b&gt;<mark>alice</mark>&lt;/b&gt; &amp; <mark>a@example.org</mark>" in html
    assert "also <mark>b@example.org</mark>" in html
    assert "nothing</p>" not in html
    assert html.count('value="redact"') == 3 + 1
    assert Participation.objects.get(annotator__username="alice").pseudonym in html


def test_each_finding_is_decided_by_itself(rita: Client, project: Project) -> None:
    name, mail, other = Finding.objects.order_by("pk")
    sent = {f"finding-{name.pk}": "release", f"finding-{mail.pk}": "redact", "open": f"{other.pk}"}
    response = rita.post(page(project), sent)
    assert (response.status_code, response["Location"]) == (302, page(project))
    assert decisions() == ["release", "redact", ""]
    html = rita.get(page(project)).content.decode()
    assert (
        "1 place in a text"
        in rita.get(reverse("admin:annotator_project_change", args=[project.pk])).content.decode()
    )
    assert "also <mark>b@example.org" in html
    assert "<mark>alice" not in html
    decided = rita.get(page(project), {"show": "decided"}).content.decode()
    assert "<mark>alice" in decided
    assert 'value="release" checked' in decided
    assert "rita" in decided


def test_the_rest_of_a_page_is_redacted_at_once(rita: Client, project: Project) -> None:
    first, *rest = Finding.objects.order_by("pk")
    listed = " ".join(str(finding.pk) for finding in (first, *rest))
    rita.post(page(project), {f"finding-{first.pk}": "withhold", "open": listed, "rest": "redact"})
    assert decisions() == ["withhold", "redact", "redact"]
    assert "Nothing waits for a decision" in rita.get(page(project)).content.decode()


def test_responses_are_shown_apart_and_offered_no_withholding(
    rita: Client, project: Project, django_assert_num_queries: Any
) -> None:
    judge_responses(project)
    assert "carl@example.org" not in rita.get(page(project)).content.decode()
    # As for people's texts.
    with django_assert_num_queries(9):
        html = rita.get(page(project), {"of": "models"}).content.decode()
    assert "Ask <mark>carl@example.org</mark>" in html
    assert "<mark>a@example.org" not in html
    assert "Of people, to decide: 3" in html
    assert "Responses, to decide: 2" in html
    assert 'value="withhold"' not in html
    assert "A response · a-model" in html


def test_all_responses_are_released_with_one_button(rita: Client, project: Project) -> None:
    judge_responses(project)
    first, second = Finding.objects.filter(response__isnull=False).order_by("pk")
    html = rita.get(page(project), {"of": "models"}).content.decode()
    assert f'name="release_until" value="{second.pk}"' in html
    sent = {"of": "models", f"finding-{first.pk}": "redact", "release_until": f"{second.pk}"}
    response = rita.post(page(project), sent)
    assert response["Location"] == f"{page(project)}?of=models"
    assert decisions() == ["", "", "", "redact", "release"]
    decided = rita.get(page(project), {"of": "models", "show": "decided"}).content.decode()
    assert 'value="redact" checked' in decided


def judge_responses(project: Project) -> None:
    """Let somebody judge two responses with addresses in them."""
    texts = ("Ask carl@example.org.", "Ask dora@example.org.", "Three.", "Four.")
    make_set(project, texts=texts, model="a-model")
    make_judgment(make_participation(project, make_annotator("bob")))
    check_texts(project=project)


@pytest.mark.parametrize(
    "sent",
    [
        {"finding-x": "redact"},
        {"finding-1": "burn"},
        {"finding-99999999999999999999": "redact"},
        {"open": "1 x \x00", "rest": "nonsense"},
    ],
)
def test_what_no_form_sends_changes_nothing(
    rita: Client, project: Project, sent: dict[str, str]
) -> None:
    assert rita.post(page(project), sent).status_code == 302
    assert decisions() == ["", "", ""]
    for after in ("x", "-1", "9" * 30):
        assert rita.get(page(project), {"after": after}).status_code == 200


def test_the_next_page_begins_after_the_last_one(
    rita: Client, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selector, "SHOWN", 1)
    first = rita.get(page(project)).content.decode()
    assert "<mark>alice" in first
    assert "b@example.org" not in first
    last = Finding.objects.order_by("pk")[1]
    assert f'href="?after={last.pk}"' in first
    assert "<mark>b@example.org" in rita.get(page(project), {"after": last.pk}).content.decode()
