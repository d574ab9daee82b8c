"""The demo: two small projects in six languages, and people who can try them at once.

Seeding again changes nothing that is there: what people did in the demo stays.
"""

import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from annotator.errors import Refused
from annotator.models import Annotator, Participation, Project, Scope, Tick
from annotator.selectors.endpoints import generating_endpoints
from annotator.services import demo_texts
from annotator.services.candidates import import_candidates
from annotator.services.demographics import save_profile
from annotator.services.generation import start_run
from annotator.services.people import demo_login_url, give_consent, join_project
from annotator.services.projects import create_project, ensure_wave, open_project
from annotator.services.prompts import import_prompts
from annotator.services.readers import Row, read_rows
from annotator.services.tokens import create_token, recognise_token

FOLDER = Path(__file__).resolve().parent.parent / "demo"
PEOPLE = {
    "en": "alice-en",
    "fr": "benoit-fr",
    "it": "chiara-it",
    "pt": "duarte-pt",
    "hi": "esha-hi",
    "ar": "farid-ar",
}
"""One person for each language of the demo."""

MAIN, PAIRS = "everyday-questions", "everyday-pairs"
PAIRED_PROMPTS = 5
"""The pairs project takes this many of the prompts of each language."""

TOKEN_SCOPES = [scope for scope in Scope if scope.startswith("read:")] + [Scope.WRITE_PROMPTS]
TOKEN_DAYS = 365


@dataclass(frozen=True)
class KnownSecrets:
    """What an earlier start wrote down: passwords by user name, and the token."""

    passwords: Mapping[str, str]
    api_token: str = ""


@transaction.atomic
def seed_demo(*, known: KnownSecrets) -> dict[str, Any]:
    """Make what is missing of the demo; return what a visitor needs to enter it, as `demo.json` holds it.

    Accounts keep the password that is known; one whose password nobody knows any more gets a new one.
    """
    admin, admin_password = _ensure_account("admin", known, is_staff=True, is_superuser=True)
    pairs = _ensure_project(PAIRS, admin, PAIRED_PROMPTS)
    main = _ensure_project(MAIN, admin)
    people = [
        _ensure_person(username, language, known, [pairs, main])
        for language, username in PEOPLE.items()
    ]
    return {
        "url": settings.PUBLIC_URL,
        "admin": {"username": admin.username, "password": admin_password},
        "api_token": _ensure_token(known.api_token, admin, [main, pairs]),
        "project": MAIN,
        "annotators": people,
    }


def _ensure_account(username: str, known: KnownSecrets, **fields: Any) -> tuple[Annotator, str]:
    password = known.passwords.get(username, "")
    account = Annotator.objects.filter(username=username).first()
    if account is None:
        password = password or secrets.token_urlsafe(12)
        return Annotator.objects.create_user(
            username=username, password=password, **fields
        ), password
    if not password:
        password = secrets.token_urlsafe(12)
        account.set_password(password)
        account.save(update_fields=["password"])
    return account, password


def _ensure_project(slug: str, admin: Annotator, prompts: int | None = None) -> Project:
    project = Project.objects.filter(slug=slug).first() or create_project(
        owner=admin, slug=slug, **_settings_of(slug)
    )
    for language in PEOPLE:
        _fill(project, language, prompts)
    if generating_endpoints() and not project.candidate_sets.exists():
        start_run(project=project, created_by=admin)
    if project.state == Project.State.DRAFT:
        open_project(project=project)
    return project


def _settings_of(slug: str) -> dict[str, Any]:
    texts = demo_texts.INSTRUCTIONS
    if not generating_endpoints():
        texts = {
            language: f"{text}\n{demo_texts.BUNDLED[language]}" for language, text in texts.items()
        }
    shared = {
        "languages": list(PEOPLE),
        "open_to_all": True,
        "overlap": 3,
        "explanation_share": 1.0,
        "consent_text": demo_texts.CONSENT,
        "instructions": texts,
    }
    if slug == MAIN:
        return shared | {
            "name": "Everyday questions",
            "description": demo_texts.DESCRIPTION,
            "task_format": Project.TaskFormat.BEST_OF_K,
            "ways_out": [Project.WayOut.NONE, Project.WayOut.ALL_BAD],
        }
    return shared | {
        "name": "Everyday questions in pairs",
        "description": demo_texts.PAIRS_DESCRIPTION,
        "task_format": Project.TaskFormat.PAIRWISE,
        "ways_out": [
            Project.WayOut.BOTH_GOOD,
            Project.WayOut.NO_DIFFERENCE,
            Project.WayOut.BOTH_BAD,
        ],
        "strength_asked": True,
        "pairs_per_set": 2,
    }


def _fill(project: Project, language: str, limit: int | None) -> None:
    with (FOLDER / f"{language}.jsonl").open("rb") as stream:
        rows: list[Row] = list(read_rows(stream=stream, file_format="jsonl"))[:limit]
    if generating_endpoints():
        report = import_prompts(project=project, rows=rows)
    else:
        report = import_candidates(project=project, rows=rows, strategy="bundled")
    if report.refused:
        line, sentence = report.errors[0]
        raise Refused("demo_broken", f"annotator/demo/{language}.jsonl, line {line}: {sentence}")


def _ensure_person(
    username: str, language: str, known: KnownSecrets, projects: list[Project]
) -> dict[str, str]:
    account, password = _ensure_account(username, known, ui_language=language)
    for project in projects:  # the last one joined is where the sign-in link leads
        if not Participation.objects.filter(annotator=account, project=project).exists():
            participation = join_project(project=project, annotator=account, languages=[language])
            wave = ensure_wave(project=project)
            give_consent(
                participation=participation,
                wave=wave,
                language=language,
                is_adult=True,
                ticks=Tick.values,
            )
            save_profile(participation=participation, wave=wave, answers={}, language_skills={})
    return {
        "username": username,
        "password": password,
        "language": language,
        "login_url": demo_login_url(annotator=account),
    }


def _ensure_token(key: str, owner: Annotator, projects: list[Project]) -> str:
    """Return the token that is known while it works, else a new one."""
    with suppress(Refused):
        recognise_token(key=key)
        return key
    expires_at = timezone.now() + timedelta(days=TOKEN_DAYS)
    _token, key = create_token(
        name="Demo", owner=owner, scopes=TOKEN_SCOPES, projects=projects, expires_at=expires_at
    )
    return key
