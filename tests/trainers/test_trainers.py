"""Exports load unchanged, train unchanged, and carry the preferences that were put in."""

import json
import os
import re
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.trainers.conftest import LANGUAGES, PYTHON, ROOT

# The mark makes pytest-django set up the database in which `pulled` is made, once for all of them.
pytestmark = [pytest.mark.trainers, pytest.mark.django_db]

HERE = Path(__file__).parent
PLANTED = 4.0
"""What a response that agrees is worth more than one that doesn't: twice the simulation's sharpness."""


def run(pulled: Path, script: str, *arguments: object, folder: Path = HERE) -> dict[str, Any]:
    """Run a script of this folder in the trainers' environment, offline; return the JSON it prints last."""
    process = subprocess.run(
        [PYTHON, folder / script, *map(str, arguments)],
        cwd=pulled,
        env={
            "PATH": os.environ["PATH"],
            "HF_HUB_OFFLINE": "1",
            "HF_HOME": str(pulled / "hf"),
            "TOKENIZERS_PARALLELISM": "false",
        },
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert process.returncode == 0, process.stderr[-3000:]
    found: dict[str, Any] = json.loads(process.stdout.splitlines()[-1])
    return found


def rows_of(pulled: Path, name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (pulled / f"{name}.jsonl").read_bytes().splitlines()]


@pytest.fixture(scope="session")
def model(pulled: Path) -> Path:
    """Make the tiny model that the tests of the model server use too."""
    folder = pulled / "model"
    subprocess.run([PYTHON, ROOT / "tests/vllm/tiny_model.py", folder], check=True, timeout=120)
    return folder


def test_every_export_and_the_release_load_with_all_their_rows(pulled: Path) -> None:
    loaded = run(pulled, "load.py", pulled)
    assert loaded["exports"] == {
        file.name.removesuffix(".features.json"): len(
            rows_of(pulled, file.name.removesuffix(".features.json"))
        )
        for file in pulled.glob("*.features.json")
    }
    manifest = json.loads((pulled / "release" / "manifest.json").read_text())
    listed: dict[str, Counter[str]] = {name: Counter() for name in manifest["formats"]}
    for file in manifest["files"]:
        if file["path"].endswith(".parquet"):
            listed[file["format"]][file["split"]] += file["rows"]
    assert {name: +Counter(splits) for name, splits in loaded["release"].items()} == {
        name: +splits for name, splits in listed.items()
    }


def test_the_code_that_the_docs_show_loads_an_export(pulled: Path) -> None:
    page = (ROOT / "docs" / "training.md").read_text()
    block = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)[0]
    (pulled / "docs.py").write_text(f"{block}\nprint(json.dumps({{'rows': len(rows)}}))")
    found = run(pulled, "docs.py", folder=pulled)
    assert found["rows"] == len(rows_of(pulled, "preference"))


@pytest.mark.parametrize(
    ("kind", "name"),
    [("reward", "preference-implicit"), ("dpo", "preference"), ("kto", "unpaired")],
)
def test_what_goes_in_is_what_is_trained_in_every_language(
    pulled: Path, model: Path, kind: str, name: str
) -> None:
    file = pulled / f"{name}.jsonl"
    told = run(pulled, "train.py", kind, file, file.with_suffix(".features.json"), model, 4096)
    assert set(told["in"]) == set(LANGUAGES)
    assert told["kept"] == told["in"]
    assert told["steps"] == 2
    assert all(0 < loss < 100 for loss in told["losses"])


def test_a_short_limit_loses_rows_of_a_reward_trainer_which_is_why_the_docs_say_what_to_set(
    pulled: Path, model: Path
) -> None:
    file = pulled / "preference-implicit.jsonl"
    told = run(pulled, "train.py", "reward", file, file.with_suffix(".features.json"), model, 400)
    lost = {name: told["in"][name] - told["kept"][name] for name in LANGUAGES}
    assert max(lost.values()) > 0
    assert len(set(lost.values())) > 1, "languages lose unequally"
    assert "max_length" in (ROOT / "docs" / "training.md").read_text()


def test_bradley_terry_finds_the_planted_preference_within_its_interval(pulled: Path) -> None:
    found = run(pulled, "preferences.py", pulled)
    assert found["n"] > 700
    assert PLANTED / 3 < found["low"] < PLANTED < found["high"]


def test_a_reader_of_the_published_community_alignment_file_reads_ours(pulled: Path) -> None:
    """Every turn's texts are found twice, under their letters and in one string, and the choice names one of them."""
    rows = rows_of(pulled, "community-alignment")
    assert len(rows) > 400
    for row in rows:
        turns = [
            turn for turn in ("first", "second", "third", "fourth") if row[f"{turn}_turn_prompt"]
        ]
        assert turns
        for turn in turns:
            texts = {letter: row[f"{turn}_turn_response_{letter}"] for letter in "abcd"}
            joined = re.split(r"^# Response [A-D]:\n", row[f"{turn}_turn_responses"], flags=re.M)
            assert [part.rstrip("\n") for part in joined[1:]] == [
                texts[letter].rstrip("\n") for letter in "abcd"
            ]
            assert row[f"{turn}_turn_preferred_response"] in {f"response_{x}" for x in "abcd"}
        assert row["assigned_lang"] in LANGUAGES
        assert isinstance(row["conversation_id"], int)
        assert isinstance(row["annotator_id"], int)
    chosen = Counter(row["first_turn_preferred_response"] for row in rows)
    assert min(chosen.values()) > len(rows) / 8, "the letters are not drawn"
