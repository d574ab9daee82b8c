"""README.md: a Hugging Face dataset card, whose header lets `datasets.load_dataset(folder, format)` work."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from annotator.models import Release
from annotator.models.worded import pick_text
from annotator.selectors.exports import SPLITS
from annotator.selectors.exports.columns import Feature
from annotator.selectors.release_facts import ReleaseFacts
from annotator.services.releases.documents.tables import table
from annotator.services.releases.files import WrittenFile

SIZES = (
    (10**3, "n<1K"),
    (10**4, "1K<n<10K"),
    (10**5, "10K<n<100K"),
    (10**6, "100K<n<1M"),
    (10**7, "1M<n<10M"),
)
HUB_LICENCES = {"ODC-By-1.0": "odc-by"}
FOR = {
    "native": "everything: one row a judgment",
    "community-alignment": "the columns of the Community Alignment dataset: one row a conversation",
    "preference": "pairs for TRL's DPOTrainer",
    "preference-implicit": "pairs for TRL's RewardTrainer",
    "unpaired": "single responses for TRL's KTOTrainer",
    "rewardbench-2": "sets on which people agree, for testing reward models",
    "ranking": "all responses of a judgment with their ranks",
    "joint": "two prompts with their responses: which of them was preferred",
    "offers": "every task shown to somebody, and whether it was judged, skipped or left",
}


def write_card(
    *,
    release: Release,
    facts: ReleaseFacts,
    features: Mapping[str, Mapping[str, Feature]],
    files: Sequence[WrittenFile],
) -> str:
    """Return the card."""
    header = yaml.safe_dump(
        _header(release, facts, features, files), allow_unicode=True, sort_keys=False, width=10**6
    )
    return f"---\n{header}---\n\n{_body(release, facts, files)}\n"


def _header(
    release: Release,
    facts: ReleaseFacts,
    features: Mapping[str, Mapping[str, Feature]],
    files: Sequence[WrittenFile],
) -> dict[str, Any]:
    filled = _filled(files)
    return {
        "license": HUB_LICENCES.get(release.licence, release.licence.lower()),
        "pretty_name": f"{release.project.name} {release.version}",
        "language": [tag for tag, _count, _people in facts.languages],
        "size_categories": [_size(facts.judgments)],
        "annotations_creators": ["crowdsourced"],
        "task_categories": ["text-generation"],
        "tags": ["preferences", "pluralism", "rlhf", "alignment"],
        "configs": [
            {
                "config_name": name,
                **({"default": True} if name == "native" else {}),
                "data_files": [
                    {"split": split, "path": f"{name}/{split}-*.parquet"} for split in filled[name]
                ],
            }
            for name in features
            if filled[name]
        ],
        "dataset_info": [
            {
                "config_name": name,
                "features": [_yaml_feature(column, type_) for column, type_ in columns.items()],
                "splits": [
                    {"name": split, "num_bytes": size, "num_examples": rows}
                    for split, (rows, size) in filled[name].items()
                ],
            }
            for name, columns in features.items()
            if filled[name]
        ],
    }


def _filled(files: Sequence[WrittenFile]) -> dict[str, dict[str, tuple[int, int]]]:
    """Return rows and bytes of the Parquet files by format and split, without the splits that hold nothing."""
    sums: dict[str, dict[str, tuple[int, int]]] = defaultdict(dict)
    for split in SPLITS:
        for file in files:
            if file.split == split and file.format and file.path.endswith(".parquet") and file.rows:
                rows, size = sums[file.format].get(split, (0, 0))
                sums[file.format][split] = (rows + file.rows, size + file.bytes)
    return sums


def _yaml_feature(name: str, feature: Feature) -> dict[str, Any]:
    match feature.get("_type"):
        case "Value":
            return {"name": name, "dtype": feature["dtype"]}
        case "List":
            inner = _yaml_feature("", feature["feature"])
            return {"name": name, "list": inner.get("dtype") or inner.get("struct")}
        case _:
            return {
                "name": name,
                "struct": [_yaml_feature(key, value) for key, value in feature.items()],
            }


def _size(judgments: int) -> str:
    return next((name for least, name in SIZES if judgments < least), "10M<n<100M")


def _body(release: Release, facts: ReleaseFacts, files: Sequence[WrittenFile]) -> str:
    parts = [
        f"# {release.project.name}, release {release.version}",
        pick_text(release.project.description, "en")[0].strip(),
        f"{facts.judgments:,} judgments by {facts.annotators:,} people on {facts.sets:,} sets of responses to "
        f"{facts.prompts:,} prompts. People who disagree are all in it: each judgment is one person's, none is "
        "a majority's. `METHODS.md` says how they were collected, `CODEBOOK.md` what every column means, "
        "`manifest.json` holds the checksum of every file.",
        "```python\nfrom datasets import load_dataset\n\n"
        f'rows = load_dataset("path/to/this/folder", "{release.formats[0]}", split="train")\n```',
        "## Formats",
        table(
            ["configuration", "for", *SPLITS],
            [
                [
                    f"`{name}`",
                    FOR[name],
                    *(
                        sum(
                            file.rows or 0
                            for file in files
                            if (file.format, file.split) == (name, split)
                            and file.path.endswith(".parquet")
                        )
                        for split in SPLITS
                    ),
                ]
                for name in release.formats
            ],
        ),
        "The same rows lie in `jsonl/` as JSON lines. `test` holds one prompt group in ten, so that no prompt and none "
        "of its translations is in two splits; `test_annotators` holds, of the other groups, the judgments of one "
        "person in ten, who said nothing in `train`.",
        "## Languages",
        table(["language", "judgments", "people"], facts.languages),
        "## What people answered",
        table(["answer", "judgments"], facts.choices.items()),
        "## Licence and citation",
        f"{release.licence}. Cite the project and the version: {release.project.name}, release {release.version}. "
        "A release never changes; if it is retracted, its address says why. People may have withdrawn since: "
        "later releases leave them out, and whoever keeps this one is asked to move on to the newest.",
    ]
    return "\n\n".join(part for part in parts if part)
