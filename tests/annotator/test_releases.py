"""Releases: built once inside one snapshot, the same bytes every time, never changed afterwards."""

import hashlib
import io
import json
import warnings
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml
import zstandard
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from annotator.errors import Refused
from annotator.models import Participation, Project, Prompt, PromptGroup, Release
from annotator.selectors.exports import FORMATS, SPLITS, Snapshot, features
from annotator.selectors.exports.joint import JOINT
from annotator.services.releases import (
    build_release,
    retract_release,
    ring_for_releases,
    start_release,
)
from annotator.services.releases.building import LOCK, write_release
from annotator.services.releases.documents.codebook import MEANINGS
from tests.factories import (
    make_annotator,
    make_judgment,
    make_participation,
    make_project,
    make_prompt,
    make_set,
)

pytestmark = pytest.mark.django_db(transaction=True)

PROMPTS = 30


@pytest.fixture(autouse=True)
def _storage(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def project(transactional_db: None) -> Project:
    """Thirty prompts, two by two in translation groups, judged by three people."""
    project = make_project(overlap=3, ways_out=["none", "all_bad"], languages=["en", "fr"])
    for number in range(PROMPTS):
        group, _ = PromptGroup.objects.get_or_create(
            project=project, key=f"g{number // 2}", kind="translation"
        )
        prompt = make_prompt(
            project,
            f"Question {number}\u2028|?",
            group=group,
            licence="CC-BY-4.0",
            language=("en", "fr")[number % 2],
        )
        make_set(project, prompt)
    for name, country in (("alice", "US"), ("bob", ""), ("chen", "FR")):
        person = make_participation(
            project, make_annotator(name), country=country, languages=["en", "fr"]
        )
        for number in range(PROMPTS):
            make_judgment(
                person, ("a", "b", "none")[number % 3], explanation=f"“words-{name[0]}x” | {number}"
            )
    return project


def release_of(project: Project, version: str = "1.0", **wanted: Any) -> Release:
    release = start_release(project=project, version=version, **wanted)
    build_release(release_id=release.pk)
    release.refresh_from_db()
    assert release.state == Release.State.PUBLISHED, release.failure
    return release


def stored(release: Release, name: str) -> bytes:
    with default_storage.open(f"{release.folder}/{name}") as file:
        return bytes(file.read())


def lines(release: Release, export_format: str, split: str) -> list[dict[str, Any]]:
    content = stored(release, f"jsonl/{export_format}-{split}.jsonl.zst")
    text = zstandard.ZstdDecompressor().stream_reader(io.BytesIO(content)).read()
    return [json.loads(line) for line in text.splitlines()]


def drawn(*what: object) -> bool:
    """Whether this falls into the tenth that is held out."""
    digest = hashlib.md5(":".join(map(str, what)).encode(), usedforsecurity=False).hexdigest()
    return int(digest[:8], 16) < 2**32 // 10


def test_every_file_has_the_bytes_and_rows_that_the_manifest_says(project: Project) -> None:
    release = release_of(project)
    assert release.manifest is not None
    assert json.loads(stored(release, "manifest.json")) == release.manifest
    for entry in release.manifest["files"]:
        content = stored(release, entry["path"])
        assert (len(content), hashlib.sha256(content).hexdigest()) == (
            entry["bytes"],
            entry["sha256"],
        )
        if entry["path"].endswith(".parquet"):
            assert pq.read_table(io.BytesIO(content)).num_rows == entry["rows"]
    assert {entry["format"] for entry in release.manifest["files"]} - {None} == set(FORMATS) - {
        "joint"
    }
    assert sum(len(lines(release, "native", split)) for split in SPLITS) == 3 * PROMPTS
    assert release.manifest["excluded"] == {
        "withdrawn": 0,
        "excluded": 0,
        "other_kinds": 0,
        "surplus": 0,
        "superseded": 0,
    }


def test_parquet_and_json_lines_hold_the_same_rows(project: Project) -> None:
    release = release_of(project, formats=["preference", "ranking"])
    for name in ("preference", "ranking"):
        for split in SPLITS:
            table = pq.read_table(io.BytesIO(stored(release, f"{name}/{split}-00000.parquet")))
            assert table.to_pylist() == lines(release, name, split)


def test_two_builds_in_one_snapshot_give_the_same_bytes(project: Project, tmp_path: Path) -> None:
    release = start_release(project=project, version="1.0")
    with Snapshot(project=project) as first:
        before = written(release, first, tmp_path / "before")
        # Somebody answers between the builds, and the project gets another name, pay and languages.
        late = make_participation(project, make_annotator("late"), languages=["en", "fr"])
        Participation.objects.filter(pk=late.pk).update(withdrawn_at=timezone.now())
        Prompt.objects.update(licence="CC0-1.0")
        Project.objects.update(
            name="Renamed", description={"en": "?"}, overlap=9, pay_currency="EUR", pay_per_answer=7
        )
        Project.objects.update(smallest_group=1, rare_groups="report", languages=["it"])
        with Snapshot(project=project, exported=first.export()) as second:
            after = written(release, second, tmp_path / "after")
    assert before == after
    assert len(before["files"]) > 20
    assert "Renamed" not in (tmp_path / "after" / "README.md").read_text()


def written(release: Release, snapshot: Snapshot, folder: Path) -> dict[str, Any]:
    """Build a release in a snapshot, as somebody who reads its row anew; return the manifest."""
    folder.mkdir()
    again = Release.objects.select_related("project").get(pk=release.pk)
    return write_release(release=again, snapshot=snapshot, folder=folder)


def test_no_prompt_group_and_no_held_out_person_is_in_two_splits(project: Project) -> None:
    # Found by trying: a key whose MD5 falls into the tenth.
    key = next(f"t{n}" for n in range(1000) if drawn("group", project.pk, "translation", f"t{n}"))
    PromptGroup.objects.filter(project=project, key="g3").update(key=key)
    release = release_of(project, formats=["native"])
    rows = {split: lines(release, "native", split) for split in SPLITS}
    groups = {split: {row["prompt"]["group"] for row in rows[split]} for split in SPLITS}
    assert key in groups["test"]
    assert len([row for row in rows["test"] if row["prompt"]["group"] == key]) == 6
    assert groups["test"].isdisjoint(groups["train"] | groups["test_annotators"])
    people = {split: {row["annotator_id"] for row in rows[split]} for split in SPLITS}
    assert people["train"].isdisjoint(people["test_annotators"])


def test_people_are_held_out_by_their_pseudonym(project: Project) -> None:
    # Found by trying, as above.
    number = next(n for n in range(1000) if drawn("person", project.pk, f"p{n}"))
    Participation.objects.filter(annotator__username="bob").update(pseudonym=f"p{number}")
    release = release_of(project, formats=["native"])
    rows = lines(release, "native", "test_annotators")
    assert f"p{number}" in {row["annotator_id"] for row in rows}
    assert f"p{number}" not in {row["annotator_id"] for row in lines(release, "native", "train")}


def test_who_has_withdrawn_is_in_no_file_and_is_counted(project: Project) -> None:
    bob = Participation.objects.get(annotator__username="bob")
    Participation.objects.filter(pk=bob.pk).update(withdrawn_at=timezone.now())
    release = release_of(project)
    assert release.manifest is not None
    for entry in release.manifest["files"]:
        content = stored(release, entry["path"])
        if entry["path"].endswith(".zst"):
            content = zstandard.ZstdDecompressor().stream_reader(io.BytesIO(content)).read()
        assert bob.pseudonym.encode() not in content
        assert "“words-bx”".encode() not in content
    assert release.manifest["excluded"]["withdrawn"] == PROMPTS


@pytest.fixture
def _offline(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    datasets = pytest.importorskip("datasets")
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    datasets.disable_progress_bars()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@pytest.mark.usefixtures("_offline")
@pytest.mark.parametrize("export_format", ["native", "preference", "community-alignment"])
def test_datasets_loads_a_format_from_the_folder(
    project: Project, settings: Any, tmp_path: Path, export_format: str
) -> None:
    import datasets

    release = release_of(project)
    folder = Path(settings.MEDIA_ROOT) / release.folder
    loaded = datasets.load_dataset(str(folder), export_format, cache_dir=str(tmp_path / "cache"))
    rows = {split: len(lines(release, export_format, split)) for split in SPLITS}
    assert {split: len(loaded[split]) for split in loaded} == {
        split: count for split, count in rows.items() if count
    }
    assert list(loaded["train"].features) == list(
        features(project=project, export_format=export_format)
    )


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_croissant_is_valid_and_names_every_file(project: Project, settings: Any) -> None:
    import mlcroissant

    release = release_of(project, formats=["native", "preference"])
    path = Path(settings.MEDIA_ROOT) / release.folder / "croissant.json"
    dataset = mlcroissant.Dataset(str(path))
    assert not dataset.metadata.ctx.issues.errors
    assert len(list(dataset.metadata.record_sets)) == len(list(dataset.metadata.distribution)) >= 2
    document = json.loads(path.read_text())
    assert {key for key in document if key.startswith("rai:")} >= {
        "rai:dataCollection",
        "rai:annotatorDemographics",
        "rai:personalSensitiveInformation",
    }


def test_the_documents_say_what_is_in_the_release(project: Project) -> None:
    release = release_of(project)
    card = stored(release, "README.md").decode()
    header = yaml.safe_load(card.split("---\n")[1])
    assert header["license"] == "cc-by-4.0"
    assert header["language"] == ["en", "fr"]
    assert {config["config_name"] for config in header["configs"]} <= set(FORMATS)
    assert "90 judgments by 3 people on 30 sets" in card
    codebook = stored(release, "CODEBOOK.md").decode()
    assert "| `none` | None represents me | Aucune ne me représente |" in codebook
    methods = stored(release, "METHODS.md").decode()
    assert "90 of 90 places are filled" in methods
    assert "3 people joined, 3 of them gave at least one judgment" in methods
    assert "| not stated | 90 | 3 |" in methods
    assert "On 30 comparisons with two judgments or more" in methods


def test_every_column_of_every_format_is_in_the_codebook(project: Project) -> None:
    used = {
        column
        for name in FORMATS
        if name != "joint"
        for column in features(project=project, export_format=name)
    } | {"margin", *(column.name for column in JOINT)}
    assert used <= set(MEANINGS)
    assert set(MEANINGS) <= used


def test_a_published_release_is_never_changed_rebuilt_or_deleted(project: Project) -> None:
    release = release_of(project, formats=["ranking"])
    before = stored(release, "manifest.json")
    build_release(release_id=release.pk)
    assert stored(release, "manifest.json") == before
    with pytest.raises(Refused, match="never changes"):
        start_release(project=project, version="1.0")
    changes: list[dict[str, Any]] = [{"manifest": {}}, {"licence": "MIT"}, {"state": "building"}]
    for change in changes:
        with pytest.raises(DatabaseError, match="never changes"), transaction.atomic():
            Release.objects.filter(pk=release.pk).update(**change)
    with pytest.raises(DatabaseError, match="never changes"), transaction.atomic():
        Release.objects.filter(pk=release.pk)._raw_delete("default")


def test_a_release_is_retracted_with_a_reason_for_good(project: Project) -> None:
    release = release_of(project, formats=["ranking"])
    with pytest.raises(Refused, match="why"):
        retract_release(release=release, reason=" ")
    retract_release(release=release, reason="A consent text was wrong.")
    release.refresh_from_db()
    assert (release.state, release.retraction_reason) == ("retracted", "A consent text was wrong.")
    with pytest.raises(Refused, match="published"):
        retract_release(release=release, reason="Again.")
    with pytest.raises(DatabaseError), transaction.atomic():
        Release.objects.filter(pk=release.pk).update(state="published")


def test_one_build_at_a_time(project: Project) -> None:
    release = start_release(project=project, version="1.0", formats=["ranking"])
    other = connection.get_new_connection(connection.get_connection_params())
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s, %s)", [LOCK, release.pk])
        build_release(release_id=release.pk)
        release.refresh_from_db()
        assert release.state == Release.State.BUILDING
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [LOCK, release.pk])
    finally:
        other.close()
    build_release(release_id=release.pk)
    release.refresh_from_db()
    assert release.state == Release.State.PUBLISHED


def test_what_a_broken_off_build_left_is_overwritten(project: Project) -> None:
    release = start_release(project=project, version="1.0", formats=["ranking"])
    path = Path(default_storage.path(f"{release.folder}/README.md"))
    path.parent.mkdir(parents=True)
    path.write_text("half")
    build_release(release_id=release.pk)
    assert stored(release, "README.md").startswith(b"---\nlicense")


def test_a_build_that_fails_says_why_and_may_be_asked_for_again(
    project: Project, settings: Any, tmp_path: Path
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    settings.MEDIA_ROOT = blocked
    release = start_release(project=project, version="1.0", formats=["ranking"])
    build_release(release_id=release.pk)
    release.refresh_from_db()
    assert release.state == Release.State.FAILED
    assert "file" in release.failure
    settings.MEDIA_ROOT = tmp_path / "media"
    again = release_of(project, formats=["ranking"])
    assert again.pk == release.pk


def test_the_sweep_rings_for_releases_nobody_builds(project: Project) -> None:
    release = start_release(project=project, version="1.0", formats=["ranking"])
    assert ring_for_releases() == 0
    Release.objects.filter(pk=release.pk).update(created_at=timezone.now() - timedelta(hours=1))
    assert ring_for_releases() == 1


def test_the_manifest_names_the_code(project: Project) -> None:
    manifest = release_of(project, formats=["ranking"]).manifest
    assert manifest is not None
    assert manifest["code"]["version"] in (Path(__file__).parents[2] / "pyproject.toml").read_text()
    assert len(manifest["code"]["sha256"]) == 64


@pytest.mark.parametrize("version", ["", "1", "v1.0", "1.0/..", "1.0\n", "1.0.0.0"])
def test_a_version_is_two_or_three_numbers(project: Project, version: str) -> None:
    with pytest.raises(Refused) as refused:
        start_release(project=project, version=version)
    assert "version" in refused.value.fields


def test_a_release_of_nothing_is_a_release(transactional_db: None) -> None:
    release = release_of(make_project("empty"))
    assert "Undefined" in stored(release, "METHODS.md").decode()


def test_the_command_builds_and_publishes(project: Project, capsys: Any) -> None:
    call_command("release", project.slug, "2.0", "--format", "ranking")
    assert "Release 2.0 is published" in capsys.readouterr().out
    with pytest.raises(CommandError, match="never changes"):
        call_command("release", project.slug, "2.0")
    with pytest.raises(CommandError, match="no format"):
        call_command("release", project.slug, "2.1", "--format", "csv")
