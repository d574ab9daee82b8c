"""Markdown tables."""

from collections.abc import Iterable, Sequence

from pluralism.coarsening import REGION_NAMES

NOT_SAID = "not stated"


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table; what a cell holds can't leave it."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)


def _cell(value: object) -> str:
    text = f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
    return " ".join(text.split()).replace("|", "\\|")


def name_region(code: str) -> str:
    """Return a country or language as it is, a region with its name."""
    return f"{code} ({REGION_NAMES[code]})" if code in REGION_NAMES else code or NOT_SAID
