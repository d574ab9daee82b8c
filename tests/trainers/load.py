"""Loads exports and a release as researchers do. Runs inside .venv-trainers: python tests/trainers/load.py FOLDER.

Prints JSON: rows by format of the exports, and rows by configuration and split of the release, if there is one.
"""

import json
import sys
from pathlib import Path

from datasets import Features, get_dataset_config_names, load_dataset


def main(folder: Path) -> None:
    """Load everything with its own schema."""
    exports = {}
    for file in sorted(folder.glob("*.features.json")):
        name = file.name.removesuffix(".features.json")
        rows = load_dataset(
            "json",
            data_files=str(folder / f"{name}.jsonl"),
            features=Features.from_dict(json.loads(file.read_text())),
            split="train",
        )
        exports[name] = len(rows)
    made = folder / "release"
    release = {
        name: {split: len(rows) for split, rows in load_dataset(str(made), name).items()}
        for name in (get_dataset_config_names(str(made)) if made.exists() else [])
    }
    sys.stdout.write("\n" + json.dumps({"exports": exports, "release": release}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
