"""What people have earned: answers at the rate of the wave under which each was given, and a bonus."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from statistics import median

from django.db import connection

from annotator.models import Participation, Project

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


@dataclass(frozen=True)
class Earning:
    """What one person has earned in one currency."""

    pseudonym: str
    panel: str
    external_id: str
    country: str
    currency: str
    answers: int
    amount: Decimal
    hours: float


def list_earnings(*, project: Project, participation: Participation | None = None) -> list[Earning]:
    """Return the earnings of everybody, or of one person, by person and currency. One query."""
    with connection.cursor() as cursor:
        cursor.execute(
            EARNED,
            {"project": project.pk, "person": participation.pk if participation else None},
        )
        return [
            Earning(
                pseudonym,
                panel,
                external_id,
                country,
                currency,
                answers,
                Decimal(int(earned) + int(bonus)) / 100,
                int(active_ms) / 3_600_000,
            )
            for _pk, pseudonym, panel, external_id, country, currency, answers, earned, bonus, active_ms in cursor
        ]


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
