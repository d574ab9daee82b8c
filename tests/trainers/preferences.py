"""Bradley-Terry by `choix` on the pairs of an export, seen from each person's values.

Runs inside .venv-trainers: python tests/trainers/preferences.py FOLDER. A response agrees with a person's
values or it doesn't; the difference of the two strengths is what the simulation planted. Responses that speak
of both dimensions are worth more, or nothing, and are left out. Prints JSON: the estimate, its 99.8 % interval
by a bootstrap over people (choices are drawn anew each time, 95 % would miss in one run of twenty), and the
number of pairs.
"""

import json
import sys
from collections import defaultdict
from pathlib import Path

import choix
import numpy as np

AGREES, DISAGREES = 0, 1
DIMENSIONS = ("traditional_secular", "survival_self_expression")
SIGNS = {"traditional": -1.0, "secular": 1.0, "survival": -1.0, "self-expression": 1.0}


def side(codes: dict[str, str], values: list[float]) -> int | None:
    """Tell whether a response agrees with a person's values; None where it speaks of both dimensions or of none."""
    said = sum(
        SIGNS.get(codes[name], 0.0) * value for name, value in zip(DIMENSIONS, values, strict=True)
    )
    return {1.0: AGREES, -1.0: DISAGREES}.get(said)


def estimate(pairs: list[tuple[int, int]]) -> float:
    """Return the difference of the strengths."""
    strengths = choix.ilsr_pairwise(2, pairs, alpha=1e-6)
    return float(strengths[AGREES] - strengths[DISAGREES])


def main(folder: Path) -> None:
    """Estimate."""
    people = json.loads((folder / "people.json").read_text())
    codes = json.loads((folder / "codes.json").read_text())
    by_person: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for line in (folder / "native.jsonl").read_text().splitlines():
        row = json.loads(line)
        person = row["annotator"]["id"]
        winner = side(codes[str(row["choice"]["response_id"])], people[person])
        for response in row["responses"]:
            other = side(codes[str(response["id"])], people[person])
            if winner is not None and other is not None and other != winner:
                by_person[person].append((winner, other))
    rng = np.random.default_rng(3)
    names = sorted(by_person)
    everything = [pair for name in names for pair in by_person[name]]
    drawn = [
        estimate([pair for name in rng.choice(names, len(names)) for pair in by_person[name]])
        for _again in range(1000)
    ]
    low, high = np.quantile(drawn, [0.001, 0.999])
    sys.stdout.write(
        json.dumps(
            {"estimate": estimate(everything), "low": low, "high": high, "n": len(everything)}
        )
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
