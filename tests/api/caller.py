"""A script that calls the API with a key."""

import json
from typing import TYPE_CHECKING, Any

from django.test import Client

if TYPE_CHECKING:
    from annotator.models import Project


class Caller:
    """Calls the API with a token, as a script does."""

    def __init__(self, key: str, project: "Project") -> None:
        self.key = key
        self.root = f"/api/v1/projects/{project.slug}/"
        self.client = Client(raise_request_exception=False)

    def get(self, path: str = "", **extra: Any) -> Any:
        """GET an address below the project, or an absolute one."""
        return self.client.get(
            self._url(path), headers=self._headers(extra.pop("headers", {})), **extra
        )

    def post(
        self,
        path: str,
        body: Any = None,
        content_type: str = "application/json",
        headers: dict[str, str] | None = None,
    ) -> Any:
        """POST bytes, text or JSON."""
        data = body if isinstance(body, bytes | str) else json.dumps(body)
        return self.client.generic(
            "POST", self._url(path), data, content_type, headers=self._headers(headers or {})
        )

    def rows(self, query: str = "") -> list[dict[str, Any]]:
        """Return the rows of an export."""
        answer = self.get(f"export/{query}")
        assert answer.status_code == 200, answer.content
        return [json.loads(line) for line in answer.getvalue().splitlines()]

    def _url(self, path: str) -> str:
        return path if path.startswith("/") else self.root + path

    def _headers(self, more: dict[str, str]) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"} | more
