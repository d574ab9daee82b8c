"""A key is shown once, stored as a hash, and opens its own projects only."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from annotator.errors import Refused
from annotator.models import Annotator, ApiToken, Project, Scope
from annotator.services.tokens import SHAPE, create_token, recognise_token, revoke_token
from tests.api.caller import Caller
from tests.factories import make_member, make_project, make_token


def test_a_key_has_the_promised_shape_and_is_not_stored(project: Project) -> None:
    key = make_token(project)
    match = SHAPE.fullmatch(key)
    assert match is not None
    token = ApiToken.objects.get(prefix=match[1])
    assert match[2] not in str(vars(token))
    assert len(token.digest) == 64


def test_a_key_opens_its_token(project: Project) -> None:
    key = make_token(project)
    assert recognise_token(key=key).projects.get() == project


@pytest.mark.parametrize(
    "spoil",
    [
        lambda key: key[:-1] + ("A" if key[-1] != "A" else "B"),
        lambda key: key[:-1],
        lambda key: "plv_x",
        lambda key: key + "\0",
        lambda key: "",
    ],
)
def test_any_other_key_is_unknown(project: Project, spoil: Any) -> None:
    with pytest.raises(Refused) as refused:
        recognise_token(key=spoil(make_token(project)))
    assert refused.value.code == "token_unknown"


def test_a_revoked_key_says_so(project: Project, rita: Caller) -> None:
    revoke_token(token=ApiToken.objects.get())
    answer = rita.get()
    assert (answer.status_code, answer.json()["code"]) == (401, "token_revoked")


def test_an_expired_key_says_so(project: Project, rita: Caller) -> None:
    ApiToken.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    answer = rita.get()
    assert (answer.status_code, answer.json()["code"]) == (401, "token_expired")


def test_the_key_of_somebody_who_was_shut_out_is_unknown(project: Project, rita: Caller) -> None:
    Annotator.objects.update(is_active=False)
    assert rita.get().status_code == 401


def test_the_key_of_somebody_who_left_the_staff_sees_nothing(
    project: Project, rita: Caller
) -> None:
    Annotator.objects.update(is_staff=False)
    assert rita.get().status_code == 404


def test_the_hour_of_the_last_use_is_written_once_an_hour(project: Project, rita: Caller) -> None:
    rita.get()
    first = ApiToken.objects.get().last_used_at
    assert first is not None
    assert (first.minute, first.second) == (0, 0)
    rita.get()
    assert ApiToken.objects.get().last_used_at == first
    ApiToken.objects.update(last_used_at=first - timedelta(hours=1))
    rita.get()
    assert ApiToken.objects.filter(last_used_at__gte=first).exists()


def test_a_foreign_project_and_an_absent_one_are_answered_alike(
    project: Project, rita: Caller
) -> None:
    make_project("secret")
    foreign, absent = rita.get("/api/v1/projects/secret/"), rita.get("/api/v1/projects/nowhere/")
    assert foreign.status_code == absent.status_code == 404
    assert foreign.content.replace(b"secret", b"nowhere") == absent.content


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("", "not_authenticated"),
        ("Basic YTpi", "not_bearer"),
        ("Bearer", "token_unknown"),
        ("Bearer plv_12345678_short", "token_unknown"),
    ],
)
def test_without_a_good_key_the_answer_is_401_with_the_scheme(
    project: Project, rita: Caller, header: str, code: str
) -> None:
    answer = rita.get(headers={"Authorization": header})
    assert (answer.status_code, answer.json()["code"]) == (401, code)
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"scopes": []}, "scopes"),
        ({"scopes": ["read:everything"]}, "scopes"),
        ({"projects": []}, "projects"),
        ({"expires_at": timezone.now()}, "expires_at"),
    ],
)
def test_a_token_that_could_do_nothing_is_refused(
    project: Project, wrong: dict[str, Any], field: str
) -> None:
    good = {
        "name": "x",
        "owner": make_member(project),
        "scopes": [Scope.READ_PROJECT],
        "projects": [project],
        "expires_at": timezone.now() + timedelta(days=1),
    }
    with pytest.raises(Refused) as refused:
        create_token(**{**good, **wrong})
    assert set(refused.value.fields) == {field}
