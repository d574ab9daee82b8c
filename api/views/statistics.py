"""Statistics of a project, each with intervals and the n behind it."""

from dataclasses import replace
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from annotator.models import Participation, Scope
from annotator.selectors.annotators import annotator_figures
from annotator.selectors.consistency import consistency
from annotator.selectors.diversity import diversity_table
from annotator.selectors.groups import COUNTRY, compare_groups
from annotator.selectors.progress import count_progress
from annotator.selectors.rankings import ranking
from annotator.selectors.statistics import (
    Figure,
    agreement,
    positions,
    progress_by_day,
    progress_by_language,
)
from annotator.selectors.values import get_country_scores
from api.statistics_serializers import (
    AgreementQuery,
    AgreementReportSerializer,
    AnnotatorFiguresSerializer,
    ConsistencyReportSerializer,
    CountryScoreSerializer,
    DiversityQuery,
    DiversitySerializer,
    GroupReportSerializer,
    GroupsQuery,
    PositionsSerializer,
    ProgressSerializer,
    RankingQuery,
    RankingSerializer,
)
from api.views.base import ScopedList, ScopedView, get_project, has_scope, read_query
from pluralism.positions import Positions


class StatisticsView(ScopedView):
    """Figures of a project."""

    scopes = {"GET": Scope.READ_STATISTICS}


class ProgressStatistics(StatisticsView):
    """How far a project has come."""

    @extend_schema(operation_id="statistics_progress", responses=ProgressSerializer)
    def get(self, request: Request, slug: str) -> Response:
        """Count what is wanted and what is there, by language and by day."""
        project = get_project(request, slug)
        found = {
            "counts": count_progress(project_ids=[project.pk])[project.pk],
            "languages": progress_by_language(project=project),
            "days": progress_by_day(project=project),
        }
        return Response(ProgressSerializer(found).data)


class AgreementStatistics(StatisticsView):
    """How far people agree."""

    @extend_schema(
        operation_id="statistics_agreement",
        parameters=[AgreementQuery],
        responses=AgreementReportSerializer,
    )
    def get(self, request: Request, slug: str) -> Response:
        """Measure agreement in planned places, with bootstrap intervals over comparisons."""
        project = get_project(request, slug)
        asked = read_query(request, AgreementQuery)
        report = agreement(project=project, divided=asked["divided"])
        return Response(AgreementReportSerializer(report).data)


class ConsistencyStatistics(StatisticsView):
    """How far people agree with themselves."""

    @extend_schema(operation_id="statistics_consistency", responses=ConsistencyReportSerializer)
    def get(self, request: Request, slug: str) -> Response:
        """Measure how often people gave the same answer when they were asked again."""
        found = consistency(project=get_project(request, slug))
        return Response(ConsistencyReportSerializer(found).data)


class PositionStatistics(StatisticsView):
    """Whether people choose by position."""

    @extend_schema(operation_id="statistics_positions", responses=PositionsSerializer(many=True))
    def get(self, request: Request, slug: str) -> Response:
        """Count what was chosen in planned places by display position, an object for each number of responses."""
        found = positions(project=get_project(request, slug))
        return Response(PositionsSerializer([_shown(one) for one in found], many=True).data)


class DiversityStatistics(StatisticsView):
    """How unlike the candidates are."""

    @extend_schema(
        operation_id="statistics_diversity",
        parameters=[DiversityQuery],
        responses=DiversitySerializer,
    )
    def get(self, request: Request, slug: str) -> Response:
        """Compare strategies and models by the diversity of the sets they made."""
        project = get_project(request, slug)
        asked = read_query(request, DiversityQuery)
        table = diversity_table(project=project, **asked)
        return Response(DiversitySerializer(table).data)


class RankingStatistics(StatisticsView):
    """What people choose."""

    @extend_schema(
        operation_id="statistics_ranking", parameters=[RankingQuery], responses=RankingSerializer
    )
    def get(self, request: Request, slug: str) -> Response:
        """Rate models, strategies or slots by what was chosen among them in planned places."""
        project = get_project(request, slug)
        asked = read_query(request, RankingQuery)
        return Response(RankingSerializer(ranking(project=project, **asked)).data)


class GroupStatistics(StatisticsView):
    """Whether groups of people answer alike."""

    @extend_schema(
        operation_id="statistics_groups", parameters=[GroupsQuery], responses=GroupReportSerializer
    )
    def get(self, request: Request, slug: str) -> Response:
        """Compare countries, or the groups of another question with the scope `read:demographics` too."""
        project = get_project(request, slug)
        by = read_query(request, GroupsQuery)["by"]
        if by != COUNTRY and not has_scope(request, Scope.READ_DEMOGRAPHICS):
            raise PermissionDenied(_scope_missing(Scope.READ_DEMOGRAPHICS), code="scope_missing")
        return Response(GroupReportSerializer(compare_groups(project=project, by=by)).data)


@extend_schema_view(get=extend_schema(operation_id="statistics_annotators"))
class AnnotatorStatistics(ScopedList):
    """How people work: pace, positions, checks, repeats and skips, each person by their pseudonym."""

    scopes = {"GET": Scope.READ_STATISTICS}
    serializer_class = AnnotatorFiguresSerializer
    queryset = Participation.objects.none()

    def get_queryset(self) -> QuerySet[Participation]:
        """Return those who have judged and not left."""
        return Participation.objects.filter(
            project=get_project(self.request, self.kwargs["slug"]),
            withdrawn_at=None,
            judgments_given__gt=0,
        )

    def paginate_queryset(self, queryset: Any) -> Any:
        """Return the page's figures instead of its people."""
        return annotator_figures(people=super().paginate_queryset(queryset) or [])


class ValueStatistics(StatisticsView):
    """Which values people chose."""

    @extend_schema(operation_id="statistics_values", responses=CountryScoreSerializer(many=True))
    def get(self, request: Request, slug: str) -> Response:
        """Score the value codes of the responses that people chose, by country; raked to its margins too with the scope `read:demographics`."""
        found = get_country_scores(project=get_project(request, slug))
        if not has_scope(request, Scope.READ_DEMOGRAPHICS):  # raking tells what few people said
            reason = _scope_missing(Scope.READ_DEMOGRAPHICS)
            found = [replace(one, raked=Figure(None, None, 0, reason)) for one in found]
        return Response(CountryScoreSerializer(found, many=True).data)


def _scope_missing(scope: Scope) -> str:
    return _("This needs a token with the scope %(scope)s.") % {"scope": scope}


def _shown(found: Positions) -> dict[str, Any]:
    """Return the test with a figure for each position; there is one only where something was chosen."""
    return {
        "k": len(found.counts),
        "n": found.n,
        "positions": [
            {
                "position_shown": position,
                "count": count,
                "share": Figure(count / found.n, found.intervals[position], found.n),
            }
            for position, count in enumerate(found.counts)
        ],
        "chi_square": found.chi_square,
        "degrees_of_freedom": len(found.counts) - 1,
        "p": found.p,
    }
