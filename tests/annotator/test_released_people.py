"""What a release tells of people: what they agreed to, once, nothing that too few share."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
import zstandard
from django.core.files.storage import default_storage
from django.utils import timezone

from annotator.models import Change, Participation, ProfileRevision, Project, Release
from annotator.selectors.exports import SPLITS
from annotator.selectors.releases import list_releases_holding
from annotator.services.releases import build_release, start_release
from tests.factories import (
    make_annotator,
    make_judgment,
    make_participation,
    make_project,
    make_set,
)

pytestmark = pytest.mark.django_db(transaction=True)

PEOPLE = [
    ("FR", {"age": "18-34", "gender": "male"}, {"ethnicity": "Immigrant"}),
    ("FR", {"age": "18-34", "gender": "male"}, {"ethnicity": "Immigrant"}),
    ("FR", {"age": "55+", "gender": "female"}, {"ethnicity": "Non immigrant"}),
    ("FR", {"age": "55+", "gender": "female"}, {"ethnicity": "Non immigrant"}),
    ("IN", {"age": "46-54"}, {}),
]


@pytest.fixture
def project(transactional_db: None, settings: Any, tmp_path: Path) -> Project:
    settings.MEDIA_ROOT = tmp_path / "media"
    project = make_project(overlap=9, smallest_group=2)
    make_set(project)
    for number, said in enumerate(PEOPLE):
        add_person(project, f"a{number}", said, explanation=f"words of {number}")
    return project


def add_person(
    project: Project, name: str, said: tuple[str, dict[str, str], dict[str, str]], **judgment: Any
) -> None:
    country, answers, sensitive = said
    person = make_participation(
        project, make_annotator(name), country=country, allows_sensitive=True
    )
    profile = ProfileRevision.objects.create(
        participation=person, number=1, answers=answers, sensitive_answers=sensitive
    )
    Participation.objects.filter(pk=person.pk).update(profile=profile)
    make_judgment(person, **judgment)


def person(number: int) -> Any:
    return Participation.objects.filter(annotator__username=f"a{number}")


def released(project: Project, **wanted: Any) -> Release:
    version = f"1.{Release.objects.count()}"
    release = start_release(project=project, version=version, **{"demographics": True, **wanted})
    build_release(release_id=release.pk)
    release.refresh_from_db()
    assert release.manifest is not None, release.failure
    return release


def rows(release: Release, export_format: str = "native", *splits: str) -> list[dict[str, Any]]:
    found = []
    for split in splits or SPLITS:
        path = f"{release.folder}/jsonl/{export_format}-{split}.jsonl.zst"
        with default_storage.open(path) as file:
            content = zstandard.ZstdDecompressor().stream_reader(io.BytesIO(file.read())).read()
        found += [json.loads(line) for line in content.splitlines()]
    return sorted(found, key=lambda row: row.get("judgment_id") or row["conversation_id"])


def told(row: dict[str, Any]) -> tuple[str | None, dict[str, str]]:
    return row["annotator"]["country"], json.loads(row["annotator"]["demographics"])


def test_what_too_few_share_is_hidden_and_reported(project: Project) -> None:
    release = released(project)
    found = [told(row) for row in rows(release)]

    # One person alone would have nothing: the smallest other group goes along.
    assert found[4] == (None, {})
    assert sorted(country or "" for country, _answers in found) == ["", "", "", "FR", "FR"]
    assert release.manifest is not None
    report = release.manifest["anonymity"]
    assert (report["k"], report["enforced"]) == (2, True)
    assert report["quasi_identifiers"][0] == "country"
    assert (report["before"]["people_below"], report["before"]["smallest"]) == (1, 1)
    assert (report["after"]["people_below"], report["after"]["smallest"]) == (0, 2)
    with default_storage.open(f"{release.folder}/METHODS.md") as file:
        assert b"fewer than 2 people (10 values)" in file.read()


def test_reported_alone_where_the_project_says_so(project: Project) -> None:
    project.rare_groups = Project.RareGroups.REPORT
    project.save()
    release = released(project)

    assert [told(row)[0] for row in rows(release)] == ["FR"] * 4 + ["IN"]
    assert told(rows(release)[0])[1] == {**PEOPLE[0][1], **PEOPLE[0][2]}
    assert release.manifest is not None
    assert release.manifest["anonymity"]["after"]["people_below"] == 1


def test_without_demographics_only_the_country_is_told(project: Project) -> None:
    found = [told(row) for row in rows(released(project, demographics=False))]

    assert {json.dumps(answers) for _country, answers in found} == {"{}"}
    # One person from India would stand alone, and takes the others along.
    assert {country for country, _answers in found} == {None}


def test_sensitive_answers_need_their_own_consent(project: Project) -> None:
    project.rare_groups = Project.RareGroups.REPORT
    project.save()
    person(0).update(allows_sensitive=False)
    assert told(rows(released(project))[0])[1] == PEOPLE[0][1]


def test_a_person_is_told_the_same_in_every_format_and_row(project: Project) -> None:
    project.rare_groups = Project.RareGroups.REPORT
    project.save()
    release = released(project)
    row = rows(release, "community-alignment")[0]

    assert [row[f"annotator_{name}"] for name in ("age", "gender", "ethnicity", "country")] == [
        "18-34",
        "male",
        "Immigrant",
        "france",
    ]


def test_the_balanced_subset_is_drawn_once_per_country(project: Project) -> None:
    project.rare_groups = Project.RareGroups.REPORT
    project.save()
    release = released(project)
    found = rows(release, "community-alignment")

    assert [row["in_balanced_subset"] for row in found] == [True] * 4 + [False]
    assert not any(row["in_balanced_subset_10"] for row in found)
    assert not any(
        row["in_balanced_subset"]
        for row in rows(released(project, demographics=False), "community-alignment")
    )


@pytest.mark.parametrize(("judges", "is_ten"), [(10, True), (8, False)])
def test_a_set_that_ten_of_them_judged_is_one_of_the_ten(
    project: Project, judges: int, is_ten: bool
) -> None:
    other = make_project("other", overlap=judges, smallest_group=1)
    make_set(other)
    for number in range(judges):
        add_person(other, f"b{number}", PEOPLE[2 * (number % 2)])
    found = rows(released(other), "community-alignment")

    assert {row["in_balanced_subset"] for row in found} == {True}
    assert {row["in_balanced_subset_10"] for row in found} == {is_ten}


def test_who_keeps_their_texts_has_none_in_a_release(project: Project) -> None:
    person(0).update(allows_texts=False)
    release = released(project)

    assert [row["explanation"] for row in rows(release)][:2] == ["", "words of 1"]
    assert rows(release, "community-alignment")[0]["first_turn_feedback"] is None
    with default_storage.open(f"{release.folder}/jsonl/native-train.jsonl.zst") as file:
        assert b"words of 0" not in zstandard.ZstdDecompressor().stream_reader(file).read()


def test_who_does_not_train_models_is_in_no_train_split(project: Project) -> None:
    person(1).update(allows_training=False)
    release = released(project)
    for name in ("native", "preference", "community-alignment"):
        trained = rows(release, name, "train")
        assert len(trained) < len(rows(release, name))
    pseudonym = person(1).get().pseudonym
    assert pseudonym not in {row["annotator_id"] for row in rows(release, "native", "train")}
    assert pseudonym in {row["annotator_id"] for row in rows(release, "native")}


def test_the_register_names_the_releases_that_hold_a_person(project: Project) -> None:
    late = make_participation(project, make_annotator("late"), country="FR")
    first = released(project)
    judgment = make_judgment(late)
    second = released(project)
    early = person(0).get()

    assert list(list_releases_holding(participation=early)) == [second, first]
    assert list(list_releases_holding(participation=late)) == [second]
    Participation.objects.filter(pk=late.pk).update(withdrawn_at=timezone.now())
    Change.objects.create(project=project, kind="withdrawn", judgment=judgment)
    third = released(project)
    assert list(list_releases_holding(participation=late)) == [second]
    assert list(list_releases_holding(participation=early)) == [third, second, first]
