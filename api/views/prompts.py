"""Prompts: pages of them, and more of them."""

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response

from annotator.models import Prompt, Scope
from annotator.selectors.findings import list_changed_prompts
from annotator.services.candidates import import_candidates
from api.idempotency import idempotent
from api.imports import IMPORT_RESPONSES, ROWS_REQUEST, answer_import
from api.parsers import ROW_PARSERS
from api.serializers import PromptSerializer
from api.views.base import ScopedList, get_project


@extend_schema_view(get=extend_schema(operation_id="prompts_list"))
class Prompts(ScopedList):
    """The prompts of a project."""

    scopes = {"GET": Scope.READ_PROMPTS, "POST": Scope.WRITE_PROMPTS}
    serializer_class = PromptSerializer
    parser_classes = ROW_PARSERS
    queryset = Prompt.objects.none()

    def get_queryset(self) -> QuerySet[Prompt]:
        """Return the project's prompts, but for those of annotators who left or that may not come out as they are."""
        project = get_project(self.request, self.kwargs["slug"])
        return (
            Prompt.objects.filter(project=project, author__withdrawn_at=None)
            .exclude(source=Prompt.Source.TRIAL)
            .exclude(pk__in=list_changed_prompts(project=project))
            .select_related("group")
        )

    @extend_schema(
        operation_id="prompts_add",
        request=ROWS_REQUEST,
        responses=IMPORT_RESPONSES,
        examples=[
            OpenApiExample(
                "One prompt",
                value={
                    "text": "What do you owe your parents?",
                    "language": "en",
                    "external_id": "q1",
                },
                request_only=True,
            )
        ],
    )
    @idempotent
    def post(self, request: Request, slug: str) -> Response:
        """Add prompts: all of the body's rows or, where one is bad, none.

        A row whose `external_id` is there already adds nothing, so the same body may be sent again. A row that
        brings `responses` made elsewhere opens their comparisons too, as `candidate-sets/` does.
        Answers 201 where something was added, else 200.
        """
        project = get_project(request, slug)
        return answer_import(
            request,
            lambda rows: import_candidates(project=project, rows=rows, with_bare_prompts=True),
        )
