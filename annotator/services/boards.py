"""Counting for the board, so that the page itself need not."""

import time
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from annotator.models import BoardCount, Project
from annotator.selectors.board import count_places
from annotator.selectors.board_figures import measure_figures

FRESH = timedelta(seconds=55)
FIGURES_FRESH = timedelta(minutes=5)
FIGURES_RESTS = 30
"""What looks at every judgment rests so many times as long as it took."""


def count_for_boards() -> int:
    """Count the places of every project that is or was lately open and was not counted just now; return how many."""
    stale = Q(board_count=None) | Q(board_count__counted_at__lt=timezone.now() - FRESH)
    projects = Project.objects.filter(stale).exclude(state=Project.State.DRAFT)
    closed_and_counted = Q(state=Project.State.CLOSED, board_count__isnull=False)
    counted = 0
    for project in projects.exclude(closed_and_counted).select_related("board_count"):
        count_for_board(project=project)
        counted += 1
    return counted


def count_for_board(*, project: Project) -> BoardCount:
    """Count the places of one project now, and measure its figures where they are not fresh; store and return both."""
    before: BoardCount | None = getattr(project, "board_count", None)
    count = count_places(project=project)
    if before and not _is_due(before, count.counted_at):
        count.figures, count.figures_at = before.figures, before.figures_at
        count.figures_seconds = before.figures_seconds
    else:
        began = time.monotonic()
        count.figures = measure_figures(project=project)
        count.figures_seconds = time.monotonic() - began
        count.figures_at = timezone.now()
    count.save()
    return count


def _is_due(before: BoardCount, now: datetime) -> bool:
    rests = max(FIGURES_FRESH, timedelta(seconds=FIGURES_RESTS * before.figures_seconds))
    return before.figures_at is None or now - before.figures_at > rests
