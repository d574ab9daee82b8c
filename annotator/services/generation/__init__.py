"""Making candidates: runs, the queue of their sets, and what comes back from the workers."""

from annotator.services.generation.alignment import (
    accept_translation,
    reject_translation,
    start_alignment,
)
from annotator.services.generation.endpoints import (
    EndpointReport,
    record_endpoints,
    remember_server,
)
from annotator.services.generation.live import ask_for_turn, record_progress, start_trial
from annotator.services.generation.queue import (
    ClaimedSet,
    claim_sets,
    finish_runs,
    give_back_sets,
    renew_leases,
    requeue_overdue,
)
from annotator.services.generation.results import (
    Again,
    Completed,
    Drafted,
    Exchanged,
    Failed,
    MadeResponse,
    Outcome,
    SetResult,
    Stored,
    Truncated,
    store_results,
)
from annotator.services.generation.runs import (
    cancel_run,
    pause_run,
    resume_run,
    retry_failed,
    set_notice,
    start_run,
)
from annotator.services.generation.side_by_side import start_side_by_side

__all__ = [
    "Again",
    "ClaimedSet",
    "Completed",
    "Drafted",
    "EndpointReport",
    "Exchanged",
    "Failed",
    "MadeResponse",
    "Outcome",
    "SetResult",
    "Stored",
    "Truncated",
    "accept_translation",
    "ask_for_turn",
    "cancel_run",
    "claim_sets",
    "finish_runs",
    "give_back_sets",
    "pause_run",
    "record_endpoints",
    "record_progress",
    "reject_translation",
    "remember_server",
    "renew_leases",
    "requeue_overdue",
    "resume_run",
    "retry_failed",
    "set_notice",
    "start_alignment",
    "start_run",
    "start_side_by_side",
    "start_trial",
    "store_results",
]
