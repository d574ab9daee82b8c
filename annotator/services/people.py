"""Ways into a project: joining, consent, invitations.

Secrets are shown once; the database keeps their keyed digest. A person's pseudonym is keyed by the
project, so that one person in two projects cannot be told to be the same.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.core import signing
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from annotator.errors import Refused
from annotator.models import (
    Annotator,
    AuditEvent,
    Change,
    Consent,
    Invitation,
    Participation,
    Project,
    Tick,
    Wave,
)
from annotator.models.fields import validate_language_tag
from annotator.services.audit import record
from annotator.services.changes import share_changes
from annotator.services.strata import place_of
from annotator.services.withdrawal import tell_of_all

DEMO_SALT = "annotator.demo-login"
SECRET_BYTES = 24  # 32 characters in a link
AGAIN = timedelta(minutes=10)
"""How long a page that has let somebody in does so again."""


def join_project(
    *,
    project: Project,
    annotator: Annotator,
    languages: Sequence[str],
    country: str = "",
    invitation: Invitation | None = None,
) -> Participation:
    """Make the person a participant; who already is one stays as they are."""
    existing = Participation.objects.filter(project=project, annotator=annotator).first()
    if existing:
        return _refuse_the_withdrawn(existing)
    if project.state == Project.State.CLOSED:
        raise Refused(
            "project_closed",
            _("This project is finished and takes no new people. Thank you for coming."),
        )
    country = country.upper()
    participation, _made = Participation.objects.get_or_create(
        project=project,
        annotator=annotator,
        defaults={
            "pseudonym": make_pseudonym(project=project, annotator=annotator),
            "languages": check_languages(project=project, languages=languages),
            "country": country,
            **place_of(project=project, answers={"country": country}),
            "invitation": invitation,
        },
    )
    return participation


def _refuse_the_withdrawn(participation: Participation) -> Participation:
    if participation.withdrawn_at:
        raise Refused(
            "withdrawn",
            _("You have left this project. Write to its researchers if you want to come back."),
        )
    return participation


def make_pseudonym(*, project: Project, annotator: Annotator) -> str:
    """Return the name under which researchers know this person in this project: 26 characters, 128 bits."""
    digest = hmac.digest(bytes(project.pseudonym_key), str(annotator.pk).encode(), hashlib.sha256)
    return base64.b32encode(digest[:16]).decode().rstrip("=").lower()


def check_languages(*, project: Project, languages: Sequence[str]) -> list[str]:
    """Return the languages without repetitions; refuse none, and those the project does not collect in."""
    chosen = list(dict.fromkeys(languages))
    if not chosen or not set(chosen) <= set(project.languages):
        sentence = _("Choose at least one of the project's languages.")
        raise Refused("languages", sentence, fields={"languages": sentence})
    return chosen


def set_languages(*, participation: Participation, languages: Sequence[str]) -> None:
    """Store which languages the person judges in from now on."""
    participation.languages = check_languages(project=participation.project, languages=languages)
    participation.save(update_fields=["languages"])


def set_ui_language(*, annotator: Annotator, language: str) -> None:
    """Store the language in which the person reads the pages."""
    Annotator.objects.filter(pk=annotator.pk).exclude(ui_language=language).update(
        ui_language=language
    )


@transaction.atomic
def give_consent(
    *,
    participation: Participation,
    wave: Wave,
    language: str,
    is_adult: bool,
    ticks: Collection[str] = (),
    version: str = "",
) -> None:
    """Store that an adult agreed to the wave's text as it is shown in a language, and to which of what is asked beside it.

    `version` is that of the terms that the person read; others than the wave's are refused, and shown to them first.
    The person is locked, so that a second click stores nothing more; other ticks are the next row, and so is the
    text read in another language. What exports tell of them follows their tick about sensitive questions, so
    increments tell it anew.
    """
    if not wave.consent_version:
        return
    if version and version != wave.consent_version:
        sentence = _("This text has changed while you were here. Please read it again.")
        raise Refused("version", sentence, fields={"version": sentence})
    if not is_adult:
        sentence = _("To take part you must be 18 or older, and say so here.")
        raise Refused("adult", sentence, fields={"adult": sentence})
    asked = wave.setting("consent_ticks")
    agreed = {tick: (tick in ticks if tick in asked else None) for tick in Tick.values}
    share_changes(project_id=participation.project_id)
    before = Participation.objects.select_for_update().get(pk=participation.pk)
    last = Consent.objects.filter(participation=participation).order_by("-pk").first()
    text, read_in = wave.text("consent_text", language)
    if (
        last is None
        or (last.version, last.language) != (wave.consent_version, read_in)
        or {tick: getattr(last, tick) for tick in Tick.values} != agreed
    ):
        Consent.objects.create(
            participation=participation,
            wave=wave,
            version=wave.consent_version,
            language=read_in,
            text_hash=hashlib.sha256(text.encode()).hexdigest(),
            is_adult=True,
            **agreed,
        )
    participation.consent_version = wave.consent_version
    participation.allows_sensitive = bool(agreed[Tick.SENSITIVE])
    participation.allows_texts = agreed[Tick.TEXTS]
    participation.allows_training = agreed[Tick.TRAINING]
    participation.save(
        update_fields=["consent_version", "allows_sensitive", "allows_texts", "allows_training"]
    )
    if participation.allows_sensitive != before.allows_sensitive:
        tell_of_all(participation=participation, kind=Change.Kind.MARKED)


@transaction.atomic
def create_invitations(
    *,
    project: Project,
    count: int,
    language: str = "",
    country: str = "",
    max_uses: int = 1,
    expires_at: datetime | None = None,
    created_by: Annotator | None = None,
) -> list[str]:
    """Make `count` invitations and return their secrets, which nothing can show again."""
    if language:
        _check_language_tag(language)
    if country and (len(country) != 2 or not country.isalpha() or not country.isascii()):
        sentence = _("A country is two letters, such as FR.")
        raise Refused("country", sentence, fields={"country": sentence})
    made = [secrets.token_urlsafe(SECRET_BYTES) for _number in range(count)]
    Invitation.objects.bulk_create(
        [
            Invitation(
                project=project,
                digest=digest_secret(secret),
                language=language,
                country=country.upper(),
                max_uses=max_uses,
                expires_at=expires_at,
                created_by=created_by,
            )
            for secret in made
        ],
        batch_size=1000,
    )
    record(project=project, action=AuditEvent.Action.INVITE, by=created_by, count=count)
    return made


def _check_language_tag(language: str) -> None:
    try:
        validate_language_tag(language)
    except ValidationError as error:
        raise Refused(
            "language", error.messages[0], fields={"language": error.messages[0]}
        ) from error


def digest_secret(secret: str) -> str:
    """Return what the database keeps of an invitation's secret."""
    return salted_hmac("annotator.invitation", secret, algorithm="sha256").hexdigest()


def invitation_url(*, project: Project, secret: str) -> str:
    """Return the link to send to a person."""
    return f"{settings.PUBLIC_URL}{reverse('join', args=[project.slug])}?invitation={secret}"


@transaction.atomic
def accept_invitation(
    *,
    project: Project,
    secret: str,
    annotator: Annotator | None = None,
    languages: Sequence[str] = (),
    ui_language: str = "",
    page: str = "",
) -> Participation:
    """Use the invitation for this person, or for a new account where nobody is signed in.

    1. Who participates already goes on without using it up. So does whoever sends the same `page` again within
       minutes: the answer with their session got lost, and the link is their only way in.
    2. One conditional UPDATE counts the use; no row means used up, expired, or never made.
    3. A refusal further down rolls the use back.
    """
    if annotator:
        existing = Participation.objects.filter(project=project, annotator=annotator).first()
        if existing:
            return _refuse_the_withdrawn(existing)
    name = _guest_name(secret, page) if page and annotator is None else ""
    invitations = Invitation.objects.filter(project=project, digest=digest_secret(secret))
    if name:
        invitations.select_for_update().first()  # one after the other
        made = Participation.objects.filter(
            project=project, annotator__username=name, joined_at__gt=timezone.now() - AGAIN
        ).first()
        if made:
            return _refuse_the_withdrawn(made)
    alive = Q(expires_at__isnull=True) | Q(expires_at__gt=timezone.now())
    invitations = invitations.filter(alive)
    if not invitations.filter(uses__lt=F("max_uses")).update(uses=F("uses") + 1):
        raise Refused(
            "invitation",
            _(
                "This invitation has been used or is no longer valid. Ask the person who sent it for a new one."
            ),
        )
    invitation = invitations.get()
    return join_project(
        project=project,
        annotator=annotator or make_guest(ui_language=ui_language, name=name),
        languages=[invitation.language] if invitation.language else languages,
        country=invitation.country,
        invitation=invitation,
    )


def _guest_name(secret: str, page: str) -> str:
    """Return the name of the account that this page of this invitation makes."""
    digest = salted_hmac("annotator.guest", f"{secret}:{page}", algorithm="sha256").hexdigest()
    return f"guest-{digest[:16]}"


def make_guest(*, ui_language: str, name: str = "") -> Annotator:
    """Make an account that is entered only by its session: it has no password."""
    account = Annotator(username=name or f"guest-{secrets.token_hex(6)}", ui_language=ui_language)
    account.set_unusable_password()
    account.save()
    return account


def demo_login_url(*, annotator: Annotator) -> str:
    """Return a link that signs this annotator in, again and again; it works in the demo only."""
    return f"{settings.PUBLIC_URL}{reverse('demo_login', args=[signing.Signer(salt=DEMO_SALT).sign(str(annotator.pk))])}"
