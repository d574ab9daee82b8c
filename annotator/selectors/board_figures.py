"""What the board shows of the answers themselves: agreement, positions, pay and flags.

These look at every judgment, so nothing here runs for a page: the sweep measures now and then
(`services/boards.py`) and keeps the result as JSON, of which `read_figures` makes what a page shows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Count

from annotator.models import HarmFlag, Participation, Project, QualityFlag
from annotator.selectors.consistency import consistency
from annotator.selectors.dry_run import median_minutes
from annotator.selectors.pay import median_hourly_pay
from annotator.selectors.statistics import COUNTED, Figure, positions
from pluralism.intervals import Interval, mean_interval
from pluralism.positions import Positions, compare_positions

# Of each comparison that two people or more answered in planned places: the share of pairs who said the same.
AGREEMENT = f"""
SELECT language, count(*)::int, avg(share)::float, COALESCE(stddev_samp(share), 0)::float, avg(1.0 / k)::float FROM (
    SELECT language, max(k) AS k, (sum(given * (given - 1)) / (sum(given) * (sum(given) - 1)))::float AS share
    FROM (
        SELECT place.comparison_id, comparison.language, cardinality(place.display_order) AS k,
            COALESCE(judgment.choice_response_id::text, judgment.choice_kind) AS answer, count(*) AS given
        {COUNTED} AND NOT (judgment.choice_kind = 'ranking' AND judgment.choice_response_id IS NULL)
        GROUP BY 1, 2, 3, 4
    ) answers GROUP BY comparison_id, language HAVING sum(given) > 1
) items GROUP BY 1 ORDER BY 1
"""  # noqa: S608 - texts of this file only
REPORTED, PAUSED = "harm", "paused"
"""Among the flags: responses that people reported, and people who are paused."""


@dataclass(frozen=True)
class LanguageAgreement:
    """How often two people gave the same answer, over comparisons; `by_chance` is what blind choice would give."""

    language: str
    same: Figure
    by_chance: float


@dataclass(frozen=True)
class HourlyPay:
    """The median over the people of a country of what an hour brought; `country` is empty where unknown."""

    country: str
    currency: str
    median: Decimal


@dataclass(frozen=True)
class BoardFigures:
    """What was measured last; `consistency` is None where nobody was asked twice."""

    agreement: Sequence[LanguageAgreement]
    consistency: Figure | None
    positions: Sequence[Positions]
    pay: Sequence[HourlyPay]
    flags: Mapping[str, int]


def measure_figures(*, project: Project) -> dict[str, Any]:
    """Look at all judgments of the project; return what was found as JSON."""
    with connection.cursor() as cursor:
        cursor.execute(AGREEMENT, {"project": project.pk})
        agreement = [list(row) for row in cursor.fetchall()]
    again = consistency(project=project).whole.same
    ends = (again.interval.low, again.interval.high) if again.interval else (None, None)
    pay = median_hourly_pay(project=project)
    return {
        "agreement": agreement,
        "consistency": [again.value, *ends, again.n],
        "positions": [list(found.counts) for found in positions(project=project)],
        "minutes": list(median_minutes(project=project)),
        "pay": [[*key, str(median)] for key, median in sorted(pay.items())],
    }


def count_flags(*, project: Project) -> dict[str, int]:
    """Count the flags of the project that nobody has looked at by kind, reports of harm, and people who are paused; along indexes."""
    people = Participation.objects.filter(project=project, withdrawn_at=None)
    unseen = QualityFlag.objects.filter(project=project, seen_at=None, participation__in=people)
    flags = unseen.order_by().values_list("kind")
    counts = dict(flags.annotate(n=Count("*")))
    counts[REPORTED] = HarmFlag.objects.filter(project=project).count()
    counts[PAUSED] = people.exclude(paused_at=None).count()
    return {kind: count for kind, count in counts.items() if count}


def read_figures(found: Mapping[str, Any], *, flags: Mapping[str, int]) -> BoardFigures:
    """Return what `measure_figures` found; nothing of it where it was never measured."""
    value, low, high, n = found.get("consistency", (None, None, None, 0))
    interval = None if low is None else Interval(low, high)
    return BoardFigures(
        agreement=[
            LanguageAgreement(
                language,
                Figure(
                    share,
                    mean_interval(mean=share, deviation=deviation, n=items, least=0.0, most=1.0),
                    items,
                ),
                chance,
            )
            for language, items, share, deviation, chance in found.get("agreement", ())
        ],
        consistency=None if value is None else Figure(value, interval, n),
        positions=[compare_positions(counts) for counts in found.get("positions", ())],
        pay=[
            HourlyPay(country, currency, Decimal(median))
            for country, currency, median in found.get("pay", ())
        ],
        flags=flags,
    )
