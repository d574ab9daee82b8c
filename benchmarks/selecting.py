"""`select_dpp` against `independent` from the same pool, scored by a similarity that selecting does not use.

    python -m benchmarks.selecting

For each prompt of the demo a pool is drawn as a model with a favourite answer would draw it: the four written
responses come with the shares SHARES, each time with some of their sentences left out. `independent` keeps
the first four; `select_dpp` chooses four by character n-grams. Both are scored by the words they share.
"""

import json
import re
import statistics
from pathlib import Path

import numpy as np

from benchmarks.table import row
from pluralism.diversity import measure_diversity
from pluralism.similarity import word_similarity
from pluralism.strategies import Message, Task, make_strategy

DEMO = Path(__file__).resolve().parents[1] / "annotator" / "demo"
K, POOL, SEED = 4, 16, 20260101
SHARES = (0.6, 0.2, 0.15, 0.05)
KEPT = 0.7
"""The share of the sentences of a response that one draw has."""
SENTENCE = re.compile(r"(?<=[.!?。।؟])\s+|\n+")


def main() -> None:
    """Draw the pools, select, score, print the row."""
    strategy = make_strategy("select_dpp", {"pool": POOL})
    won, ratios = 0, []
    prompts = [
        json.loads(line)
        for path in sorted(DEMO.glob("*.jsonl"))
        for line in path.read_text(encoding="utf-8").split("\n")
        if line.strip()
    ]
    for number, prompt in enumerate(prompts):
        rng = np.random.default_rng([SEED, number])
        pool = _pool([_text(response) for response in prompt["responses"]], rng)
        asked = strategy.ask(
            Task((Message("user", prompt["text"]),), prompt["language"], K, number)
        )
        chosen = [candidate.text for candidate in strategy.read(asked, pool, k=K)]
        ours, plain = (_unlikeness(texts) for texts in (chosen, pool[:K]))
        won += ours > plain
        ratios.append(ours / plain)
    print(
        row(
            f"select_dpp higher than independent from the same pool of {POOL}, by shared words",
            f"{100 * won / len(prompts):.0f} % of {len(prompts)} prompts",
            f"independent; dissimilarity {statistics.median(ratios):.2f} times as high",
            [],
            "≥ 90 %",
        )
    )


def _text(response: object) -> str:
    return str(response["text"] if isinstance(response, dict) else response)


def _pool(written: list[str], rng: np.random.Generator) -> list[str]:
    drawn = rng.choice(len(written), size=POOL, p=SHARES)
    return [_shortened(written[index], rng) for index in drawn]


def _shortened(text: str, rng: np.random.Generator) -> str:
    sentences = [sentence for sentence in SENTENCE.split(text) if sentence.strip()]
    kept = [sentence for sentence in sentences if rng.random() < KEPT]
    return " ".join(kept or sentences)


def _unlikeness(texts: list[str]) -> float:
    return measure_diversity(texts, word_similarity(texts)).mean_dissimilarity


if __name__ == "__main__":
    main()
