"""Who is signed in, in two planned statements: every page begins with them.

Both do what Django's own do; making their SQL anew for each request took a third of the annotators' page.
"""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.contrib.sessions.backends import db

from annotator.models import Annotator
from annotator.statements import Statement

COLUMNS = tuple(field.attname for field in Annotator._meta.concrete_fields)
ACCOUNT = Statement(
    "account",
    f"SELECT {', '.join(COLUMNS)} FROM annotator_annotator WHERE id = %(account)s",  # noqa: S608 - names of columns
    account="bigint",
)
SESSION = Statement(
    "session",
    "SELECT session_data FROM django_session WHERE session_key = %(key)s AND expire_date > clock_timestamp()",
    key="text",
)


class SessionStore(db.SessionStore):
    """Sessions in the database; `annotator.authentication` is the settings' SESSION_ENGINE."""

    def load(self) -> dict[str, Any]:
        """Return what the session holds; nothing, under a new key, where it is gone or over."""
        row = SESSION.row({"key": self.session_key})
        if row is None:
            self._session_key = None
            return {}
        return self.decode(row[0])

    def _validate_session_key(self, key: str | None) -> bool:
        """Take what could be a key: cookies can hold a NUL, which no statement takes."""
        is_long_enough = super()._validate_session_key(key)  # type: ignore[misc]  # the stubs leave it out
        return bool(is_long_enough) and str(key).isalnum()


class Accounts(ModelBackend):
    """Accounts with a password."""

    def get_user(self, user_id: int) -> Annotator | None:
        """Return the account, unless it is closed."""
        row = ACCOUNT.row({"account": user_id})
        account = Annotator.from_db("default", COLUMNS, row) if row else None
        return account if account and self.user_can_authenticate(account) else None
