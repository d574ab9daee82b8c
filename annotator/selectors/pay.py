"""What people have earned: answers at the rate of the wave under which each was given, and a bonus."""

import csv
import io
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from statistics import median
from typing import Any

from django.db import connection
from django.db.models import Count, Sum

from annotator.models import Participation, PayLine, PayPeriod, Project

# Corrections are not paid again; who withdrew is owed what they did, and has it until then.
EARNED = """
SELECT person.id, person.pseudonym, person.panel, person.external_id, person.country, wave.config->>'pay_currency',
    count(*), sum((wave.config->>'pay_per_answer')::bigint),
    CASE WHEN project.target_per_person IS NOT NULL AND person.conversations_begun - person.fallbacks_due >= project.target_per_person
        THEN max((wave.config->>'pay_bonus')::bigint) ELSE 0 END,
    sum(COALESCE(judgment.active_ms, LEAST(EXTRACT(EPOCH FROM judgment.submitted_at - judgment.shown_at) * 1000, 1800000)))::bigint
FROM annotator_judgment judgment
JOIN annotator_wave wave ON wave.id = judgment.wave_id
JOIN annotator_participation person ON person.id = judgment.participation_id
JOIN annotator_project project ON project.id = judgment.project_id
WHERE judgment.project_id = %(project)s AND judgment.revision = 1 AND COALESCE(wave.config->>'pay_currency', '') <> ''
    AND (%(person)s::bigint IS NULL OR judgment.participation_id = %(person)s)
GROUP BY person.id, project.target_per_person, wave.config->>'pay_currency'
ORDER BY person.id, wave.config->>'pay_currency'
"""


COLUMNS = (
    "pseudonym",
    "panel",
    "external_id",
    "country",
    "answers",
    "hours",
    "earned",
    "paid",
    "amount",
    "currency",
)
PERIOD_COLUMNS = ("pseudonym", "panel", "external_id", "country", "answers", "amount", "currency")
FORMULA = tuple("=+-@")
"""A cell that begins so would be computed by a spreadsheet, and the panel's ids come from outside."""


@dataclass(frozen=True)
class Earning:
    """What one person has earned in one currency; `paid` of it stands in periods that are closed."""

    participation_id: int
    pseudonym: str
    panel: str
    external_id: str
    country: str
    currency: str
    answers: int
    amount: Decimal
    hours: float
    paid: Decimal
    answers_paid: int

    @property
    def owed(self) -> Decimal:
        """What is still to be paid; nothing where more was paid than is earned by now, as when a bonus is due later."""
        return max(self.amount - self.paid, Decimal(0))


@dataclass(frozen=True)
class Owed:
    """What a project owes in one currency, and to how many people."""

    currency: str
    earned: Decimal
    paid: Decimal
    owed: Decimal
    people: int


@dataclass(frozen=True)
class ClosedPeriod:
    """A closed period, how many payments it lists, and how much by currency."""

    period: PayPeriod
    payments: int
    amounts: Mapping[str, Decimal]


def list_earnings(*, project: Project, participation: Participation | None = None) -> list[Earning]:
    """Return the earnings of everybody, or of one person, by person and currency. Two queries."""
    lines = PayLine.objects.filter(period__project=project)
    if participation is not None:
        lines = lines.filter(participation=participation)
    paid = {
        (row["participation"], row["currency"]): (row["amount"], row["answers"])
        for row in lines.order_by()
        .values("participation", "currency")
        .annotate(amount=Sum("amount"), answers=Sum("answers"))
    }
    with connection.cursor() as cursor:
        cursor.execute(
            EARNED,
            {"project": project.pk, "person": participation.pk if participation else None},
        )
        return [
            Earning(
                pk,
                pseudonym,
                panel,
                external_id,
                country,
                currency,
                answers,
                _money(int(earned) + int(bonus)),
                int(active_ms) / 3_600_000,
                _money(paid.get((pk, currency), (0, 0))[0]),
                paid.get((pk, currency), (0, 0))[1],
            )
            for pk, pseudonym, panel, external_id, country, currency, answers, earned, bonus, active_ms in cursor
        ]


def total_owed(earnings: Sequence[Earning]) -> list[Owed]:
    """Return the totals of each currency."""
    by_currency: defaultdict[str, list[Earning]] = defaultdict(list)
    for each in earnings:
        by_currency[each.currency].append(each)
    return [
        Owed(
            currency,
            earned=sum((each.amount for each in rows), Decimal(0)),
            paid=sum((each.paid for each in rows), Decimal(0)),
            owed=sum((each.owed for each in rows), Decimal(0)),
            people=sum(each.owed > 0 for each in rows),
        )
        for currency, rows in sorted(by_currency.items())
    ]


def list_periods(*, project: Project, most: int = 50) -> list[ClosedPeriod]:
    """Return the newest closed periods with their sums; two queries."""
    periods = PayPeriod.objects.filter(project=project).select_related("closed_by")
    shown = list(periods.order_by("-pk")[:most])
    sums: defaultdict[int, dict[str, tuple[Decimal, int]]] = defaultdict(dict)
    lines = PayLine.objects.filter(period__in=shown).order_by()
    for row in lines.values("period", "currency").annotate(sum=Sum("amount"), n=Count("*")):
        sums[row["period"]][row["currency"]] = (_money(row["sum"]), row["n"])
    return [
        ClosedPeriod(
            period,
            payments=sum(count for _amount, count in sums[period.pk].values()),
            amounts={currency: amount for currency, (amount, _n) in sums[period.pk].items()},
        )
        for period in shown
    ]


def owed_csv(earnings: Sequence[Earning]) -> str:
    """Return what is owed now, a line for each person and currency; `amount` is still to be paid."""
    return _csv(
        COLUMNS,
        (
            (
                *_who(each.pseudonym, each.panel, each.external_id, each.country),
                each.answers,
                f"{each.hours:.2f}",
                each.amount,
                each.paid,
                each.owed,
                each.currency,
            )
            for each in earnings
        ),
    )


def period_csv(period: PayPeriod) -> str:
    """Return the list of a closed period: who gets how much, the same for ever. One query."""
    lines = period.lines.select_related("participation").order_by("participation", "currency")
    return _csv(
        PERIOD_COLUMNS,
        (
            (
                *_who(line.participation.pseudonym, line.panel, line.external_id, line.country),
                line.answers,
                _money(line.amount),
                line.currency,
            )
            for line in lines
        ),
    )


def _money(hundredths: int) -> Decimal:
    return (Decimal(hundredths) / 100).quantize(Decimal("0.01"))


def _who(pseudonym: str, panel: str, external_id: str, country: str) -> tuple[str, ...]:
    known_as = "'" + external_id if external_id[:1] in FORMULA else external_id
    return pseudonym, panel, known_as, country


def _csv(columns: Sequence[str], rows: Iterator[tuple[Any, ...]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue()


def median_hourly_pay(*, project: Project) -> dict[tuple[str, str], Decimal]:
    """Return the median over people of what an hour brought, by country (empty: unknown) and currency."""
    hourly: dict[tuple[str, str], list[Decimal]] = {}
    for (country, currency), rate in _hourly(list_earnings(project=project)):
        hourly.setdefault((country, currency), []).append(rate)
    return {key: median(rates).quantize(Decimal("0.01")) for key, rates in hourly.items()}


def _hourly(earnings: list[Earning]) -> Iterator[tuple[tuple[str, str], Decimal]]:
    for each in earnings:
        if each.hours > 0:
            yield (each.country, each.currency), each.amount / Decimal(each.hours)
