"""The lock under which changes of a project are told: `Change` says why exports need it.

Whoever takes it takes it before they lock a place or a person: exclusions and withdrawals hold it alone and then
want both, so in another order each would wait for the other.
"""

from django.db import connection

from annotator.models import Change


def share_changes(*, project_id: int) -> None:
    """Hold the project's change lock until the commit, beside others who write changes."""
    _hold("pg_advisory_xact_lock_shared", project_id)


def hold_changes(*, project_id: int) -> None:
    """Hold the project's change lock alone until the commit: no answer is being stored meanwhile."""
    _hold("pg_advisory_xact_lock", project_id)


def _hold(function: str, project_id: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s, %s)", [Change.ADVISORY_LOCK, project_id])
