"""Addresses below /api/v1/."""

from django.urls import path, re_path

from api.views import (
    candidates,
    documentation,
    generation,
    judgments,
    projects,
    prompts,
    releases,
    statistics,
)

app_name = "api"
PROJECT = "projects/<slug:slug>/"
RELEASE = f"{PROJECT}releases/<str:version>/"
STATISTICS = f"{PROJECT}statistics/"
RUN = f"{PROJECT}generation-runs/<int:run_id>/"

urlpatterns = [
    path("schema/", documentation.Schema.as_view(), name="schema"),
    path("docs/", documentation.documentation, name="docs"),
    path("projects/", projects.Projects.as_view(), name="projects"),
    path(PROJECT, projects.ProjectDetail.as_view(), name="project"),
    path(f"{PROJECT}prompts/", prompts.Prompts.as_view(), name="prompts"),
    path(f"{PROJECT}generation-runs/", generation.GenerationRuns.as_view(), name="generation-runs"),
    path(RUN, generation.GenerationRunDetail.as_view(), name="generation-run"),
    path(f"{RUN}pause/", generation.PauseRun.as_view(), name="generation-run-pause"),
    path(f"{RUN}resume/", generation.ResumeRun.as_view(), name="generation-run-resume"),
    path(f"{RUN}cancel/", generation.CancelRun.as_view(), name="generation-run-cancel"),
    path(f"{RUN}retry/", generation.RetryRun.as_view(), name="generation-run-retry"),
    path(f"{PROJECT}candidate-sets/", candidates.CandidateSets.as_view(), name="candidate-sets"),
    path(f"{PROJECT}judgments/", judgments.Judgments.as_view(), name="judgments"),
    path(f"{PROJECT}export/", judgments.Export.as_view(), name="export"),
    path(f"{PROJECT}export/features/", judgments.ExportFeatures.as_view(), name="features"),
    path(f"{PROJECT}releases/", releases.Releases.as_view(), name="releases"),
    path(RELEASE, releases.ReleaseDetail.as_view(), name="release"),
    path(f"{RELEASE}files/<path:name>", releases.ReleaseFile.as_view(), name="release-file"),
    path(f"{STATISTICS}progress/", statistics.ProgressStatistics.as_view(), name="progress"),
    path(f"{STATISTICS}agreement/", statistics.AgreementStatistics.as_view(), name="agreement"),
    path(
        f"{STATISTICS}consistency/",
        statistics.ConsistencyStatistics.as_view(),
        name="consistency",
    ),
    path(f"{STATISTICS}positions/", statistics.PositionStatistics.as_view(), name="positions"),
    path(f"{STATISTICS}values/", statistics.ValueStatistics.as_view(), name="values"),
    path(f"{STATISTICS}diversity/", statistics.DiversityStatistics.as_view(), name="diversity"),
    path(f"{STATISTICS}ranking/", statistics.RankingStatistics.as_view(), name="ranking"),
    path(f"{STATISTICS}groups/", statistics.GroupStatistics.as_view(), name="groups"),
    path(f"{STATISTICS}annotators/", statistics.AnnotatorStatistics.as_view(), name="annotators"),
    re_path("", documentation.nothing_here),
]
