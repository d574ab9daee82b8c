"""Counting for the board, so that the page itself need not."""

from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from annotator.models import Project
from annotator.selectors.board import count_places

FRESH = timedelta(seconds=55)


def count_for_boards() -> int:
    """Count the places of every project that is or was lately open and was not counted just now; return how many."""
    stale = Q(board_count=None) | Q(board_count__counted_at__lt=timezone.now() - FRESH)
    projects = Project.objects.filter(stale).exclude(state=Project.State.DRAFT)
    closed_and_counted = Q(state=Project.State.CLOSED, board_count__isnull=False)
    counted = 0
    for project in projects.exclude(closed_and_counted):
        count_places(project=project).save()
        counted += 1
    return counted
