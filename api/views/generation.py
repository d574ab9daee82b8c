"""Generation runs: ask for candidates, watch, steer."""

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from annotator.errors import Missing
from annotator.models import GenerationRun, Scope
from annotator.selectors.generation import run_progress
from annotator.services.generation import cancel_run, pause_run, resume_run, retry_failed, start_run
from api.idempotency import idempotent
from api.parsers import StrictJSONParser
from api.serializers import RunDetailSerializer, RunSerializer, StartRunSerializer
from api.views.base import ScopedList, ScopedView, get_project


@extend_schema_view(get=extend_schema(operation_id="generation_runs_list"))
class GenerationRuns(ScopedList):
    """The runs of a project."""

    scopes = {"GET": Scope.READ_GENERATION, "POST": Scope.WRITE_GENERATION}
    serializer_class = RunSerializer
    parser_classes = [StrictJSONParser]
    queryset = GenerationRun.objects.none()

    def get_queryset(self) -> QuerySet[GenerationRun]:
        """Return the project's runs."""
        return GenerationRun.objects.filter(project=get_project(self.request, self.kwargs["slug"]))

    @extend_schema(
        operation_id="generation_runs_start",
        request=StartRunSerializer,
        responses={201: RunDetailSerializer},
        examples=[
            OpenApiExample(
                "Another strategy, a few prompts",
                value={"strategy": "independent", "limit": 10},
                request_only=True,
            )
        ],
    )
    @idempotent
    def post(self, request: Request, slug: str) -> Response:
        """Start a run: one candidate set for each prompt that has none made in this way.

        What is left out is the project's own: strategy, parameters, model.
        """
        project = get_project(request, slug)
        wanted = StartRunSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        run = start_run(project=project, created_by=request.user, **wanted.validated_data)  # type: ignore[arg-type]
        return Response(_shown(run), status=status.HTTP_201_CREATED)


class GenerationRunDetail(ScopedView):
    """One run."""

    scopes = {"GET": Scope.READ_GENERATION}

    @extend_schema(operation_id="generation_runs_read", responses=RunDetailSerializer)
    def get(self, request: Request, slug: str, run_id: int) -> Response:
        """Return the run and how far it has come."""
        return Response(_shown(_get_run(request, slug, run_id)))


def _documented(operation_id: str) -> Callable[[type[ScopedView]], type[ScopedView]]:
    """Describe a class's POST in the schema by the docstring of the class."""

    def decorate(view: type[ScopedView]) -> type[ScopedView]:
        told = extend_schema(
            operation_id=operation_id,
            description=view.__doc__,
            request=None,
            responses=RunDetailSerializer,
        )
        return extend_schema_view(post=told)(view)

    return decorate


class SteerRun(ScopedView):
    """Something done to a run; which one comes with the address."""

    scopes = {"POST": Scope.WRITE_GENERATION}
    parser_classes = [StrictJSONParser]
    steer: Callable[..., Any]

    @idempotent
    def post(self, request: Request, slug: str, run_id: int) -> Response:
        """Do it; 409 where the run's state forbids it."""
        run = _get_run(request, slug, run_id)
        type(self).steer(run=run)
        return Response(_shown(run))


@_documented("generation_runs_pause")
class PauseRun(SteerRun):
    """Stop handing out sets of a running run; what is with the model server may still arrive. 409 in any other state."""

    steer = staticmethod(pause_run)


@_documented("generation_runs_resume")
class ResumeRun(SteerRun):
    """Go on with a paused run. 409 in any other state."""

    steer = staticmethod(resume_run)


@_documented("generation_runs_cancel")
class CancelRun(SteerRun):
    """End a run for good; complete sets stay. 409 where it has ended already."""

    steer = staticmethod(cancel_run)


@_documented("generation_runs_retry")
class RetryRun(SteerRun):
    """Queue the failed and truncated sets of a run once more. 409 where there are none."""

    steer = staticmethod(retry_failed)


def _get_run(request: Request, slug: str, run_id: int) -> GenerationRun:
    run = GenerationRun.objects.filter(project=get_project(request, slug), pk=run_id).first()
    if run is None:
        raise Missing(_("There is no run %(id)d in this project.") % {"id": run_id})
    return run


def _shown(run: GenerationRun) -> Any:
    progress = run_progress(run)
    return RunDetailSerializer(run, context={"progress": progress}).data
