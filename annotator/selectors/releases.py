"""The register: which releases hold a person. Read from the log of changes and the change that each release ends with."""

from django.db.models import Max, Min, Q, QuerySet

from annotator.models import Change, Participation, Release


def list_releases_holding(*, participation: Participation) -> QuerySet[Release]:
    """Return the published and retracted releases with judgments of this person, the newest first.

    They judged at or before the last change the release contains, and had not withdrawn by then.
    """
    of_person = Change.objects.filter(
        project=participation.project_id, judgment__participation=participation
    )
    seen = of_person.aggregate(
        first=Min("id", filter=Q(kind=Change.Kind.JUDGED)),
        withdrawn=Max("id", filter=Q(kind=Change.Kind.WITHDRAWN)),
    )
    if seen["first"] is None:
        return Release.objects.none()
    held = Release.objects.filter(
        project=participation.project_id,
        state__in=(Release.State.PUBLISHED, Release.State.RETRACTED),
        manifest__cursor__gte=seen["first"],
    )
    return (
        held if seen["withdrawn"] is None else held.filter(manifest__cursor__lt=seen["withdrawn"])
    )
