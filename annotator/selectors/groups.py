"""Whether groups of people answer alike: by country, or by what they said of themselves; for researchers.

Each person is in one group, by what they said last; sensitive answers only as long as they agree to them. Looks at
planned places, as agreement does.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from django.db import connection
from django.utils.translation import gettext as _

from annotator.errors import Refused
from annotator.models import Judgment, Project
from annotator.selectors.sampling import SAMPLED, SEED, Sample, draw_sample
from annotator.selectors.statistics import COUNTED, Figure
from pluralism.groups import (
    GroupAnswers,
    Values,
    agreement_between,
    agreement_within,
    difference_tests,
    effective_answers,
    false_discovery_rates,
    similarity,
)
from pluralism.intervals import mean_interval, share_interval

COUNTRY = "country"
MOST_GROUPS = 12

SAID = """CASE WHEN %(by)s = 'country' THEN NULLIF(person.country, '') ELSE COALESCE(
    profile.answers ->> %(by)s, CASE WHEN person.allows_sensitive THEN profile.sensitive_answers ->> %(by)s END) END"""
PEOPLE = f"""
SELECT {SAID}, count(*), sum(given)::bigint FROM (
    SELECT judgment.participation_id, count(*) AS given {COUNTED} GROUP BY 1
) judges
JOIN annotator_participation person ON person.id = judges.participation_id
LEFT JOIN annotator_profilerevision profile ON profile.id = person.profile_id
GROUP BY 1 ORDER BY 2 DESC, 1
"""  # noqa: S608 - texts of this file only
# A ranking speaks by its first response; one that is tied there names none.
ANSWERS = f"""
SELECT place.comparison_id, COALESCE(judgment.choice_response_id::text, judgment.choice_kind), {SAID}, count(*)
{COUNTED.replace("WHERE", "LEFT JOIN annotator_profilerevision profile ON profile.id = person.profile_id WHERE", 1)}
    AND {SAMPLED} AND NOT (judgment.choice_kind = 'ranking' AND judgment.choice_response_id IS NULL) AND {SAID} = ANY(%(groups)s)
GROUP BY 1, 2, 3 ORDER BY 1, 2
"""


@dataclass(frozen=True)
class Answered:
    """The share of a group's answers that are of one kind: a response, or one of the ways out."""

    kind: str
    share: Figure


@dataclass(frozen=True)
class Group:
    """One group: how far its people agree with each other, and how many answers they effectively divide into."""

    group: str
    people: int
    judgments: int
    within: Figure
    effective_answers: Figure
    answered: Sequence[Answered]


@dataclass(frozen=True)
class Pair:
    """Two groups on the comparisons that both answered; `p` of the permutation test, `q` its false discovery rate."""

    one: str
    other: str
    between: Figure
    similarity: Figure
    p: float | None
    q: float | None


@dataclass(frozen=True)
class GroupReport:
    """The largest groups and their pairs; `not_stated` and `left_out` count the people who are in none of them.

    People and judgments are all there are; figures rest on what `sample` says, and name their n.
    """

    by: str
    sample: Sample
    not_stated: int
    left_out: int
    groups: Sequence[Group]
    pairs: Sequence[Pair]


def compare_groups(*, project: Project, by: str = COUNTRY) -> GroupReport:
    """Compare the groups that a question divides people into, `MOST_GROUPS` at most; three statements.

    Raises
    ------
    Refused
        unknown_question.
    """
    known = [COUNTRY, *(entry["slug"] for entry in project.demographics)]
    if by not in known:
        offered = ", ".join(dict.fromkeys(known))
        raise Refused(
            "unknown_question",
            _("This project does not ask about “%(by)s”. Divide by one of: %(offered)s.")
            % {"by": by, "offered": offered},
            fields={"by": _("One of: %(offered)s.") % {"offered": offered}},
        )
    with connection.cursor() as cursor:
        cursor.execute(PEOPLE, {"project": project.pk, "by": by})
        people = cursor.fetchall()
    stated = [row for row in people if row[0] is not None]
    names = [name for name, _people, _given in stated[:MOST_GROUPS]]
    sample = draw_sample(project=project)
    answers, kinds = _read(project, sample, by, names)
    return GroupReport(
        by,
        sample,
        not_stated=sum(count for name, count, _given in people if name is None),
        left_out=sum(count for _name, count, _given in stated[MOST_GROUPS:]),
        groups=[
            Group(
                name,
                count,
                given,
                _mean(agreement_within(answers, i), most=1.0),
                _mean(effective_answers(answers, i), least=1.0),
                _answered(answers, kinds, i),
            )
            for i, (name, count, given) in enumerate(stated[:MOST_GROUPS])
        ],
        pairs=_pairs(answers, names),
    )


def _read(
    project: Project, sample: Sample, by: str, names: Sequence[str]
) -> tuple[GroupAnswers, list[str]]:
    """Return the answers by group, and of each what kind it is."""
    cells: dict[tuple[int, str], int] = {}
    rows: list[tuple[int, int, int]] = []
    with connection.cursor() as cursor:
        values: dict[str, Any] = {
            "project": project.pk,
            "share": sample.share,
            "by": by,
            "groups": list(names),
        }
        cursor.execute(ANSWERS, values)
        for comparison, answer, group, count in cursor.fetchall():
            cell = cells.setdefault((comparison, answer), len(cells))
            rows.append((cell, names.index(group), count))
    table = np.zeros((len(cells), max(len(names), 1)), dtype=np.int64)
    for cell, group, count in rows:
        table[cell, group] = count
    items = np.array([comparison for comparison, _answer in cells], dtype=np.int64)
    kinds = [
        Judgment.ChoiceKind.RESPONSE if answer.isdigit() else answer for _item, answer in cells
    ]
    return GroupAnswers(np.unique(items, return_inverse=True)[1], table), kinds


def _pairs(answers: GroupAnswers, names: Sequence[str]) -> list[Pair]:
    pairs = list(combinations(range(len(names)), 2))
    if not pairs:
        return []
    tests = difference_tests(answers, rng=np.random.default_rng(SEED))
    p = np.array([tests[pair] for pair in pairs])
    return [
        Pair(
            names[one],
            names[other],
            _mean(agreement_between(answers, one, other), most=1.0),
            _mean(similarity(answers, one, other), most=1.0),
            _or_none(p[i]),
            _or_none(q),
        )
        for i, ((one, other), q) in enumerate(zip(pairs, false_discovery_rates(p), strict=True))
    ]


def _answered(answers: GroupAnswers, kinds: Sequence[str], group: int) -> list[Answered]:
    given = answers.count[:, group]
    n = int(given.sum())
    counts = dict.fromkeys(sorted(set(kinds)), 0)
    for kind, count in zip(kinds, given.tolist(), strict=True):
        counts[kind] += count
    return [
        Answered(kind, Figure(count / n, share_interval(count=count, n=n), n))
        for kind, count in counts.items()
        if n
    ]


def _mean(values: Values, *, least: float = 0.0, most: float = float("inf")) -> Figure:
    """Return the mean over comparisons with Student's interval."""
    n = len(values)
    if not n:
        return Figure(
            None, None, 0, _("undefined because too few of these people answered the same")
        )
    mean = float(values.mean())
    deviation = float(values.std(ddof=1)) if n > 1 else 0.0
    interval = mean_interval(mean=mean, deviation=deviation, n=n, least=least, most=most)
    reason = (
        ""
        if interval
        else _("interval undefined because one comparison tells nothing of the spread")
    )
    return Figure(mean, interval, n, reason)


def _or_none(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
