"""Researchers' keys: made, shown once, recognised, revoked. Only a keyed hash of the secret is stored."""

import hmac
import re
import secrets
import string
from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from annotator.errors import Refused
from annotator.models import SCOPE_RIGHTS, Annotator, ApiToken, AuditEvent, Project, Scope
from annotator.services.audit import record

SHAPE = re.compile(r"plv_([A-Za-z0-9]{8})_([A-Za-z0-9_-]{43})", re.ASCII)


def create_token(
    *,
    name: str,
    owner: Annotator,
    scopes: Sequence[str],
    projects: Sequence[Project],
    expires_at: datetime,
) -> tuple[ApiToken, str]:
    """Make a token; return its row and the key itself, which nobody can read again later."""
    _check(owner, scopes, projects, expires_at)
    prefix = "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(8))
    secret = secrets.token_urlsafe(32)
    with transaction.atomic():
        token = ApiToken.objects.create(
            name=name,
            prefix=prefix,
            digest=_digest(secret),
            owner=owner,
            scopes=sorted(set(scopes)),
            expires_at=expires_at,
        )
        token.projects.set(projects)
        for project in projects:
            record(
                project=project,
                action=AuditEvent.Action.TOKEN,
                by=owner,
                subject=str(token),
                scopes=token.scopes,
            )
    return token, f"plv_{prefix}_{secret}"


@transaction.atomic
def revoke_token(*, token: ApiToken, by: Annotator | None = None) -> None:
    """End a token's life; a second time changes nothing."""
    if ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now()):
        for project in token.projects.all():
            record(project=project, action=AuditEvent.Action.REVOKE, by=by, subject=str(token))


def recognise_token(*, key: str) -> ApiToken:
    """Return the living token that the key opens, and note the hour of its use; raise Refused otherwise."""
    match = SHAPE.fullmatch(key)
    token = (
        ApiToken.objects.select_related("owner").filter(prefix=match[1]).first() if match else None
    )
    if (
        match is None
        or token is None
        or not hmac.compare_digest(token.digest, _digest(match[2]))
        or not token.owner.is_active
    ):
        raise Refused(
            "token_unknown",
            _(
                "This token is not known here. Check that it was copied whole: plv_, 8 characters, _, 43 characters."
            ),
        )
    now = timezone.now()
    if token.revoked_at is not None:
        raise Refused(
            "token_revoked", _("This token was revoked. Ask an administrator for a new one.")
        )
    if token.expires_at <= now:
        raise Refused("token_expired", _("This token expired. Ask an administrator for a new one."))
    hour = now.replace(minute=0, second=0, microsecond=0)
    if token.last_used_at is None or token.last_used_at < hour:
        ApiToken.objects.filter(
            Q(last_used_at=None) | Q(last_used_at__lt=hour), pk=token.pk
        ).update(last_used_at=hour)
    return token


def spend_request(*, token: ApiToken) -> float:
    """Take one request from those the token has left; return 0, or the seconds until it has one.

    A full minute's worth may be made at once. What is left grows with the time since it was last counted,
    in the statement that takes from it, so that any number of processes share one account.
    """
    per_minute = settings.API_REQUESTS_PER_MINUTE
    if not per_minute:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(_SPEND, {"token": token.pk, "rate": per_minute / 60, "most": per_minute})
        if cursor.rowcount:
            return 0
        cursor.execute(_WAIT, {"token": token.pk, "rate": per_minute / 60})
        row = cursor.fetchone()
        return max(float(row[0]), 0.1) if row else 0


_GROWN = "requests_left + %(rate)s * extract(epoch FROM clock_timestamp() - counted_at)::float8"
_SPEND = f"""
UPDATE annotator_apitoken
SET requests_left = COALESCE(LEAST({_GROWN}, %(most)s), %(most)s) - 1, counted_at = clock_timestamp()
WHERE id = %(token)s AND COALESCE({_GROWN}, %(most)s) >= 1"""  # noqa: S608 - texts of this file only
_WAIT = f"SELECT (1 - ({_GROWN})) / %(rate)s FROM annotator_apitoken WHERE id = %(token)s"  # noqa: S608


def _check(
    owner: Annotator, scopes: Sequence[str], projects: Sequence[Project], expires_at: datetime
) -> None:
    errors = {}
    if not scopes or not set(scopes) <= set(Scope.values):
        errors["scopes"] = _("Choose among: %(scopes)s.") % {"scopes": ", ".join(Scope.values)}
    if not projects:
        errors["projects"] = _("Choose at least one project.")
    elif forbidden := [
        scope
        for scope in scopes
        if not all(owner.may(SCOPE_RIGHTS.get(scope, ""), project.pk) for project in projects)
    ]:
        errors["scopes"] = _("Your role in the project does not allow: %(scopes)s.") % {
            "scopes": ", ".join(forbidden)
        }
    if expires_at <= timezone.now():
        errors["expires_at"] = _("Choose a time in the future.")
    if errors:
        raise Refused("token", _("The token can't be made like this."), fields=errors)


def _digest(secret: str) -> str:
    return salted_hmac("annotator.services.tokens", secret, algorithm="sha256").hexdigest()
