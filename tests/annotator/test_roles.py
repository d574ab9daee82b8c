"""Nobody sees another project, and each role may do what it says: over every page the admin has.

The pages are read from the registry and the URLs themselves, so that a new one without an entry fails.
"""

import re
from pathlib import Path
from typing import Any

import pytest
from django.contrib import admin
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import IntegrityError, connection, transaction
from django.db.models import Model
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from pytest_django import Settings

from annotator.errors import Refused
from annotator.models import (
    Annotator,
    ApiToken,
    AuditEvent,
    Membership,
    ModelEndpoint,
    Project,
)
from annotator.services.audit import record
from annotator.services.projects import open_project, pause_project
from annotator.services.team import end_membership, give_role
from tests.factories import make_annotator, make_member, make_project
from tests.rows import make_rows

pytestmark = pytest.mark.django_db

ROLES = ["owner", "manager", "reviewer", "researcher"]
SEE, REVIEW = set(ROLES), {"owner", "manager", "reviewer"}
EXPORT, MANAGE, OWN = {"owner", "manager", "researcher"}, {"owner", "manager"}, {"owner"}
NOBODY: set[str] = set()

PROJECT_PAGES: dict[str, set[str]] = {
    "upload": MANAGE,
    "generate": MANAGE,
    "align": MANAGE,
    "diversity": SEE,
    "state": MANAGE,
    "invite": MANAGE,
    "token": EXPORT,
    "release": EXPORT,
    "texts": REVIEW,
    "pair": MANAGE,
    "team": OWN,
    "board": SEE,
    "people": SEE,
    "pay": MANAGE,
    "check": MANAGE,
    "dry_run": SEE,
    "values": SEE,
    "preview": SEE,
}
"""The pages below a project, by who may open them."""
POST_ONLY = {"state", "pair"}
OTHER_PAGES: dict[str, set[str]] = {
    "annotator_checkitem_correct": MANAGE,
    "annotator_checkitem_retire": MANAGE,
    "annotator_participation_exclude": MANAGE,
    "annotator_participation_include": MANAGE,
    "annotator_participation_unpause": MANAGE,
    "annotator_generationrun_progress": SEE,
    "annotator_generationrun_steer": MANAGE,
    "annotator_candidateset_review": REVIEW,
    "annotator_release_progress": EXPORT,
    "annotator_release_file": EXPORT,
    "annotator_release_retract": EXPORT,
}
LISTS: dict[str, set[str]] = {
    "apitoken": EXPORT,
    "auditevent": MANAGE,
    "panelsession": MANAGE,
    "release": EXPORT,
}
"""Lists that not every role may see."""
SITE_PAGES = {
    *("index", "login", "logout", "password_change", "password_change_done"),
    *("autocomplete", "jsi18n", "view_on_site", "app_list"),
    *("auth_user_password_change", ""),
}
"""Pages of the site itself, which show no project: Django's own, with what the lists below may show."""
SITE_MODELS = {"annotator", "group"}
"""Rows that belong to no project and are superusers' to see."""
ABSENT = 987_654_321


def admin_patterns() -> list[URLPattern]:
    def walk(patterns: list[Any]) -> list[URLPattern]:
        found: list[URLPattern] = []
        for pattern in patterns:
            found += walk(pattern.url_patterns) if isinstance(pattern, URLResolver) else [pattern]
        return found

    (site,) = (
        pattern
        for pattern in get_resolver().url_patterns
        if isinstance(pattern, URLResolver) and pattern.namespace == "admin"
    )
    return walk(site.url_patterns)


def models() -> list[type[Model]]:
    return [
        model
        for model in admin.site._registry
        if model._meta.model_name not in SITE_MODELS and model is not ModelEndpoint
    ]


def names_of(model: type[Model]) -> set[str]:
    stem = f"{model._meta.app_label}_{model._meta.model_name}"
    return {f"{stem}_{what}" for what in ("changelist", "add", "history", "delete", "change")}


@pytest.fixture(autouse=True)
def _model_server(settings: Settings) -> None:
    settings.VLLM_BASE_URL = "http://127.0.0.1:9/v1"


@pytest.fixture(params=ROLES)
def role(request: Any) -> str:
    return str(request.param)


@pytest.fixture
def worlds(role: str, settings: Settings, tmp_path: Path) -> tuple[Project, Project]:
    """Two projects with a row of everything; rita has the role in the first alone."""
    settings.MEDIA_ROOT = tmp_path
    own, foreign = make_project("own", languages=["en", "fr"]), make_project("foreign-secret")
    for project in (own, foreign):
        make_rows(project)
        default_storage.save(f"{project.releases.get().folder}/README.md", ContentFile(b"A study"))
    Membership.objects.all().delete()
    make_member(own, "rita", role)
    return own, foreign


@pytest.fixture
def rita(client: Client, worlds: tuple[Project, Project]) -> Client:
    client.force_login(Annotator.objects.get(username="rita"))
    return client


def test_every_page_of_the_admin_has_an_entry_here() -> None:
    known = set(SITE_PAGES) | set(OTHER_PAGES)
    known |= {f"annotator_project_{name}" for name in PROJECT_PAGES}
    for model in admin.site._registry:
        known |= names_of(model)
    assert {pattern.name or "" for pattern in admin_patterns()} - known == set()


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_projects_pages_answer_a_foreign_project_as_none(
    rita: Client, worlds: tuple[Project, Project], role: str, method: str
) -> None:
    own, foreign = worlds
    for name, roles in PROJECT_PAGES.items():
        answers = [
            getattr(rita, method)(reverse(f"admin:annotator_project_{name}", args=[pk]))
            for pk in (own.pk, foreign.pk, ABSENT)
        ]
        expected = (200, 302, 422) if role in roles else (403,)
        allowed = (*expected, 405) if name in POST_ONLY else expected
        assert answers[0].status_code in allowed, name
        assert answers[1].status_code == answers[2].status_code, name
        if name not in POST_ONLY or method == "post":
            assert answers[1].status_code == 404, name


def test_other_pages_answer_a_foreign_row_as_none(
    rita: Client, worlds: tuple[Project, Project], role: str
) -> None:
    for name, roles in OTHER_PAGES.items():
        model = next(model for model in models() if f"_{model._meta.model_name}_" in f"{name}_")
        rows = [
            model._default_manager.filter(project=project).latest("pk").pk for project in worlds
        ]
        answers = [
            rita.post(reverse(f"admin:{name}", args=[pk]) + "?name=README.md")
            for pk in (*rows, ABSENT)
        ]
        own, foreign, absent = (answer.status_code for answer in answers)
        answers[0].getvalue()  # reads a file to its end, which closes it
        assert foreign == absent == 404, name
        refused = 404 if model._meta.model_name in LISTS else 403  # whose rows they don't even see
        assert own in ((200, 302, 422) if role in roles else (refused,)), name


def test_lists_hold_ones_own_rows_alone(
    rita: Client, worlds: tuple[Project, Project], role: str
) -> None:
    for model in models():
        name = str(model._meta.model_name)
        response = rita.get(reverse(f"admin:annotator_{name}_changelist"))
        allowed = role in LISTS.get(name, SEE)
        assert response.status_code == (200 if allowed else 403), name
        if allowed:
            assert "foreign-secret" not in response.content.decode().lower(), name
            rows = list(response.context["cl"].result_list)
            assert rows, name
            assert {projects_of(row) for row in rows} <= {worlds[0].pk, None}, name


def projects_of(row: Any) -> int | None:
    if isinstance(row, Project):
        return row.pk
    if isinstance(row, ApiToken):
        return row.projects.get().pk
    own: int | None = row.project_id
    return own


def test_a_foreign_row_is_answered_as_none(
    rita: Client, worlds: tuple[Project, Project], role: str
) -> None:
    for model in models():
        name = f"admin:annotator_{model._meta.model_name}"
        for what in ("change", "history", "delete"):
            own, foreign, absent = (
                rita.get(reverse(f"{name}_{what}", args=[pk]))
                for pk in (row_of(model, worlds[0]), row_of(model, worlds[1]), ABSENT)
            )
            assert foreign.status_code == absent.status_code, (name, what)
            assert foreign.status_code in (302, 403), (name, what)
            allowed = role in LISTS.get(str(model._meta.model_name), SEE)
            if what == "change":
                assert own.status_code == (200 if allowed else 403), name
                assert "foreign-secret" not in own.content.decode().lower(), name


def row_of(model: type[Model], project: Project) -> Any:
    if model is Project:
        return project.pk
    path = "projects" if model is ApiToken else "project"
    return model._default_manager.filter(**{path: project}).latest("pk").pk


def test_settings_are_changed_by_managers_alone(
    rita: Client, worlds: tuple[Project, Project], role: str
) -> None:
    own, foreign = worlds
    url = "admin:annotator_project_change"
    answers = [rita.post(reverse(url, args=[pk]), {}) for pk in (own.pk, foreign.pk, ABSENT)]
    assert answers[0].status_code == (422 if role in MANAGE else 403)
    assert answers[1].status_code == answers[2].status_code


def test_the_sites_own_rows_are_superusers(rita: Client) -> None:
    for url in ("admin:annotator_annotator_changelist", "admin:auth_group_changelist"):
        assert rita.get(reverse(url)).status_code == 403
    assert "annotator/annotator/" not in rita.get(reverse("admin:index")).content.decode()


def test_staff_without_a_role_sees_nothing(client: Client) -> None:
    project = make_project()
    client.force_login(make_annotator("zoe", is_staff=True))
    for model in models():
        name = f"admin:annotator_{model._meta.model_name}_changelist"
        assert client.get(reverse(name)).status_code == 403
    url = reverse("admin:annotator_project_upload", args=[project.pk])
    assert client.get(url).status_code == 404


def test_a_role_means_nothing_without_staff_and_an_active_account() -> None:
    project = make_project()
    for username, fields in (("bob", {"is_staff": False}), ("eve", {"is_active": False})):
        account = make_member(project, username, "owner")
        Annotator.objects.filter(pk=account.pk).update(**fields)
        account = Annotator.objects.get(pk=account.pk)
        assert not Project.objects.visible_to(account).exists()
        assert not account.may("see", project.pk)


def test_whoever_makes_a_project_owns_it(client: Client) -> None:
    from django.contrib.auth.models import Permission

    from tests.annotator.test_admin_settings import SETTINGS

    rita = make_annotator("rita", is_staff=True)
    rita.user_permissions.add(Permission.objects.get(codename="add_project"))
    client.force_login(rita)
    client.post(reverse("admin:annotator_project_add"), SETTINGS)
    assert Membership.objects.get().role == "owner"
    assert Project.objects.visible_to(rita).get().slug == "my-study"


def test_an_owner_gives_and_takes_roles_on_the_teams_page(client: Client) -> None:
    project = make_project()
    client.force_login(make_member(project, "olga", "owner"))
    bob = make_annotator("bob")
    url = reverse("admin:annotator_project_team", args=[project.pk])

    assert client.post(url, {"username": "bob", "role": "reviewer"}).status_code == 302
    bob.refresh_from_db()
    assert (bob.is_staff, Membership.objects.get(annotator=bob).role) == (True, "reviewer")
    assert client.post(url, {"username": "nobody", "role": "reviewer"}).status_code == 422
    assert client.post(url, {"username": "bob", "role": "emperor"}).status_code == 422
    assert "bob" in client.get(url).content.decode()
    client.post(url, {"leaving": str(Membership.objects.get(annotator=bob).pk)})
    assert Membership.objects.get().annotator.username == "olga"
    assert [
        event.details["role"] for event in AuditEvent.objects.filter(action="member").order_by("pk")
    ] == [
        "reviewer",
        "",
    ]


def test_a_project_keeps_an_owner() -> None:
    project = make_project()
    olga = make_member(project, "olga", "owner")
    with pytest.raises(Refused, match="needs an owner"):
        end_membership(project=project, membership_id=Membership.objects.get().pk, by=olga)
    with pytest.raises(Refused, match="needs an owner"):
        give_role(project=project, username="olga", role="manager", by=olga)
    foreign = make_project("foreign")
    make_member(foreign, "max", "owner")
    make_member(foreign, "eva", "owner")
    theirs = Membership.objects.filter(project=foreign).latest("pk")
    end_membership(project=project, membership_id=theirs.pk, by=olga)
    assert Membership.objects.filter(pk=theirs.pk).exists()


def test_the_log_tells_who_did_what_and_is_never_changed() -> None:
    project = make_project(opened=False)
    rita = make_member(project)
    open_project(project=project, by=rita)
    open_project(project=project, by=rita)  # it is open already: nothing happens
    pause_project(project=project)
    events = list(AuditEvent.objects.order_by("pk").values_list("action", "actor__username"))
    assert events == [("open", "rita"), ("pause", None)]

    record(project=project, action="erase", by=rita, subject="p1", rows=3)
    for change in (
        "UPDATE annotator_auditevent SET subject = 'x'",
        "DELETE FROM annotator_auditevent",
    ):
        with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
            connection.cursor().execute(change)


def test_the_roles_in_the_readme_of_the_team_page_are_those_that_hold() -> None:
    from annotator.models.roles import RIGHTS

    assert {role: {*rights} for role, rights in RIGHTS.items()} == {
        role: {
            right
            for right, roles in (
                ("see", SEE), ("review", REVIEW), ("export", EXPORT), ("manage", MANAGE), ("own", OWN)
            )
            if role in roles
        }
        for role in ROLES
    }  # fmt: skip


def test_the_pages_of_the_matrix_lie_below_a_project() -> None:
    for pattern in admin_patterns():
        route = str(pattern.pattern)
        if re.match(r"<int:project_id>/", route):
            assert (pattern.name or "").removeprefix("annotator_project_") in PROJECT_PAGES
