"""`datasets` loads an export with the schema that `export/features/` gives, whatever stands in its first block."""

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from annotator.models import Participation, Project
from tests.api.caller import Caller
from tests.factories import make_annotator, make_judgment, make_participation, make_prompt, make_set

pytestmark = pytest.mark.django_db(transaction=True)

datasets = pytest.importorskip("datasets")


@pytest.fixture(autouse=True)
def _offline(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    datasets.disable_progress_bars()
    with warnings.catch_warnings():  # what the library thinks of its own dependencies
        warnings.simplefilter("ignore")
        yield


def load(rita: Caller, folder: Path, export_format: str, *, block_bytes: int = 10 << 20) -> Any:
    file = folder / "rows.jsonl"
    file.write_bytes(rita.get(f"export/?format={export_format}").getvalue())
    features = datasets.Features.from_dict(
        rita.get(f"export/features/?format={export_format}").json()
    )
    loaded = datasets.load_dataset(
        "json",
        data_files=str(file),
        features=features,
        split="train",
        cache_dir=str(folder / "cache"),
        chunksize=block_bytes,
    )
    assert loaded.features == features
    return loaded


@pytest.fixture
def alice(project: Project) -> Participation:
    return make_participation(project, make_annotator("alice"))


def judge_nulls_first(project: Project, alice: Participation) -> None:
    """Forty answers without anything, then one with everything."""
    for _number in range(40):
        make_set(project)
        make_judgment(alice, "none")
    make_set(project, make_prompt(project, external_id="q1", licence="CC0-1.0"))
    make_judgment(alice, "b", explanation="2026-01-01 is a day")


@pytest.mark.parametrize("block_bytes", [10 << 20, 16 << 10])
def test_native_loads_with_a_first_block_full_of_nulls(
    project: Project, alice: Participation, rita: Caller, tmp_path: Path, block_bytes: int
) -> None:
    judge_nulls_first(project, alice)
    loaded = load(rita, tmp_path, "native", block_bytes=block_bytes)
    assert len(loaded) == 41
    last, row = loaded[40], rita.rows()[40]
    assert (last["choice"], last["prompt"], last["responses"], last["explanation"]) == (
        row["choice"],
        row["prompt"],
        row["responses"],
        row["explanation"],
    )
    assert last["submitted_at"].strftime("%Y-%m-%dT%H:%M:%S.%fZ") == row["submitted_at"]
    assert last["annotator"]["demographics"] == {}
    loaded.to_parquet(tmp_path / "rows.parquet")


def test_preference_loads(
    project: Project, alice: Participation, rita: Caller, tmp_path: Path
) -> None:
    judge_nulls_first(project, alice)
    loaded = load(rita, tmp_path, "preference")
    assert [row["chosen_id"] for row in loaded] == [
        row["chosen_id"] for row in rita.rows("?format=preference")
    ]
    assert loaded.features["pair_weight"].dtype == "float64"


@pytest.mark.parametrize(
    "export_format", ["preference-implicit", "unpaired", "ranking", "community-alignment"]
)
def test_the_formats_for_trainers_load(
    project: Project, alice: Participation, rita: Caller, tmp_path: Path, export_format: str
) -> None:
    judge_nulls_first(project, alice)
    loaded = load(rita, tmp_path, export_format)
    assert len(loaded) == len(rita.rows(f"?format={export_format}")) > 0


def test_an_empty_export_has_the_same_columns(project: Project, rita: Caller) -> None:
    assert rita.rows() == []
    assert "judgment_id" in rita.get("export/features/").json()
