"""How far people agree with themselves, where they were asked the same question twice.

Of each repeat the newest answer to the first question counts, which could not change any more by then. Two
answers are the same where they name the same response or the same way out; of rankings, the first place.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from annotator.models import Project
from annotator.selectors.statistics import Figure
from pluralism.intervals import clustered_share_interval

# One row per person and language. Along the index of the repeats, which are few.
REPEATS = """
SELECT person.pseudonym, again.language, count(*)::int, count(*) FILTER (
        WHERE second.choice_kind = first.choice_kind AND second.choice_response_id IS NOT DISTINCT FROM first.choice_response_id
        AND (second.choice_kind <> 'ranking' OR second.choice_response_id IS NOT NULL OR second.ranks = first.ranks))::int,
    sum(1.0 / cardinality(second.display_order))::float
FROM annotator_comparison again
JOIN annotator_judgment second ON second.comparison_id = again.id
JOIN annotator_participation person ON person.id = second.participation_id AND person.withdrawn_at IS NULL AND person.excluded_at IS NULL
JOIN LATERAL (
    SELECT choice_kind, choice_response_id, ranks FROM annotator_judgment
    WHERE participation_id = second.participation_id AND comparison_id = again.repeat_of_id ORDER BY revision DESC LIMIT 1
) first ON true
WHERE again.project_id = %(project)s AND again.kind = 'repeat'
GROUP BY 1, 2 ORDER BY 1, 2
"""


@dataclass(frozen=True)
class Consistency:
    """How often people of one language answered the same again; `language` is empty for all together.

    The figure's `n` are repeats; its interval knows that those of one person are alike. `by_chance` is what
    blind choice among the responses would give.
    """

    language: str
    people: int
    same: Figure
    by_chance: float | None


@dataclass(frozen=True)
class ConsistencyReport:
    """All together, and each language; `selectors.annotators` has each person."""

    whole: Consistency
    languages: Sequence[Consistency]


@dataclass(frozen=True)
class _Row:
    pseudonym: str
    language: str
    repeats: int
    same: int
    chance: float


def consistency(*, project: Project) -> ConsistencyReport:
    """Return how far people agree with themselves; one statement."""
    with connection.cursor() as cursor:
        cursor.execute(REPEATS, {"project": project.pk})
        return report_of(cursor.fetchall())


def report_of(found: Sequence[tuple[Any, ...]]) -> ConsistencyReport:
    """Return the report of the rows that REPEATS found."""
    rows = [_Row(*row) for row in found]
    languages = sorted({row.language for row in rows})
    return ConsistencyReport(
        whole=_together("", rows),
        languages=[
            _together(language, [row for row in rows if row.language == language])
            for language in languages
        ],
    )


def _together(language: str, rows: Sequence[_Row]) -> Consistency:
    people = _by_person(rows)
    given = sum(row.repeats for row in rows)
    if not given:
        nothing = Figure(None, None, 0, _("undefined because nobody was asked anything twice"))
        return Consistency(language, 0, nothing, None)
    same = sum(row.same for row in rows)
    interval = clustered_share_interval(
        counts=[one[1] for one in people.values()], sizes=[one[0] for one in people.values()]
    )
    why = "" if interval else _("interval undefined because one person tells nothing of others")
    return Consistency(
        language,
        len(people),
        Figure(same / given, interval, given, why),
        sum(row.chance for row in rows) / given,
    )


def _by_person(rows: Sequence[_Row]) -> dict[str, tuple[int, int]]:
    """Return how many repeats each person answered, and how many alike."""
    people: dict[str, tuple[int, int]] = {}
    for row in rows:
        given, same = people.get(row.pseudonym, (0, 0))
        people[row.pseudonym] = given + row.repeats, same + row.same
    return people
