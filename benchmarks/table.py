"""One row of the table that `make bench` prints."""

import statistics
from collections.abc import Sequence

COLUMNS = ("figure", "value", "held against", "ratio (spread)", "wanted")


def row(
    figure: str, value: str, against: str = "–", ratios: Sequence[float] = (), wanted: str = ""
) -> str:
    """Return a row; of the ratios the median, the least and the greatest."""
    ratio = (
        f"{statistics.median(ratios):.2f} ({min(ratios):.2f}–{max(ratios):.2f})" if ratios else "–"
    )
    return "| " + " | ".join((figure, value, against, ratio, wanted)) + " |"


def show(rows: Sequence[str]) -> str:
    """Return the rows as one aligned Markdown table."""
    cells = [
        list(COLUMNS),
        *([cell.strip() for cell in line.strip("| \n").split("|")] for line in rows),
    ]
    widths = [max(len(line[column]) for line in cells) for column in range(len(COLUMNS))]
    lines = [
        "| "
        + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        + " |"
        for line in cells
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)
