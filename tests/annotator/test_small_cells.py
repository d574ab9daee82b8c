"""Nothing in a release, its documents included, tells of a group of people that is too small."""

import io
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import zstandard
from django.core.files.storage import default_storage
from django.utils import timezone

from annotator.models import Participation, ProfileRevision, Project, Release
from annotator.services.releases import build_release, start_release
from tests.factories import (
    make_annotator,
    make_judgment,
    make_participation,
    make_project,
    make_prompt,
    make_set,
)

pytestmark = pytest.mark.django_db(transaction=True)

K = 3
PEOPLE = [
    *[("FR", "18-34", "male")] * 4,
    *[("FR", "46-54", "male")] * 2,
    ("FR", "55+", "male"),
    *[("DE", "18-34", "female")] * 2,
    ("NL", "18-34", "female"),
    *[("MN", "35-45", "other"), ("BR", "55+", "other"), ("GH", "46-54", "other")],
]
RARE = ("MN", "NL", "BR", "GH", "MT", "IS", "mongolia", "netherlands", "malta", "iceland")
"""Where too few live: among those who judged, who only joined, and who withdrew."""


@pytest.fixture
def project(transactional_db: None, settings: Any, tmp_path: Path) -> Project:
    settings.MEDIA_ROOT = tmp_path / "media"
    project = make_project(
        overlap=20, smallest_group=K, rare_groups="coarsen", languages=["en", "ga"]
    )
    Project.objects.filter(pk=project.pk).update(demographics=asked())
    make_set(project)
    for number, (country, age, gender) in enumerate(PEOPLE):
        make_judgment(say(add(project, f"a{number}", country), age, gender))
    add(project, "joined", "MT")
    gone = add(project, "gone", "IS")
    make_judgment(gone)
    Participation.objects.filter(pk=gone.pk).update(withdrawn_at=timezone.now())
    make_set(project, make_prompt(project, "Cad é?", language="ga"))
    make_judgment(say(add(project, "irish", "FR", languages=["ga"]), "18-34", "male"))
    return project


def say(person: Participation, age: str, gender: str) -> Participation:
    profile = ProfileRevision.objects.create(
        participation=person, number=1, answers={"age": age, "gender": gender}
    )
    Participation.objects.filter(pk=person.pk).update(profile=profile)
    return person


def asked() -> list[dict[str, Any]]:
    return [
        {"slug": "age", "options": ["18-34", "35-45", "46-54", "55+"]},
        {"slug": "gender", "options": ["male", "female", "other"]},
    ]


def add(project: Project, name: str, country: str, **fields: Any) -> Participation:
    return make_participation(project, make_annotator(name), country=country, **fields)


def released(project: Project) -> Release:
    release = start_release(
        project=project, version=f"1.{Release.objects.count()}", demographics=True
    )
    build_release(release_id=release.pk)
    release.refresh_from_db()
    assert release.manifest is not None, release.failure
    return release


def contents(release: Release) -> dict[str, str]:
    """Return every file of the release as text."""
    assert release.manifest is not None
    texts = {}
    for name in [*(file["path"] for file in release.manifest["files"]), "manifest.json"]:
        with default_storage.open(f"{release.folder}/{name}") as file:
            content = file.read()
        if name.endswith(".parquet"):
            content = json.dumps(
                pq.read_table(io.BytesIO(content)).to_pylist(), default=str
            ).encode()
        elif name.endswith(".zst"):
            content = zstandard.ZstdDecompressor().stream_reader(io.BytesIO(content)).read()
        texts[name] = content.decode()
    return texts


def tables(text: str, head: str) -> list[list[str]]:
    """Return the cells of the tables whose first column is called so."""
    rows = []
    for found in re.findall(rf"^\| {head} \|.*\n\| ---.*\n((?:\|.*\n)*)", text, re.MULTILINE):
        rows += [
            [cell.strip() for cell in line.strip("|").split("|")] for line in found.splitlines()
        ]
    assert rows
    return rows


def test_no_file_names_what_too_few_share(project: Project) -> None:
    for name, text in contents(released(project)).items():
        for word in RARE:
            assert not re.search(rf"\b{word}\b", text), (name, word)


def test_every_combination_in_the_rows_belongs_to_enough_people(project: Project) -> None:
    texts = contents(released(project))
    rows = [
        json.loads(line)
        for name, text in texts.items()
        if name.startswith("jsonl/native")
        for line in text.splitlines()
    ]
    told = {
        row["annotator_id"]: (row["annotator"]["country"], row["annotator"]["demographics"])
        for row in rows
    }
    assert len(told) == len(PEOPLE) + 1
    assert min(Counter(told.values()).values()) >= K
    countries = Counter(country for country, _answers in told.values())
    # Two Germans and one Dutch are told as Western Europeans; the elder French in one band.
    assert countries["155"] == 3
    assert ("FR", '{"age": "46+", "gender": "male"}') in told.values()
    community = [
        json.loads(line)
        for name, text in texts.items()
        if name.startswith("jsonl/community")
        for line in text.splitlines()
    ]
    assert Counter(row["annotator_country"] for row in community)["western europe"] == 3


def test_counts_in_documents_tell_of_no_few_people(project: Project) -> None:
    texts = contents(released(project))
    (methods, card) = texts["METHODS.md"], texts["README.md"]
    by_country = [row for row in tables(methods, "country") if len(row) == 3]
    assert {row[0] for row in by_country} == {"FR", "155 (western europe)", "not stated"}
    assert all(int(row[2]) >= K for row in by_country)
    attrition = [row for row in tables(methods, "country") if len(row) == 5]
    assert [row[0] for row in attrition] == ["not stated", "FR"]
    assert all(int(cell) % K == 0 for row in attrition for cell in row[1:])
    excluded = {row[0]: row[1:] for row in tables(methods, "group")}
    assert all(int(cell) % K == 0 for cell in [*excluded["not stated"], *excluded["FR"]])
    assert ["ga", "1", "fewer than 3"] in tables(card, "language")
    people = json.loads(texts["croissant.json"])["rai:annotatorDemographics"]
    assert all(int(re.findall(r"\d+", line)[-1]) >= K for line in people)


def test_the_same_people_are_told_the_same_again(project: Project) -> None:
    first, second = (contents(released(project)) for _build in range(2))
    assert {name for name in first if first[name] != second[name]} <= {
        "README.md", "CODEBOOK.md", "METHODS.md", "croissant.json", "manifest.json",
    }  # fmt: skip


def test_reporting_alone_leaves_what_is_there(project: Project) -> None:
    Project.objects.filter(pk=project.pk).update(rare_groups="report")
    texts = contents(released(project))
    assert ["MN", "1", "1"] in tables(texts["METHODS.md"], "country")
    assert "| MT | 1 | 0 | 0 |" in texts["METHODS.md"]
