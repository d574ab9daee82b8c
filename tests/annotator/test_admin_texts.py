"""The page where a reviewer decides what becomes of what the check of texts found."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from annotator.models import Finding, Project, Role
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
    assert Finding.objects.get(kind="name").participation.pseudonym in html


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
