"""The pages to look at a study: the board while it runs, the dry run before it opens."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotator.admin.diversity import Cell
from annotator.admin.project_pages import ProjectPages
from annotator.models import QualityFlag
from annotator.selectors.board import Board, get_board
from annotator.selectors.board_figures import PAUSED, REPORTED
from annotator.selectors.dry_run import get_dry_run
from annotator.selectors.readiness import list_lacks, list_language_states
from annotator.selectors.statistics import Figure
from annotator.selectors.tasks import LETTERS
from annotator.selectors.waves import list_pending
from annotator.services.assignments import SkipReason
from pluralism.positions import Positions

WIDTH, HEIGHT = 960, 120
"""Of the chart of the last two days."""


class PayForm(forms.Form):
    """What an hour of work is paid."""

    hourly_pay = forms.FloatField(
        label=gettext_lazy("Pay per hour"),
        required=False,
        min_value=0,
        max_value=10_000,
        help_text=gettext_lazy(
            "To see the cost of another pay than that of the settings. It is not stored."
        ),
    )


class BoardPages(ProjectPages):
    """The board and the dry run."""

    def board(self, request: HttpRequest, project_id: int) -> HttpResponse:
        """Show how far the study is.

        Queries: the session, the person, the project (and the roles, for whoever is no superuser); four
        of the board.
        """
        project = self._see(request, project_id)
        board = get_board(project=project)
        labels = dict(SkipReason.choices)
        context = {
            "board": board,
            "bars": _bars(board),
            "skips": [(labels.get(name, name), count) for name, count in board.skips.items()],
            "width": WIDTH,
            "height": HEIGHT,
            **_figures(board),
        }
        return self._show(request, project, "board", _("Board"), context)

    def dry_run(self, request: HttpRequest, project_id: int) -> HttpResponse:
        """Show what the study will take."""
        project = self._see(request, project_id)
        form = PayForm(request.GET or None)
        pay = form.cleaned_data["hourly_pay"] if form.is_valid() else None
        states = list_language_states(project=project)
        context = {
            "form": form,
            "dry_run": get_dry_run(project=project, hourly_pay=pay),
            "lacks": list_lacks(project=project, states=states),
            "pending": list_pending(project=project),
        }
        return self._show(request, project, "dry_run", _("Dry run"), context)


def _figures(board: Board) -> dict[str, Any]:
    """Return what was measured, as the page shows it."""
    found = board.figures
    labels = {
        **dict(QualityFlag.Kind.choices),
        REPORTED: _("responses were reported as harmful"),
        PAUSED: _("people are paused because checks failed"),
    }
    return {
        "agreement": [(each, Cell(each.same, 0, 1, is_share=True)) for each in found.agreement],
        "consistency": found.consistency and Cell(found.consistency, 0, 1, is_share=True),
        "positions": [_positions(each) for each in found.positions if each.n],
        "pay": found.pay,
        "flags": [(labels.get(kind, kind), count) for kind, count in found.flags.items()],
    }


def _positions(found: Positions) -> dict[str, Any]:
    """Return the share of each position, by its letter, all on one scale."""
    k, ends = len(found.counts), [interval.high for interval in found.intervals if interval]
    shares = [
        Figure(count / found.n, interval, found.n)
        for count, interval in zip(found.counts, found.intervals, strict=True)
    ]
    return {
        "n": found.n,
        "k": k,
        "by_chance": 1 / k,
        "p": found.p,
        "cells": [
            (letter.upper(), Cell(share, 0, max(ends), is_share=True))
            for letter, share in zip(LETTERS, shares, strict=False)
        ],
    }


def _bars(board: Board) -> list[dict[str, Any]]:
    """Return the bars of the chart: one an hour, the tallest as high as the chart."""
    most = max((hour.judgments for hour in board.hours), default=0) or 1
    step = WIDTH / max(len(board.hours), 1)
    return [
        {
            "x": f"{number * step:.1f}",
            "width": f"{step - 2:.1f}",
            "y": f"{HEIGHT - HEIGHT * hour.judgments / most:.1f}",
            "height": f"{HEIGHT * hour.judgments / most:.1f}",
            "hour": hour,
        }
        for number, hour in enumerate(board.hours)
    ]
