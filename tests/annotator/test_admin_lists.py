"""Lists of the admin: everything can be looked at, at a cost that does not grow with the rows."""

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.admin.views.main import ChangeList
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import Settings

from annotator.admin import access, base
from annotator.models import (
    Annotator,
    ApiToken,
    AuditEvent,
    CandidateSet,
    Change,
    CheckItem,
    Comparison,
    GenerationRun,
    Invitation,
    Judgment,
    PanelSession,
    Participation,
    Project,
    Prompt,
    QualityFlag,
    Wave,
)
from tests.factories import make_admin, make_annotator, make_project, make_prompt
from tests.rows import fill

pytestmark = pytest.mark.django_db

LISTS = [
    Annotator,
    ApiToken,
    AuditEvent,
    CandidateSet,
    Change,
    CheckItem,
    Comparison,
    GenerationRun,
    Invitation,
    Judgment,
    PanelSession,
    Participation,
    Project,
    Prompt,
    QualityFlag,
    Wave,
]
READ_ONLY = [model for model in LISTS if model not in (Annotator, Project)]


@pytest.fixture(autouse=True)
def _model_server(settings: Settings) -> None:
    settings.VLLM_BASE_URL = "http://127.0.0.1:9/v1"


def list_url(model: Any) -> str:
    return reverse(f"admin:annotator_{model._meta.model_name}_changelist")


def queries_of(client: Client, model: Any) -> tuple[list[str], ChangeList]:
    with CaptureQueriesContext(connection) as queries:
        response = client.get(list_url(model))
    changes: ChangeList = response.context["cl"]
    return [query["sql"] for query in queries], changes


def test_a_list_takes_as_many_queries_for_30_rows_as_for_3(adam: Client) -> None:
    fill(3)
    few = {model: len(queries_of(adam, model)[0]) for model in LISTS}
    fill(27)
    many = {model: queries_of(adam, model) for model in LISTS}

    assert {model: len(queries) for model, (queries, _list) in many.items()} == few
    assert min(len(shown.result_list) for _queries, shown in many.values()) >= 30


def test_a_list_never_counts_all_its_rows(adam: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "COUNTED", 2)
    fill(4)
    for model in LISTS:
        queries, shown = queries_of(adam, model)
        counting = [sql for sql in queries if "COUNT(" in sql]
        assert shown.result_count == 3
        assert counting
        assert all("LIMIT 3" in sql for sql in counting), model


def test_every_row_can_be_looked_at(adam: Client) -> None:
    fill(1)
    for model in LISTS:
        row = model._default_manager.latest("pk")
        assert (
            adam.get(
                reverse(f"admin:annotator_{model._meta.model_name}_change", args=[row.pk])
            ).status_code
            == 200
        )


def test_rows_that_services_write_are_not_written_here(adam: Client) -> None:
    fill(1)
    for model in READ_ONLY:
        row = model._default_manager.latest("pk")
        name = f"admin:annotator_{model._meta.model_name}"
        assert adam.get(reverse(f"{name}_add")).status_code == 403
        assert adam.post(reverse(f"{name}_change", args=[row.pk]), {}).status_code == 403
        assert (
            adam.post(reverse(f"{name}_delete", args=[row.pk]), {"post": "yes"}).status_code == 403
        )


@pytest.mark.parametrize(
    "query",
    [
        "q=a%00b",
        "q=%ED%A0%80",
        "p=99999999999999999999",
        "project__id__exact=9999999999999999999999",
        "o=1.2.3",
        "language=%00",
        "language=xx",
        "state__exact=%00",
        "source__exact=none",
        "project__pseudonym_key__startswith=a",
        "nonsense=1",
        "all=1",
    ],
)
def test_senseless_addresses_are_answered(adam: Client, query: str) -> None:
    for model in LISTS:
        assert adam.get(f"{list_url(model)}?{query}").status_code in (200, 302, 400), model


def test_only_staff_sees_the_lists(client: Client) -> None:
    client.force_login(make_annotator())
    for model in LISTS:
        assert client.get(list_url(model)).headers["Location"].startswith(reverse("admin:login"))


def test_every_list_begins_at_the_projects_that_may_be_seen(
    monkeypatch: pytest.MonkeyPatch, rf: RequestFactory
) -> None:
    fill(1)
    request = rf.get("/")
    request.user = make_admin()

    def seen() -> list[Any]:
        return [
            model for model in LISTS if admin.site._registry[model].get_queryset(request).exists()
        ]

    assert seen() == LISTS
    for module in (base, access):
        monkeypatch.setattr(
            module, "visible_projects", lambda request, **_right: Project.objects.none()
        )
    assert seen() == [Annotator]


def test_chosen_keys_are_revoked(adam: Client) -> None:
    fill(2)
    token = ApiToken.objects.latest("pk")
    adam.post(list_url(ApiToken), {"action": "revoke", "_selected_action": [str(token.pk)]})

    assert ApiToken.objects.filter(revoked_at__isnull=False).get() == token
    assert LogEntry.objects.get().object_id == str(token.pk)


def test_a_list_is_narrowed_to_a_language_and_searched_by_whole_ids(adam: Client) -> None:
    project = make_project(languages=["en", "fr"])
    make_prompt(project, "Why?", external_id="a-1")
    make_prompt(project, "Pourquoi ?", language="fr")

    assert [
        prompt.text_begins
        for prompt in adam.get(list_url(Prompt), {"language": "fr"}).context["cl"].result_list
    ] == ["Pourquoi ?"]
    assert [
        prompt.external_id
        for prompt in adam.get(list_url(Prompt), {"q": "a-1"}).context["cl"].result_list
    ] == ["a-1"]


def test_the_pages_hold_no_inline_scripts_or_styles(adam: Client) -> None:
    fill(1)
    project = Project.objects.get()
    run = GenerationRun.objects.get()
    urls = [reverse("admin:index"), *map(list_url, LISTS)]
    urls += [
        reverse(f"admin:annotator_project_{name}", args=[project.pk])
        for name in ("change", "upload", "generate", "invite", "token")
    ]
    urls += [
        reverse("admin:annotator_project_add"),
        reverse("admin:annotator_generationrun_change", args=[run.pk]),
    ]
    for url in urls:
        content = adam.get(url).content.decode()
        assert "<style" not in content, url
        assert " style=" not in content, url
        assert " onclick=" not in content, url
        for script in content.split("<script")[1:]:
            assert " src=" in script.split(">")[0] or "application/json" in script.split(">")[0], (
                url
            )


def test_the_sign_in_page_is_shown_to_whoever_is_not_signed_in(client: Client) -> None:
    assert client.get(reverse("admin:login")).status_code in (200, 302)
