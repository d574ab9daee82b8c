"""Who left a study or was left out, by group; and what leaving somebody out would do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import connection
from django.db.models import Exists, OuterRef

from annotator.models import (
    Assignment,
    Exclusion,
    Judgment,
    Outcome,
    PanelSession,
    Participation,
    Project,
)

STANDS = "withdrawn_at IS NULL AND excluded_at IS NULL"
PEOPLE = f"""
SELECT {{group}}, count(*), count(*) FILTER (WHERE judgments_given > 0), count(*) FILTER (WHERE withdrawn_at IS NOT NULL),
    count(*) FILTER (WHERE withdrawn_at IS NULL AND excluded_at IS NOT NULL),
    count(*) FILTER (WHERE {STANDS} AND paused_at IS NOT NULL),
    {", ".join(f"count(*) FILTER (WHERE {STANDS} AND outcome = '{outcome}')" for outcome in Outcome.values)}
FROM annotator_participation WHERE project_id = %s GROUP BY 1 ORDER BY 1
"""  # noqa: S608 - names of this package only
REASONS = """
SELECT excluded_for, count(*) FROM annotator_participation
WHERE project_id = %s AND withdrawn_at IS NULL AND excluded_at IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1
"""


@dataclass(frozen=True)
class GroupStanding:
    """The people of one group: all who came, who answered anything, and what became of them.

    Who withdrew is in no later column, who was excluded in none after that; `outcomes` counts the last visits
    through a panel, in the order of `Outcome`.
    """

    group: str
    joined: int
    answered: int
    withdrawn: int
    excluded: int
    paused: int
    outcomes: Sequence[int]


@dataclass(frozen=True)
class Standing:
    """The people of a project by country, by stratum where it has strata, and what people were excluded for."""

    by_country: Sequence[GroupStanding]
    by_stratum: Sequence[GroupStanding]
    reasons: Mapping[str, int]


@dataclass(frozen=True)
class Foreseen:
    """What excluding a person, or taking that back, would do.

    `counting` of their judgments fill a place, `shared` of them one that would open again; `returning` would
    fill a place that is open by now.
    """

    held: int
    counting: int
    shared: int
    kept: int
    returning: int
    visits: int


def get_standing(*, project: Project) -> Standing:
    """Return how people of the project left or were left out; three statements, two without strata."""
    with connection.cursor() as cursor:

        def read(group: str) -> list[GroupStanding]:
            cursor.execute(PEOPLE.format(group=group), [project.pk])
            return [
                GroupStanding(group, joined, answered, withdrawn, excluded, paused, outcomes)
                for group, joined, answered, withdrawn, excluded, paused, *outcomes in cursor
            ]

        by_country = read("country")
        by_stratum = read("stratum") if project.stratum_by else []
        cursor.execute(REASONS, [project.pk])
        reasons = {str(Exclusion(reason).label): count for reason, count in cursor.fetchall()}
    return Standing(by_country, by_stratum, reasons)


def foresee(*, participation: Participation) -> Foreseen:
    """Return what would become of a person's work; six statements along their own rows."""
    judgments = Judgment.objects.filter(participation=participation)
    counting = judgments.filter(place__isnull=False)
    opened = Assignment.objects.filter(
        comparison=OuterRef("comparison"), state=Assignment.State.OPEN, owner=None
    )
    idle = judgments.filter(place=None).exclude(comparison__in=counting.values("comparison"))
    held = Assignment.objects.filter(participation=participation, state=Assignment.State.LEASED)
    return Foreseen(
        held=held.count(),
        counting=counting.count(),
        shared=counting.filter(place__owner=None).count(),
        kept=judgments.filter(revision=1).count(),
        returning=idle.filter(Exists(opened)).values("comparison").distinct().count(),
        visits=PanelSession.objects.filter(participation=participation, ended_at=None).count(),
    )
