"""The board of a project: how far each language and stratum is, who works, how fast, what is skipped.

Places, people, hours, skips, flags and figures are read as the sweep counted them last (`services/boards.py`): at a million
judgments that would be too slow for a page. Only who is working now is counted live, along the index of leases.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import connection
from django.utils import timezone

from annotator.models import AuditEvent, BoardCount, Participation, Project, Target
from annotator.selectors.board_figures import BoardFigures, count_flags, read_figures

RATE_HOURS, MOST_HOURS = 24, 48
FURTHEST = 24 * 365 * 100
"""Hours to an end that is told; calendars end too."""

PLACES = """
    SELECT place.language, place.stratum, place.group_id IS NOT NULL, count(*) FILTER (WHERE place.state = 'judged'), count(*) FILTER (WHERE place.state = 'leased'), count(*)
    FROM annotator_assignment place JOIN annotator_comparison comparison ON comparison.id = place.comparison_id AND comparison.kind = 'collect'
    WHERE place.project_id = %s AND place.state <> 'closed' GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""
# Of the last two days alone: `judgment_by_time` knows where they lie.
RECENT = """
    SELECT to_char(date_trunc('hour', submitted_at, 'UTC') AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24'), count(*)
    FROM annotator_judgment WHERE project_id = %s AND submitted_at > %s GROUP BY 1
"""
SKIPPED = """
    SELECT offer.skip_reason, count(*) FROM annotator_participation person
    JOIN annotator_offer offer ON offer.participation_id = person.id AND offer.outcome = 'skipped'
    WHERE person.project_id = %s GROUP BY 1 ORDER BY 2 DESC, 1
"""
# Along the leases in their order, the ones that run longest first, so many at most: one for each person at work in any project. Other
# indexes of leases name, until the next vacuum, every place that was ever leased.
WORKING = """
    SELECT count(*) FROM (
        SELECT project_id FROM annotator_assignment WHERE state = 'leased' AND lease_until > %s ORDER BY lease_until DESC LIMIT 10000
    ) running WHERE project_id = %s
"""
HOUR = "%Y-%m-%dT%H"
"""How an hour is named in what was counted; in UTC."""


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
    """Return the board: four statements; a few more where nothing was counted yet."""
    count = BoardCount.objects.filter(project=project).first() or count_places(project=project)
    fills = [Fill(*row) for row in count.fills]
    hours = _hours(count)
    a_day = count.counted_at - timedelta(hours=RATE_HOURS)
    rate = sum(hour.judgments for hour in hours if hour.begins > a_day) / RATE_HOURS
    left = sum(fill.wanted - fill.judged for fill in fills)
    events = AuditEvent.objects.filter(project=project).select_related("actor")
    return Board(
        fills=fills,
        targets=list(Target.objects.filter(project=project)),
        people=count.people,
        working_now=_count_working(project),
        hours=hours,
        per_hour=rate,
        ends_at=count.counted_at + timedelta(hours=min(left / rate, FURTHEST))
        if rate and left
        else None,
        skips=count.skips,
        events=list(events.order_by("-id")[:8]),
        counted_at=count.counted_at,
        figures=read_figures(count.figures, flags=count.flags),
        figures_at=count.figures_at,
    )


def count_places(*, project: Project) -> BoardCount:
    """Count all places, people, hours, skips and flags of the project; the row is not stored."""
    now = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(PLACES, [project.pk])
        fills = [list(row) for row in cursor.fetchall()]
        cursor.execute(SKIPPED, [project.pk])
        skips = dict(cursor.fetchall())
        cursor.execute(RECENT, [project.pk, now - timedelta(hours=MOST_HOURS)])
        hours = dict(cursor.fetchall())
    return BoardCount(
        project=project,
        fills=fills,
        people=Participation.objects.filter(project=project, withdrawn_at=None).count(),
        hours=hours,
        skips=skips,
        flags=count_flags(project=project),
        counted_at=now,
    )


def _count_working(project: Project) -> int:
    with connection.cursor() as cursor:
        cursor.execute(WORKING, [timezone.now(), project.pk])
        return int(cursor.fetchone()[0])


def _hours(count: BoardCount) -> list[Hour]:
    """Return every hour of the two days before the counting, those without judgments too."""
    last = count.counted_at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    begins = [last - timedelta(hours=back) for back in reversed(range(MOST_HOURS))]
    return [Hour(begin, count.hours.get(begin.strftime(HOUR), 0)) for begin in begins]
