"""Reading and sending the annotators' pages without a browser."""

import re
from typing import Any

from django.test import Client

HTMX = {"HX-Request": "true"}


def task_url(slug: str = "everyday") -> str:
    """Return the address of a project's task page."""
    return f"/projects/{slug}/task/"


def hidden(html: str) -> dict[str, str]:
    """Return what the page itself sends along."""
    fields = {
        name: re.search(rf'name="{name}" value="([^"]*)"', html)
        for name in ("assignment", "submission_id")
    }
    return {name: match[1] for name, match in fields.items() if match}


def open_task(client: Client) -> dict[str, str]:
    """Look at the task and return what its page sends along."""
    return hidden(client.get(task_url()).content.decode())


def sent(client: Client, **fields: Any) -> Any:
    """Look at the task and answer it."""
    return client.post(task_url(), {**open_task(client), "action": "submit", **fields})
