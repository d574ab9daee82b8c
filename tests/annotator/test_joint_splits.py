"""Where two prompts are compared, no prompt and no group of prompts is in two splits of a release."""

from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage

from annotator.models import Assignment, Project, Prompt, PromptGroup, Release
from annotator.selectors.exports.splits import is_held_out
from annotator.services.joint import open_joint_comparisons
from annotator.services.releases import build_release, start_release
from tests.annotator.test_releases import lines
from tests.factories import (
    make_annotator,
    make_judgment,
    make_participation,
    make_project,
    make_prompt,
    make_set,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def project(transactional_db: None, settings: Any, tmp_path: Path) -> Project:
    settings.MEDIA_ROOT = tmp_path / "media"
    return make_project(task_format="two_prompts", ways_out=[], candidates=2, overlap=1)


def add_prompts(project: Project, keys: list[str]) -> None:
    """Make two prompts a group, each with a set."""
    for key in keys:
        group = PromptGroup.objects.create(project=project, key=key, kind="template")
        for number in range(2):
            prompt = make_prompt(project, f"Prompt {key} {number}", group=group)
            make_set(project, prompt, texts=("Yes.", "No."))


def release_all(project: Project) -> Release:
    """Let alice judge all there is, and release it."""
    alice = make_participation(project, make_annotator("alice"))
    for _place in range(Assignment.objects.count()):
        make_judgment(alice, strength=1)
    release = start_release(project=project, version="1.0")
    build_release(release_id=release.pk)
    release.refresh_from_db()
    assert release.manifest is not None, release.failure
    return release


def keys_of(project: Project, *, held_out: bool, count: int) -> list[str]:
    """Return keys of groups that are drawn so; found by trying."""
    tried = (f"g{number}" for number in range(1000))
    drawn = [
        key
        for key in tried
        if is_held_out(project_id=project.pk, group=f"template:{key}") == held_out
    ]
    return drawn[:count]


def test_no_prompt_is_in_two_splits_and_nothing_is_left_out(project: Project) -> None:
    add_prompts(project, keys_of(project, held_out=True, count=3))
    add_prompts(project, keys_of(project, held_out=False, count=9))
    assert open_joint_comparisons(project=project) == 24
    release = release_all(project)
    groups = dict(Prompt.objects.values_list("text", "group"))
    for name in ("joint", "native"):
        held, trained = (
            met(split_rows(release, name, test=test), groups) for test in (True, False)
        )
        assert (len(held), len(trained)) == (3, 9)
        assert not held & trained
    assert release.manifest is not None
    assert release.manifest["between_splits"] == {}
    tested = {row["comparison_id"] for row in split_rows(release, "native", test=True)}
    assert tested == {row["comparison_id"] for row in split_rows(release, "offers", test=True)}


def test_rows_whose_prompts_are_drawn_differently_are_in_no_split_and_counted(
    project: Project,
) -> None:
    for held_out in (True, False):
        (key,) = keys_of(project, held_out=held_out, count=1)
        group = PromptGroup.objects.create(project=project, key=key, kind="template")
        make_set(project, make_prompt(project, f"{held_out}?", group=group), texts=("Yes.", "No."))
    assert open_joint_comparisons(project=project) == 2
    release = release_all(project)
    for name in ("joint", "native", "offers"):
        assert not split_rows(release, name, test=True) + split_rows(release, name, test=False)
    assert release.manifest is not None
    assert release.manifest["between_splits"] == {"joint": 2, "native": 2, "offers": 2}
    with default_storage.open(f"{release.folder}/METHODS.md") as file:
        assert b"2 of `joint`, 2 of `native`, 2 of `offers`" in file.read()


def split_rows(release: Release, name: str, *, test: bool) -> list[dict[str, Any]]:
    """Return the rows of `test`, or of the other splits: alice may be one of those held out herself."""
    splits = ("test",) if test else ("train", "test_annotators")
    return [row for split in splits for row in lines(release, name, split)]


def met(rows: list[dict[str, Any]], groups: dict[str, int]) -> set[int]:
    texts = {
        text
        for row in rows
        for text in (
            [row["i_chosen"], row["i_rejected"]]
            if "i_chosen" in row
            else [response["prompt"] for response in row["responses"]]
        )
    }
    return {groups[text] for text in texts}
