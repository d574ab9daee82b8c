"""Candidate sets with the origins of their responses."""

from django.db.models import Prefetch, QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view

from annotator.models import CandidateSet, Response, Scope
from api.serializers import CandidateSetSerializer
from api.views.base import ScopedList, get_project


@extend_schema_view(get=extend_schema(operation_id="candidate_sets_list"))
class CandidateSets(ScopedList):
    """The candidate sets of a project."""

    scopes = {"GET": Scope.READ_GENERATION}
    serializer_class = CandidateSetSerializer
    queryset = CandidateSet.objects.none()

    def get_queryset(self) -> QuerySet[CandidateSet]:
        """Return the project's sets, responses in the order of their slots."""
        project = get_project(self.request, self.kwargs["slug"])
        in_order = Prefetch("responses", Response.objects.order_by("slot"))
        return (
            CandidateSet.objects.filter(project=project)
            .select_related("prompt")
            .prefetch_related(in_order)
        )
