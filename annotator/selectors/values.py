"""What people's choices say of their values, where responses carry value codes.

A person's score for a code is the share of their choices that fell on responses with it, among the
comparisons that offered one; a country's is the mean over its people, as they are (raw) and weighted to
the margins of its population (raked).
"""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import connection
from django.utils.translation import gettext as _

from annotator.models import Project
from annotator.selectors.statistics import Figure
from pluralism.intervals import weighted_mean_interval
from pluralism.raking import NotConverged, rake

# One row per person and code: in how many counted comparisons it was offered, in how many chosen.
PERSON_SCORES = """
SELECT person.pseudonym, person.country, code.key, code.value, count(DISTINCT judgment.id),
       count(DISTINCT judgment.id) FILTER (WHERE option.response_id = judgment.choice_response_id)
FROM annotator_assignment place
JOIN annotator_judgment judgment ON judgment.id = place.judgment_id AND judgment.choice_kind = 'response'
JOIN annotator_comparison comparison ON comparison.id = place.comparison_id AND comparison.kind = 'collect'
JOIN annotator_participation person ON person.id = judgment.participation_id AND person.withdrawn_at IS NULL AND person.excluded_at IS NULL
JOIN annotator_comparisonoption option ON option.comparison_id = judgment.comparison_id
JOIN annotator_response response ON response.id = option.response_id
CROSS JOIN LATERAL jsonb_each_text(response.codes) code
WHERE place.project_id = %s AND place.state = 'judged'
GROUP BY person.id, 3, 4 ORDER BY 2, 1, 3, 4
"""
ANSWERS = """
SELECT person.pseudonym, (profile.answers || CASE WHEN person.allows_sensitive THEN profile.sensitive_answers ELSE '{}' END)::text
FROM annotator_participation person JOIN annotator_profilerevision profile ON profile.id = person.profile_id
WHERE person.project_id = %s AND person.withdrawn_at IS NULL
"""

Shares = Mapping[str, float]


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
    """A country's mean share for one code; the figures' `n` are people. `raked` without a value says why."""

    country: str
    dimension: str
    code: str
    raw: Figure
    raked: Figure


def list_person_scores(*, project: Project) -> list[PersonScore]:
    """Return the scores of everybody who has not withdrawn; one statement."""
    with connection.cursor() as cursor:
        cursor.execute(PERSON_SCORES, [project.pk])
        return [PersonScore(*row) for row in cursor.fetchall()]


def get_country_scores(*, project: Project) -> list[CountryScore]:
    """Return the scores of each country, raked to the project's margins; two statements."""
    scores = list_person_scores(project=project)
    with connection.cursor() as cursor:
        cursor.execute(ANSWERS, [project.pk])
        answers = {pseudonym: json.loads(said) for pseudonym, said in cursor.fetchall()}
    return list_country_scores(scores=scores, answers=answers, margins=project.margins)


def list_country_scores(
    *,
    scores: Sequence[PersonScore],
    answers: Mapping[str, Mapping[str, str]],
    margins: Mapping[str, Mapping[str, Shares]],
) -> list[CountryScore]:
    """Return the countries' scores.

    `answers` has what each pseudonym said, by question; `margins` the population's shares:
    `{"FR": {"gender": {"female": 0.52, "male": 0.48}}}`. Who did not say, or said something without a share,
    is left out of the raked score; where the margins can't be met, it is None and says why.
    """
    grouped: defaultdict[tuple[str, str, str], list[PersonScore]] = defaultdict(list)
    for score in scores:
        grouped[score.country, score.dimension, score.code].append(score)
    return [
        CountryScore(
            *key, raw=_raw(members), raked=_raked(members, answers, margins.get(key[0], {}))
        )
        for key, members in sorted(grouped.items())
    ]


def _raw(members: Sequence[PersonScore]) -> Figure:
    return _mean([member.share for member in members], [1.0] * len(members))


def _raked(
    members: Sequence[PersonScore],
    answers: Mapping[str, Mapping[str, str]],
    margins: Mapping[str, Shares],
) -> Figure:
    """Return the mean over those who said all that the margins are about, weighted to these."""
    if not margins:
        return Figure(None, None, 0, _("no shares of the population are given for this country"))
    said = [
        member
        for member in members
        if all(
            answers.get(member.pseudonym, {}).get(question) in shares
            for question, shares in margins.items()
        )
    ]
    given = [answers[member.pseudonym] for member in said]
    for question, shares in margins.items():
        missing = set(shares) - {each[question] for each in given}
        if missing:
            reason = _("nobody here said “%(option)s” to “%(question)s”, which has a share")
            words = {"option": min(missing), "question": question}
            return Figure(None, None, len(said), reason % words)
    try:
        weights = rake(
            [
                [list(shares).index(each[name]) for each in given]
                for name, shares in margins.items()
            ],
            [
                [share / sum(shares.values()) for share in shares.values()]
                for shares in margins.values()
            ],
        )
    except NotConverged:
        reason = _("these shares don't go together among the people there are")
        return Figure(None, None, len(said), reason)
    return _mean([member.share for member in said], weights.tolist())


def _mean(values: Sequence[float], weights: Sequence[float]) -> Figure:
    interval = weighted_mean_interval(values=values, weights=weights, least=0.0, most=1.0)
    mean = sum(v * w for v, w in zip(values, weights, strict=True)) / sum(weights)
    why = "" if interval else _("interval undefined because one person tells nothing of others")
    return Figure(mean, interval, len(values), why)
