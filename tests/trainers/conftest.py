"""What a researcher pulls: every format of a simulated project in six languages, and a release of it."""

import io
import json
import os
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from pytest_django import DjangoDbBlocker

ROOT = Path(__file__).resolve().parents[2]
PYTHON = ROOT / ".venv-trainers" / "bin" / "python"
LANGUAGES = ("en", "fr", "it", "pt", "hi", "ar")
PEOPLE = 36
SEED = 11


def need_trainers() -> None:
    """Skip where the trainers' environment is not there; fail where it was asked for."""
    if not PYTHON.exists():
        reason = "there is no .venv-trainers: `make test-trainers` makes it and runs these tests"
        if os.environ.get("PLURIVOX_REQUIRE_TRAINERS") == "1":
            pytest.fail(reason)
        pytest.skip(reason)


@pytest.fixture(scope="session")
def pulled(
    tmp_path_factory: pytest.TempPathFactory,
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
) -> Path:
    """Simulate, export and release once; the folder holds `FORMAT.jsonl`, `FORMAT.features.json` and `release/`.

    Also what only the simulation knows: `people.json` (pseudonym to values) and `codes.json` (response to codes).
    """
    need_trainers()
    folder = tmp_path_factory.mktemp("pulled")
    with django_db_blocker.unblock():
        media, settings.MEDIA_ROOT = settings.MEDIA_ROOT, folder / "media"
        try:
            _pull(folder)
        finally:
            settings.MEDIA_ROOT = media
            _clear()
    return folder


def _pull(folder: Path) -> None:
    from annotator.models import Participation, Response
    from annotator.selectors.exports import features
    from annotator.services.simulated_people import simulated_values
    from tests.factories import make_project

    project = make_project("values", languages=list(LANGUAGES), overlap=6)
    for language in LANGUAGES:
        call_command("import_candidates", "values", str(ROOT / f"annotator/demo/{language}.jsonl"))
    call_command(
        "simulate",
        "values",
        annotators=PEOPLE,
        judgments=6 * 6 * 14,
        seed=SEED,
        stdout=io.StringIO(),
    )
    for name in ("native", "community-alignment", *TRAINABLE, "ranking", "rewardbench-2"):
        call_command("export", "values", format=name, output=str(folder / f"{name}.jsonl"))
        (folder / f"{name}.features.json").write_text(
            json.dumps(features(project=project, export_format=name))
        )
    call_command("release", "values", "1.0", stdout=io.StringIO())
    (folder / "media" / "releases" / str(project.pk) / "1.0").rename(folder / "release")
    people = Participation.objects.filter(project=project).select_related("annotator")
    values = {
        one.pseudonym: simulated_values(
            seed=SEED, number=int(one.annotator.username.split("-")[-1])
        )
        for one in people
    }
    (folder / "people.json").write_text(json.dumps(values))
    codes = Response.objects.filter(project=project).values_list("pk", "codes")
    (folder / "codes.json").write_text(json.dumps({str(pk): value for pk, value in codes}))


TRAINABLE = ("preference", "preference-implicit", "unpaired")


def _clear() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE annotator_project, annotator_annotator CASCADE")
