"""CODEBOOK.md: everything people could choose, with the words they read in each language, and in which wave."""

from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage

from annotator.models import Project
from annotator.services.assignments import SkipReason
from annotator.services.projects import ensure_wave
from annotator.services.releases import build_release, start_release
from tests.factories import (
    make_annotator,
    make_judgment,
    make_participation,
    make_project,
    make_set,
)

pytestmark = pytest.mark.django_db(transaction=True)

CRITERIA: list[dict[str, Any]] = [
    {"slug": "helpful", "texts": {"en": "Which helps more?", "fr": "Laquelle aide le plus ?"}},
    {"slug": "tone", "kind": "rating", "required": True, "texts": {"en": "How is its tone?"}},
]
REASONS = [{"slug": "fair", "texts": {"en": "It is fair", "sw": "Ni ya haki"}}]
QUESTIONS: list[dict[str, Any]] = [
    {"slug": "gender", "options": ["male", "female"], "labels": {"male": {"en": "A man"}}},
    {
        "slug": "region",
        "texts": {"fr": "Où ?"},
        "by_country": {"FR": ["Nord", "Sud"], "BE": ["Sud"]},
    },
]


def codebook_of(project: Project) -> str:
    release = start_release(project=project, version="1.0", formats=["native"])
    build_release(release_id=release.pk)
    release.refresh_from_db()
    with default_storage.open(f"{release.folder}/CODEBOOK.md") as file:
        return bytes(file.read()).decode()


@pytest.fixture
def project(transactional_db: None, settings: Any, tmp_path: Path) -> Project:
    """Judgments in two waves; the second words a criterion anew."""
    settings.MEDIA_ROOT = tmp_path / "media"
    project = make_project(
        languages=["en", "fr", "hi-IN"],
        criteria=CRITERIA,
        reasons=REASONS,
        demographics=QUESTIONS,
    )
    alice = make_participation(project, make_annotator("alice"))
    for criteria in (CRITERIA, [CRITERIA[0], {**CRITERIA[1], "texts": {"en": "Its tone?"}}]):
        project.criteria = criteria
        project.save(update_fields=["criteria"])
        ensure_wave(project=project)
        make_set(project)
        make_judgment(alice, criteria={f"tone-{letter}": "3" for letter in "abcd"})
    return project


def test_the_answers_of_every_project_read_as_the_pages_say(project: Project) -> None:
    found = codebook_of(project)
    assert "| column | answer | en | fr | hi |" in found
    assert "| choice | `none` | None represents me | Aucune ne me représente |" in found
    assert "| strength | `2` | clearly better |" in found
    for reason in SkipReason:
        assert f"| skip_reason | `{reason.value}` | " in found


def test_criteria_reasons_and_questions_read_as_their_waves_say(project: Project) -> None:
    found = codebook_of(project)
    assert "| criterion | asked as | en | fr | hi-IN | sw | waves |" in found
    assert (
        "| `helpful` | choice | Which helps more? | Laquelle aide le plus ? | – | – | 1, 2 |"
        in found
    )
    assert "| `tone` | rating, required | How is its tone? | – | – | – | 1 |" in found
    assert "| `tone` | rating, required | Its tone? | – | – | – | 2 |" in found
    assert "| `fair` | It is fair | – | – | Ni ya haki | 1, 2 |" in found
    assert "| `gender` | `male` | A man | – | – | – | 1, 2 |" in found
    assert "| `gender` | `female` | Female | Femme | " in found
    assert "| `region` |  | – | Où ? | – | – | 1, 2 |" in found
    assert found.count("| `region` | `Sud` | – | – | – | – | 1, 2 |") == 1


def test_what_was_not_asked_has_no_chapter(
    transactional_db: None, settings: Any, tmp_path: Path
) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"
    found = codebook_of(make_project())
    assert "## Answers and how they read" in found
    assert "## Criteria" not in found
    assert "## Questions about people" not in found
