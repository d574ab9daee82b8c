"""Candidate sets with the origins of their responses."""

from django.db.models import Prefetch, QuerySet
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response as Answer

from annotator.models import CandidateSet, Response, Scope
from annotator.services.candidates import import_candidates
from api.idempotency import idempotent
from api.imports import IMPORT_RESPONSES, ROWS_REQUEST, answer_import
from api.parsers import ROW_PARSERS
from api.serializers import CandidateSetSerializer
from api.views.base import ScopedList, get_project


@extend_schema_view(get=extend_schema(operation_id="candidate_sets_list"))
class CandidateSets(ScopedList):
    """The candidate sets of a project."""

    scopes = {"GET": Scope.READ_GENERATION, "POST": Scope.WRITE_PROMPTS}
    serializer_class = CandidateSetSerializer
    parser_classes = ROW_PARSERS
    queryset = CandidateSet.objects.none()

    def get_queryset(self) -> QuerySet[CandidateSet]:
        """Return the project's sets, responses in the order of their slots; none that answers somebody who left."""
        project = get_project(self.request, self.kwargs["slug"])
        in_order = Prefetch("responses", Response.objects.order_by("slot"))
        return (
            CandidateSet.objects.filter(
                project=project, turn__conversation__participation__withdrawn_at=None
            )
            .select_related("prompt")
            .prefetch_related(in_order)
        )

    @extend_schema(
        operation_id="candidate_sets_add",
        request=ROWS_REQUEST,
        responses=IMPORT_RESPONSES,
        examples=[
            OpenApiExample(
                "Two responses made elsewhere",
                value={
                    "text": "What do you owe your parents?",
                    "language": "en",
                    "external_id": "q1",
                    "responses": ["Everything.", "Nothing."],
                },
                request_only=True,
            )
        ],
    )
    @idempotent
    def post(self, request: Request, slug: str) -> Answer:
        """Add prompts with responses made elsewhere, and open their comparisons. All or nothing.

        Beside `text` and `responses`, rows may bring `prompt` with `responses`, with `chosen` and `rejected` or
        with `answers`, the columns of the Community Alignment data set, or be rows of `native`. The same body
        again adds nothing; other responses to a prompt make another set.
        """
        project = get_project(request, slug)
        return answer_import(request, lambda rows: import_candidates(project=project, rows=rows))
