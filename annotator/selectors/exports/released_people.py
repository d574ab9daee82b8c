"""What a release tells of its people: one value a question and person, nothing that too few share, frozen with it.
Of those who were excluded it tells nothing.

`in_balanced_subset`: in each country by itself, people who answered age, gender and ethnicity are put into the order of
the MD5 of project and pseudonym, and drawn by `pluralism.balancing`. `in_balanced_subset_10`: at least ten of those drawn
have judged the set. Without demographics in the release nobody is in either.
"""

import hashlib
import json
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from annotator.models import Project
from annotator.selectors.exports.shapes import FROM
from annotator.selectors.exports.stream import Snapshot
from pluralism.anonymity import Anonymity, Row, generalise_rare, measure_anonymity, suppress_rare
from pluralism.balancing import draw_balanced
from pluralism.coarsening import coarser_values

BALANCED_BY = ("age", "gender", "ethnicity")
BALANCED_JUDGES = 10

PEOPLE = """
SELECT person.id, person.pseudonym, NULLIF(person.country, ''),
    COALESCE(profile.answers || CASE WHEN person.allows_sensitive THEN profile.sensitive_answers ELSE '{}' END, '{}')::text
FROM annotator_participation person
LEFT JOIN annotator_profilerevision profile ON profile.id = person.profile_id
WHERE person.project_id = %(project)s AND person.withdrawn_at IS NULL AND person.excluded_at IS NULL AND person.judgments_given > 0
ORDER BY person.pseudonym"""
BALANCED_SETS = f"""
SELECT comparison.candidate_set_id {FROM}
WHERE judgment.project_id = %(project)s AND counting.id IS NOT NULL AND judgment.participation_id = ANY(%(balanced)s)
    AND comparison.candidate_set_id IS NOT NULL
GROUP BY comparison.candidate_set_id HAVING count(DISTINCT judgment.participation_id) >= {BALANCED_JUDGES}"""


@dataclass(frozen=True)
class ReleasedPeople:
    """The people of a release as its statements want them, and how anonymous they were and are.

    `told` is JSON by person's id: country, answers, whether they are in the balanced subset.
    """

    told: str
    balanced_sets: list[int]
    questions: tuple[str, ...]
    k: int
    is_enforced: bool
    before: Anonymity
    after: Anonymity
    coarsened: int
    """Values that were told more coarsely."""
    hidden: int
    """Values that were hidden."""

    def values(self) -> dict[str, Any]:
        """Return the values that the statements name."""
        return {"people": self.told, "balanced_sets": self.balanced_sets}


def read_people(*, project: Project, snapshot: Snapshot, demographics: bool) -> ReleasedPeople:
    """Return what may be told of the project's people as of the snapshot."""
    found = [
        (
            person,
            pseudonym.decode(),
            {
                **({"country": country.decode()} if country else {}),
                **(json.loads(answers) if demographics else {}),
            },
        )
        for person, pseudonym, country, answers in snapshot.rows(PEOPLE, {"project": project.pk})
    ]
    questions = _questions(project, [answers for *_who, answers in found])
    rows: list[Row] = [
        tuple(_text(answers.get(question)) for question in questions) for *_who, answers in found
    ]
    k, is_enforced = project.smallest_group, project.rare_groups != project.RareGroups.REPORT
    kept = _enforce(project, questions, rows)
    told = {
        person: {
            question: cell
            for question, cell in zip(questions, row, strict=True)
            if cell is not None
        }
        for (person, *_rest), row in zip(found, kept, strict=True)
    }
    balanced = _draw(project, {person: name for person, name, _a in found}, told)
    changes = [
        pair for row, new in zip(rows, kept, strict=True) for pair in zip(row, new, strict=True)
    ]
    sets = snapshot.rows(BALANCED_SETS, {"project": project.pk, "balanced": sorted(balanced)})
    return ReleasedPeople(
        told=json.dumps(
            {
                str(person): {
                    "country": answers.get("country"),
                    "answers": {name: cell for name, cell in answers.items() if name != "country"},
                    "balanced": person in balanced,
                }
                for person, answers in told.items()
            }
        ),
        balanced_sets=sorted(number for (number,) in sets),
        questions=questions,
        k=k,
        is_enforced=is_enforced,
        before=measure_anonymity(rows, k=k),
        after=measure_anonymity(kept, k=k),
        coarsened=sum(shown not in (None, cell) for cell, shown in changes),
        hidden=sum(cell is not None and shown is None for cell, shown in changes),
    )


def _enforce(project: Project, questions: tuple[str, ...], rows: list[Row]) -> list[Row]:
    """Return the rows as they may be told."""
    kept, k = rows, project.smallest_group
    if project.rare_groups == project.RareGroups.COARSEN:
        options = {entry["slug"]: entry.get("options", ()) for entry in project.demographics}
        steps = [coarser_values(question, options.get(question, ())) for question in questions]
        kept = generalise_rare(kept, k=k, coarser=steps)
    return kept if project.rare_groups == project.RareGroups.REPORT else suppress_rare(kept, k=k)


def _questions(project: Project, answers: list[dict[str, Any]]) -> tuple[str, ...]:
    """Return country first, then the questions in the project's order, the sensitive ones last: they are hidden first."""
    asked = sorted(project.demographics, key=lambda entry: bool(entry.get("sensitive")))
    given = {name for row in answers for name in row}
    order = ["country", *(entry["slug"] for entry in asked), *sorted(given)]
    return tuple(name for name in dict.fromkeys(order) if name in given)


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _draw(
    project: Project, names: dict[int, str], told: dict[int, dict[str, str]]
) -> frozenset[int]:
    by_country: dict[str, list[int]] = defaultdict(list)
    for person, answers in told.items():
        if answers.get("country", "").isalpha() and all(  # regions are digits
            question in answers for question in BALANCED_BY
        ):
            by_country[answers["country"]].append(person)
    drawn: set[int] = set()
    for people in by_country.values():
        people.sort(key=lambda person: _seeded(project, names[person]))
        rows = [[told[person][question] for question in BALANCED_BY] for person in people]
        drawn.update(people[index] for index in draw_balanced(rows))
    return frozenset(drawn)


def _seeded(project: Project, pseudonym: str) -> str:
    return hashlib.md5(
        f"balanced:{project.pk}:{pseudonym}".encode(), usedforsecurity=False
    ).hexdigest()
