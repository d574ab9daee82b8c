"""Each method of each address needs its scope."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from annotator.models import Project, Scope
from api.urls import urlpatterns
from tests.api.caller import Caller

PUBLIC = {"schema", "docs", None}


def methods() -> Iterator[tuple[str, str, str]]:
    for pattern in urlpatterns:
        if pattern.name in PUBLIC:
            continue
        view: Any = vars(pattern.callback)["view_class"]
        path = "/api/v1/" + str(pattern.pattern).replace("<slug:slug>", "everyday").replace(
            "<int:run_id>", "1"
        )
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
            if hasattr(view, method.lower()):
                assert method in view.scopes, f"{path} {method} declares no scope"
                yield path, method, view.scopes[method]


@pytest.mark.parametrize(("path", "method", "scope"), list(methods()))
def test_a_token_with_every_other_scope_is_refused_and_told_which_it_needs(
    project: Project, caller: Callable[..., Caller], path: str, method: str, scope: str
) -> None:
    rita = caller(project, scopes=[other for other in Scope.values if other != scope])
    answer = rita.get(path) if method == "GET" else rita.post(path, {})
    assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")
    assert scope in answer.json()["detail"]
