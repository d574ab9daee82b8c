"""The log of what was done that matters: who paused, excluded, exported, erased."""

from typing import Any

from annotator.models import Annotator, AuditEvent, Project


def record(
    *, project: Project, action: str, by: Annotator | None, subject: str = "", **details: Any
) -> None:
    """Write one line of the log; call it in the transaction of what it tells.

    `by` is None where a command or the system acted. `subject` and `details` never hold a person's
    direct identifier, nor a secret: the log outlives both.
    """
    AuditEvent.objects.create(
        project=project, action=action, actor=by, subject=subject[:200], details=details
    )
