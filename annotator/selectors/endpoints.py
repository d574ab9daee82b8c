"""Which model servers there are. The environment is the allowlist: no address comes from anywhere else."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.conf import settings

DEFAULT = "default"
"""The name of the one that VLLM_BASE_URL tells of."""


@dataclass(frozen=True)
class Endpoint:
    """A model server as configured; no `models` means: those that it lists.

    `priority` says that it schedules by priority, `generates` that it makes candidates.
    """

    name: str
    base_url: str
    api_key: str = field(default="", repr=False)
    models: tuple[str, ...] = ()
    concurrency: int = 32
    priority: bool = False
    generates: bool = True


def all_endpoints() -> dict[str, Endpoint]:
    """Return every configured model server by its name, the one of VLLM_BASE_URL first."""
    found = [Endpoint(**options) for options in settings.VLLM_ENDPOINTS]
    if settings.VLLM_BASE_URL:
        found.insert(
            0,
            Endpoint(
                name=DEFAULT,
                base_url=settings.VLLM_BASE_URL,
                api_key=settings.VLLM_API_KEY,
                concurrency=settings.VLLM_CONCURRENCY,
                priority=settings.VLLM_PRIORITY,
            ),
        )
    return {endpoint.name: endpoint for endpoint in found}


def generating_endpoints(names: Sequence[str] = ()) -> list[Endpoint]:
    """Return those that make candidates; only the named ones where names are given."""
    return [
        endpoint
        for endpoint in all_endpoints().values()
        if endpoint.generates and (not names or endpoint.name in names)
    ]
