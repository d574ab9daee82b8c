"""The page of value scores: what each country's people chose, as they are and weighted to its population."""

import csv
from collections.abc import Iterable
from itertools import groupby
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from annotator.admin.base import person
from annotator.admin.diversity import Cell
from annotator.admin.project_pages import ProjectPages
from annotator.models import Project, Right
from annotator.selectors.statistics import Figure
from annotator.selectors.values import CountryScore, get_country_scores, list_person_scores

FORMULA = tuple("=+-@\t\r")
"""A cell that begins so would be computed by a spreadsheet, and codes come from files."""


class ValuesPage(ProjectPages):
    """Scores of values."""

    def values(self, request: HttpRequest, project_id: int) -> HttpResponse:
        """Show the scores of countries; `?file=countries` and `?file=people` give them as CSV.

        Queries: the session, the person, the project; two of the scores. The scores of people are for those
        who may export.
        """
        project = self._see(request, project_id)
        may_export = person(request).may(Right.EXPORT, project.pk)
        if request.GET.get("file") == "people":
            if not may_export:
                raise PermissionDenied
            return _people_file(project)
        scores = get_country_scores(project=project)
        if request.GET.get("file") == "countries":
            return _countries_file(project, scores)
        context = {
            "dimensions": _by_dimension(scores),
            "margins": project.margins,
            "may_export": may_export,
            "may_manage": person(request).may(Right.MANAGE, project.pk),
        }
        return self._show(request, project, "values", _("Value scores"), context)


def _by_dimension(scores: list[CountryScore]) -> list[dict[str, Any]]:
    """Return the rows of each dimension: by code, then by country, so that countries stand below each other."""
    ordered = sorted(scores, key=lambda score: (score.dimension, score.code, score.country))
    return [
        {
            "name": dimension,
            "rows": [
                (score, *(Cell(each, 0, 1, is_share=True) for each in (score.raw, score.raked)))
                for score in rows
            ],
        }
        for dimension, rows in groupby(ordered, key=lambda score: score.dimension)
    ]


def _countries_file(project: Project, scores: list[CountryScore]) -> HttpResponse:
    header = ["country", "dimension", "code"]
    for kind in ("raw", "raked"):
        header += [kind, f"{kind}_low", f"{kind}_high", f"{kind}_people"]
    rows = (
        [each.country, each.dimension, each.code, *_cells(each.raw), *_cells(each.raked)]
        for each in scores
    )
    return _file(f"{project.slug}-values.csv", header, rows)


def _people_file(project: Project) -> HttpResponse:
    rows = (
        [
            *(each.pseudonym, each.country, each.dimension, each.code),
            *(each.offered, each.chosen, f"{each.share:.6f}"),
        ]
        for each in list_person_scores(project=project)
    )
    header = ["annotator_id", "country", "dimension", "code", "offered", "chosen", "share"]
    return _file(f"{project.slug}-values-people.csv", header, rows)


def _cells(figure: Figure) -> list[str | int]:
    ends = (figure.interval.low, figure.interval.high) if figure.interval else (None, None)
    shares = (figure.value, *ends)
    return [*("" if share is None else f"{share:.6f}" for share in shares), figure.n]


def _file(name: str, header: list[str], rows: Iterable[list[Any]]) -> HttpResponse:
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    writer = csv.writer(response)
    writer.writerow(header)
    for row in rows:
        writer.writerow(f"'{cell}" if str(cell).startswith(FORMULA) else cell for cell in row)
    return response
