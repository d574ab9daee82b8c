"""The page that compares strategies: how unlike their candidates are, with intervals and sets to look at."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotator.admin.project_pages import ProjectPages
from annotator.selectors.attrition import attrition
from annotator.selectors.diversity import (
    BY,
    DiversityRow,
    DiversityTable,
    diversity_table,
    list_examples,
    make_figure,
)
from annotator.selectors.statistics import Figure
from pluralism.similarity import CHAR_NGRAMS
from pluralism.strategies import ALIGNING, STRATEGIES

BY_LABELS = {
    "": gettext_lazy("all together"),
    "language": gettext_lazy("by language"),
    "run": gettext_lazy("by run"),
}


@dataclass(frozen=True)
class Cell:
    """A figure and the ends of its column's scale."""

    figure: Figure
    lowest: float
    highest: float
    is_share: bool

    @property
    def digits(self) -> int:
        """Decimals: large numbers need none."""
        return 0 if self.is_share or abs(self.highest) >= 100 else 2


@dataclass(frozen=True)
class Line:
    """A row of the table as it is shown."""

    row: DiversityRow
    label: str
    address: str
    cells: Sequence[Cell]
    is_chosen: bool


class DiversityPage(ProjectPages):
    """Strategies side by side."""

    def diversity(self, request: HttpRequest, project_id: int) -> HttpResponse:
        """Show the table, and three sets of one of its rows.

        Queries: the session, the person, the project; four of the table, four of the examples, two of what is lost.
        """
        project = self._see(request, project_id)
        asked = request.GET
        table = diversity_table(
            project=project,
            by=asked.get("by", "") if asked.get("by", "") in BY else "",
            similarity=asked.get("similarity", CHAR_NGRAMS).replace("\0", ""),
        )
        chosen = _chosen(table, asked)
        examples = (
            list_examples(
                project=project,
                table=table,
                strategy=chosen.strategy,
                model=chosen.model,
                part=chosen.part,
            )
            if chosen
            else []
        )
        columns = _columns(table.rows)
        context = {
            "table": table,
            "columns": [label for label, *_rest in columns],
            "lines": [_line(table, row, columns, is_chosen=row == chosen) for row in table.rows],
            "divisions": [
                (label, f"?{urlencode({'by': by, 'similarity': table.similarity})}", by == table.by)
                for by, label in BY_LABELS.items()
            ],
            "measures": [
                (name, f"?{urlencode({'by': table.by, 'similarity': name})}")
                for name in table.similarities
            ],
            "chosen": chosen,
            "chosen_label": chosen and strategy_label(chosen.strategy),
            "examples": examples,
            "lost": [(strategy_label(row.strategy), row) for row in attrition(project)],
            "may_generate": self._admin.has_change_permission(request, project),
        }
        return self._show(request, project, "diversity", _("Compare strategies"), context)


def strategy_label(name: str) -> str:
    """Return a strategy's name for people; sets made elsewhere have none."""
    strategy = STRATEGIES.get(name) or ALIGNING.get(name)
    return _(strategy.label) if strategy else name


def _chosen(table: DiversityTable, asked: Any) -> DiversityRow | None:
    """Return the row whose examples are shown: the one asked for, else the first with something to show."""
    key = tuple(asked.get(name) for name in ("strategy", "model", "part"))
    return next(
        (row for row in table.rows if (row.strategy, row.model, row.part) == key),
        next((row for row in table.rows if row.mean_dissimilarity.n), None),
    )


Column = tuple[str, Callable[[DiversityRow], Figure], float | None, float | None, bool]


def _columns(rows: Sequence[DiversityRow]) -> list[Column]:
    """Return heading, figure, and the ends of the scale where they are known beforehand."""
    columns: list[Column] = [
        (_("Complete, of those that ended"), lambda row: row.completed, 0, 1, True),
        (_("Mean dissimilarity"), lambda row: row.mean_dissimilarity, 0, 1, False),
        (_("Log-determinant"), lambda row: row.log_determinant, None, 0, False),
        (_("Different answers"), lambda row: row.distinct, 1, None, False),
        (_("Longest over shortest"), lambda row: row.length_spread, 1, None, False),
        (_("Tokens a set"), lambda row: row.tokens, 0, None, False),
    ]
    judged = next((row.coverage for row in rows if row.coverage), ())
    for number, covered in enumerate(judged):
        columns.append(
            (
                _("Sets with an answer that is %(pole)s") % {"pole": covered.pole},
                partial(_covered, number),
                0,
                1,
                True,
            )
        )
    if judged:
        columns.append((_("Relevant answers"), lambda row: row.relevant, 0, 1, True))
    return [_scaled(column, rows) for column in columns]


def _covered(number: int, row: DiversityRow) -> Figure:
    return row.coverage[number].share if row.coverage else make_figure(None, None, 0)


def _scaled(column: Column, rows: Sequence[DiversityRow]) -> Column:
    """Let an open end of the scale lie where the farthest interval ends."""
    label, figure_of, lowest, highest, is_share = column
    ends = [
        end
        for row in rows
        for figure in [figure_of(row)]
        if figure.value is not None
        for end in (
            (figure.interval.low, figure.interval.high) if figure.interval else (figure.value,)
        )
    ]
    return (
        label,
        figure_of,
        min(ends, default=0) if lowest is None else lowest,
        max(ends, default=1) if highest is None else highest,
        is_share,
    )


def _line(
    table: DiversityTable, row: DiversityRow, columns: Sequence[Column], *, is_chosen: bool
) -> Line:
    query = {
        "by": table.by,
        "similarity": table.similarity,
        "strategy": row.strategy,
        "model": row.model,
        "part": row.part,
    }
    return Line(
        row=row,
        label=strategy_label(row.strategy),
        address=f"?{urlencode(query)}#examples",
        cells=[
            Cell(figure_of(row), lowest or 0, highest or 0, is_share)
            for _label, figure_of, lowest, highest, is_share in columns
        ],
        is_chosen=is_chosen,
    )
