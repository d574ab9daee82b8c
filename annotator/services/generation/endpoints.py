"""What the workers saw of the model servers: they write it, the admin reads it."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models.functions import Now

from annotator.models import GenerationRun, ModelEndpoint
from annotator.services.generation.results import storable

State = ModelEndpoint.State


@dataclass(frozen=True)
class EndpointReport:
    """One look at a model server; `notice` says what is wrong and what to do about it."""

    name: str
    state: str
    notice: str = ""
    version: str = ""
    served_models: Sequence[str] = ()
    limit: int = 0
    waiting: int | None = None
    prefix_hit_rate: float | None = None


def record_endpoints(*, reports: Sequence[EndpointReport]) -> None:
    """Write what was seen, in one statement; the last writer's view stays."""
    ModelEndpoint.objects.bulk_create(
        [
            ModelEndpoint(
                name=report.name,
                state=report.state,
                notice=storable(report.notice),
                version=storable(report.version)[:64],
                served_models=[storable(model)[:200] for model in report.served_models],
                limit=report.limit,
                waiting=report.waiting,
                prefix_hit_rate=report.prefix_hit_rate,
                seen_at=Now(),
            )
            for report in sorted(reports, key=lambda report: report.name)
        ],
        update_conflicts=True,
        unique_fields=["name"],
        update_fields=[
            "state",
            "notice",
            "version",
            "served_models",
            "limit",
            "waiting",
            "prefix_hit_rate",
            "seen_at",
        ],
    )


def remember_server(*, run: GenerationRun, version: str, model: str) -> None:
    """Keep the version and the model of the run's first contact, where none is kept yet."""
    runs = GenerationRun.objects.filter(pk=run.pk)
    runs.filter(server_version="").update(server_version=storable(version)[:64])
    runs.filter(served_model="").update(served_model=storable(model)[:200])
