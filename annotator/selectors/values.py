"""What people's choices say of their values, where responses carry value codes.

A person's score for a code is the share of their choices that fell on responses with it, among the
comparisons that offered one; a country's is the mean over its people, as they are (raw) and weighted to
the margins of a population (raked).
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from django.db import connection

from annotator.models import Participation, Project
from pluralism.raking import rake

# One row per person and code: in how many counted comparisons it was offered, in how many chosen.
PERSON_SCORES = """
SELECT judgment.participation_id, code.key, code.value, count(DISTINCT judgment.id),
       count(DISTINCT judgment.id) FILTER (WHERE option.response_id = judgment.choice_response_id)
FROM annotator_assignment place
JOIN annotator_judgment judgment ON judgment.id = place.judgment_id AND judgment.choice_kind = 'response'
JOIN annotator_participation person ON person.id = judgment.participation_id AND person.withdrawn_at IS NULL
JOIN annotator_comparisonoption option ON option.comparison_id = judgment.comparison_id
JOIN annotator_response response ON response.id = option.response_id
CROSS JOIN LATERAL jsonb_each_text(response.codes) code
WHERE place.project_id = %s AND place.state = 'judged'
GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""


@dataclass(frozen=True)
class PersonScore:
    """One person's share of choices for one code."""

    pseudonym: str
    country: str
    dimension: str
    code: str
    offered: int
    chosen: int

    @property
    def share(self) -> float:
        """Of the comparisons that offered it."""
        return self.chosen / self.offered


@dataclass(frozen=True)
class CountryScore:
    """A country's mean share for one code; `raked` is None with the reason why."""

    country: str
    dimension: str
    code: str
    people: int
    raw: float
    raked: float | None
    undefined_because: str = ""


def list_person_scores(*, project: Project) -> list[PersonScore]:
    """Return the scores of everybody who has not withdrawn; two queries."""
    people = {
        person.pk: person
        for person in Participation.objects.filter(project=project, withdrawn_at=None)
    }
    with connection.cursor() as cursor:
        cursor.execute(PERSON_SCORES, [project.pk])
        return [
            PersonScore(people[pk].pseudonym, people[pk].country, *row)
            for pk, *row in cursor.fetchall()
            if pk in people
        ]


def list_country_scores(
    *,
    scores: Sequence[PersonScore],
    answers: Mapping[str, Mapping[str, str]],
    margins: Mapping[str, Mapping[str, Mapping[str, float]]],
) -> list[CountryScore]:
    """Return the countries' scores.

    `answers` has what each pseudonym said, by question; `margins` the population's shares:
    `{"FR": {"gender": {"female": 0.52, "male": 0.48}}}`. Where these can't be met by the people there
    are, the raked score is None and says why.
    """
    grouped: defaultdict[tuple[str, str, str], list[PersonScore]] = defaultdict(list)
    for score in scores:
        grouped[score.country, score.dimension, score.code].append(score)
    return [
        _country(key, members, answers, margins.get(key[0], {}))
        for key, members in sorted(grouped.items())
    ]


def _country(
    key: tuple[str, str, str],
    members: Sequence[PersonScore],
    answers: Mapping[str, Mapping[str, str]],
    margins: Mapping[str, Mapping[str, float]],
) -> CountryScore:
    shares = np.array([member.share for member in members])
    raked, reason = None, "no margins are given"
    if margins:
        names = [list(shares_of) for shares_of in margins.values()]
        try:
            categories = [
                [
                    options.index(answers.get(member.pseudonym, {}).get(question, ""))
                    for member in members
                ]
                for question, options in zip(margins, names, strict=True)
            ]
            weights = rake(categories, [list(shares_of.values()) for shares_of in margins.values()])
            raked, reason = float(np.average(shares, weights=weights)), ""
        except ValueError as error:
            reason = str(error)
    return CountryScore(*key, len(members), float(shares.mean()), raked, reason)
