"""What a study's rows may never say, however people and processes came to them."""

from collections import Counter
from collections.abc import Mapping
from uuid import UUID

from django.db.models import F, QuerySet

from annotator.models import Assignment, Change, Judgment, Offer, Participation, Project

Violations = dict[str, list[str]]


def find_violations(*, project: Project, acknowledged: Mapping[UUID, int]) -> Violations:
    """Return what is wrong, by kind: over, under, twice, lost, stray.

    `acknowledged` maps the submission ids of answers that a person saw stored to the judgments named then.
    Call it when all is quiet.
    """
    places = Assignment.objects.filter(project=project, owner=None)
    judgments = Judgment.objects.filter(project=project)
    return {
        "over": _more_than_wanted(project, places),
        "under": _still_wanted(project, places),
        "twice": _twice(places, judgments),
        "lost": _lost(project, judgments, acknowledged),
        "stray": [
            f"{place} was reserved for {place.stratum}"
            for place in places.filter(state="judged")
            .exclude(stratum="")
            .exclude(participation__stratum=F("stratum"))
        ],
    }


def _more_than_wanted(project: Project, places: QuerySet[Assignment]) -> list[str]:
    judged = Counter(places.filter(state="judged").values_list("comparison", flat=True))
    left = places.filter(state="judged", participation__withdrawn_at__isnull=False)
    return [
        f"comparison {comparison} has {count} counted judgments"
        for comparison, count in judged.items()
        if count > project.overlap
    ] + [f"{place} counts the answer of somebody who has left" for place in left]


def _still_wanted(project: Project, places: QuerySet[Assignment]) -> list[str]:
    wrong = [f"{place} is still leased" for place in places.filter(state="leased")]
    for place in places.filter(state="open"):
        people = Participation.objects.filter(project=project, withdrawn_at=None).exclude(
            offers__comparison=place.comparison_id
        )
        left = [person for person in people if place.stratum in ("", person.stratum)]
        if left:
            wrong.append(f"{place} is open while {len(left)} eligible people were never shown it")
    return wrong


def _twice(places: QuerySet[Assignment], judgments: QuerySet[Judgment]) -> list[str]:
    judged = places.filter(state="judged").values_list("comparison", "participation")
    return [
        f"{what}: {row}"
        for what, rows in (
            ("judged twice", judgments.values_list("participation", "comparison", "revision")),
            ("stored twice", judgments.values_list("submission_id")),
            ("one person counts twice", judged),
        )
        for row, count in Counter(rows).items()
        if count > 1
    ]


def _lost(
    project: Project, judgments: QuerySet[Judgment], acknowledged: Mapping[UUID, int]
) -> list[str]:
    """Compare what people were told, and what is counted elsewhere, with the judgments themselves."""
    stored = dict(judgments.values_list("submission_id", "pk"))
    wrong = [
        f"judgment {judgment} was acknowledged as {submission} and is not there"
        for submission, judgment in acknowledged.items()
        if stored.get(submission) != judgment
    ]
    offers = Offer.objects.filter(comparison__project=project, outcome="judged").count()
    if offers != len(stored):
        wrong.append(f"{offers} offers say judged, there are {len(stored)} judgments")
    told = Counter(
        Change.objects.filter(project=project, kind="judged").values_list("judgment", flat=True)
    )
    if told != Counter(stored.values()):
        wrong.append("the changes do not tell each judgment once")
    given = Counter(judgments.values_list("participation", flat=True))
    counts = Participation.objects.filter(project=project).values_list("pk", "judgments_given")
    return wrong + [
        f"person {pk} is said to have given {said} judgments, it was {given[pk]}"
        for pk, said in counts
        if said != given[pk]
    ]
