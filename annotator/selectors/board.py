"""The board of a project: how far each language and stratum is, who works, how fast, what is skipped.

Places, skips, flags and figures are read as the sweep counted them last (`services/boards.py`): at a million judgments that
would be too slow for a page. What is live is counted along an index and over a short time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Count
from django.utils import timezone

from annotator.models import Assignment, AuditEvent, BoardCount, Participation, Project, Target
from annotator.selectors.board_figures import BoardFigures, count_flags, read_figures

RATE_HOURS, MOST_HOURS = 24, 48
FURTHEST = 24 * 365 * 100
"""Hours to an end that is told; calendars end too."""

PLACES = """
    SELECT place.language, place.stratum, place.group_id IS NOT NULL, count(*) FILTER (WHERE place.state = 'judged'), count(*) FILTER (WHERE place.state = 'leased'), count(*)
    FROM annotator_assignment place JOIN annotator_comparison comparison ON comparison.id = place.comparison_id AND comparison.kind = 'collect'
    WHERE place.project_id = %s AND place.state <> 'closed' GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""
# Along judgment_by_project, from the newest back, so many at most.
RECENT = """
    SELECT date_trunc('hour', submitted_at, 'UTC'), count(*) FROM (
        SELECT submitted_at FROM annotator_judgment WHERE project_id = %(project)s ORDER BY id DESC LIMIT %(most)s
    ) newest WHERE submitted_at > %(since)s GROUP BY 1 ORDER BY 1
"""
SKIPPED = """
    SELECT offer.skip_reason, count(*) FROM annotator_participation person
    JOIN annotator_offer offer ON offer.participation_id = person.id AND offer.outcome = 'skipped'
    WHERE person.project_id = %s GROUP BY 1 ORDER BY 2 DESC, 1
"""
MOST_RECENT = 20_000
"""So many of the newest judgments are looked at; a project that gets more in a day shows the rate of these."""


@dataclass(frozen=True)
class Fill:
    """How far the places of one language and stratum are."""

    language: str
    stratum: str
    is_group: bool
    judged: int
    leased: int
    wanted: int

    @property
    def percent(self) -> float:
        """Judged of wanted."""
        return 100 * self.judged / self.wanted if self.wanted else 0.0


@dataclass(frozen=True)
class Hour:
    """How many judgments came in one hour."""

    begins: datetime
    judgments: int


@dataclass(frozen=True)
class Board:
    """What the page shows."""

    fills: Sequence[Fill]
    targets: Sequence[Target]
    people: int
    working_now: int
    hours: Sequence[Hour]
    per_hour: float
    ends_at: datetime | None
    skips: Mapping[str, int]
    events: Sequence[AuditEvent]
    counted_at: datetime
    figures: BoardFigures
    figures_at: datetime | None

    @property
    def judged(self) -> int:
        """All that is judged."""
        return sum(fill.judged for fill in self.fills)

    @property
    def wanted(self) -> int:
        """All that is wanted."""
        return sum(fill.wanted for fill in self.fills)


def get_board(*, project: Project) -> Board:
    """Return the board: six statements; a few more where nothing was counted yet."""
    now = timezone.now()
    count = BoardCount.objects.filter(project=project).first() or count_places(project=project)
    fills = [Fill(*row) for row in count.fills]
    hours = _hours(project, now)
    active = Participation.objects.filter(project=project, withdrawn_at=None)
    working = Assignment.objects.filter(
        project=project, state=Assignment.State.LEASED, lease_until__gt=now
    )
    per_hour = sum(
        hour.judgments for hour in hours if hour.begins > now - timedelta(hours=RATE_HOURS)
    )
    rate = per_hour / RATE_HOURS
    left = sum(fill.wanted - fill.judged for fill in fills)
    events = AuditEvent.objects.filter(project=project).select_related("actor")
    return Board(
        fills=fills,
        targets=list(Target.objects.filter(project=project)),
        people=active.count(),
        working_now=working.order_by().aggregate(n=Count("participation", distinct=True))["n"],
        hours=hours,
        per_hour=rate,
        ends_at=now + timedelta(hours=min(left / rate, FURTHEST)) if rate and left else None,
        skips=count.skips,
        events=list(events.order_by("-id")[:8]),
        counted_at=count.counted_at,
        figures=read_figures(count.figures, flags=count.flags),
        figures_at=count.figures_at,
    )


def count_places(*, project: Project) -> BoardCount:
    """Count all places, skips and flags of the project; the row is not stored."""
    with connection.cursor() as cursor:
        cursor.execute(PLACES, [project.pk])
        fills = [list(row) for row in cursor.fetchall()]
        cursor.execute(SKIPPED, [project.pk])
        skips = dict(cursor.fetchall())
    return BoardCount(
        project=project,
        fills=fills,
        skips=skips,
        flags=count_flags(project=project),
        counted_at=timezone.now(),
    )


def _hours(project: Project, now: datetime) -> list[Hour]:
    """Return every hour of the last two days, those without judgments too."""
    with connection.cursor() as cursor:
        cursor.execute(
            RECENT,
            {
                "project": project.pk,
                "most": MOST_RECENT,
                "since": now - timedelta(hours=MOST_HOURS),
            },
        )
        found = dict(cursor.fetchall())
    current = now.replace(minute=0, second=0, microsecond=0)
    begins = [current - timedelta(hours=back) for back in reversed(range(MOST_HOURS))]
    return [Hour(begin, found.get(begin, 0)) for begin in begins]
