"""A hundred megabytes of each format load with the types of `export/features/`, although the first block is full of nulls."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from annotator.models import Project
from tests.api.caller import Caller
from tests.factories import make_project, make_token
from tests.trainers.conftest import need_trainers
from tests.trainers.load_of_text import fill
from tests.trainers.test_trainers import run

pytestmark = [pytest.mark.trainers, pytest.mark.django_db(transaction=True)]

BYTES = 100_000_000
FIRST_BLOCK = 10 << 20
"""What `datasets` reads at once."""
ONE_PROMPT = (
    "native",
    "community-alignment",
    "preference",
    "preference-implicit",
    "unpaired",
    "ranking",
    "rewardbench-2",
)
MORE = {"unpaired": "&negatives=unchosen"}
EMPTY_AT_FIRST = {
    "native": {"strength", "active_ms", "ui_language", "device", "general"},
    "community-alignment": {"first_turn_feedback", "second_turn_prompt", "second_turn_response_a"},
}


@pytest.fixture
def project(transactional_db: None) -> Project:
    need_trainers()
    project = make_project("long", overlap=5)
    fill(project)
    return project


def take(rita: Caller, name: str, folder: Path) -> int:
    """Write whole rows of an export until there are a hundred megabytes; return how many rows."""
    answer = rita.get(f"export/?format={name}{MORE.get(name, '')}")
    assert answer.status_code == 200, answer.content
    blocks: Iterator[bytes] = iter(answer.streaming_content)
    rows = size = 0
    with (folder / f"{name}.jsonl").open("wb") as file:
        for block in blocks:
            size += file.write(block)
            rows += block.count(b"}\n")
            if size >= BYTES:
                break
    answer.close()
    assert size >= BYTES, f"{name} has {size:,} bytes only"
    features = rita.get(f"export/features/?format={name}")
    (folder / f"{name}.features.json").write_bytes(features.content)
    return rows


def test_each_format_loads_whole_although_it_begins_with_nulls(
    project: Project, tmp_path: Path
) -> None:
    rita = Caller(make_token(project), project)
    taken = {name: take(rita, name, tmp_path) for name in ONE_PROMPT}
    Project.objects.filter(pk=project.pk).update(task_format=Project.TaskFormat.TWO_PROMPTS)
    taken["joint"] = take(rita, "joint", tmp_path)
    for name, columns in EMPTY_AT_FIRST.items():
        with (tmp_path / f"{name}.jsonl").open("rb") as file:
            first = json.loads(file.readline())
            file.seek(FIRST_BLOCK)
            file.readline()
            behind_the_block = json.loads(file.readline())
            file.seek(-200_000, 2)
            last = json.loads(file.read().splitlines()[-1])
        for column in columns:
            assert first[column] is behind_the_block[column] is None, (name, column)
            assert last[column] is not None, (name, column)
    loaded = run(tmp_path, "load.py", tmp_path)
    assert loaded["exports"] == taken
