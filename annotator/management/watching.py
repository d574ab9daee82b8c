"""Seeing a run through at a terminal."""

import sys
import time
from collections.abc import Callable, Sequence

from django.core.management.base import CommandError
from django.utils.translation import gettext as _
from tqdm import tqdm

from annotator.models import GenerationRun
from annotator.selectors.generation import RunProgress, run_progress
from annotator.selectors.measuring import count_unmeasured

LOOK_EVERY = 0.5
PLAIN_LINE_EVERY = 10.0
STILL_AFTER = 60.0


def report(run: GenerationRun, *, write: Callable[[str], object], wait: bool) -> None:
    """Say what a new run holds; with `wait` see it through, and end the command unless every set was made."""
    total = run_progress(run).total
    write(_("Run %(run)s: %(total)s sets queued.") % {"run": run.pk, "total": total})
    if wait and (missing := what_is_missing(watch(run, write=write))):
        raise CommandError(missing)


def watch(run: GenerationRun, *, write: Callable[[str], object]) -> RunProgress:
    """Show the progress until nothing more will happen by itself: a bar at a terminal, else a line now and then."""
    progress = run_progress(run)
    terminal = sys.stderr.isatty()
    said_at = moved_at = time.monotonic()
    with tqdm(total=progress.total, unit="set", disable=not terminal) as bar:
        while not progress.over:
            time.sleep(LOOK_EVERY)
            before, progress = progress, run_progress(run)
            now = time.monotonic()
            if progress != before:
                moved_at = now
            elif now - moved_at > STILL_AFTER:
                moved_at = now
                tqdm.write(
                    _(
                        "Nothing has moved for a minute. Is a worker running? celery -A config worker -Q bulk"
                    ),
                    file=sys.stderr,
                )
            bar.update(progress.done - bar.n)
            bar.set_postfix_str(progress_line(progress))
            if not terminal and now - said_at >= PLAIN_LINE_EVERY:
                said_at = now
                write(f"{progress.done}/{progress.total} {progress_line(progress)}")
    write(f"{progress.done}/{progress.total} {progress_line(progress)}")
    return progress


def wait_until_measured(runs: Sequence[GenerationRun]) -> int:
    """Wait until the sets of runs are embedded and judged, where that is configured; return how many are left if it stands still."""
    ids = [run.pk for run in runs]
    left, moved_at = count_unmeasured(run_ids=ids), time.monotonic()
    while left and time.monotonic() - moved_at < STILL_AFTER:
        time.sleep(LOOK_EVERY)
        before, left = left, count_unmeasured(run_ids=ids)
        if left != before:
            moved_at = time.monotonic()
    return left


def progress_line(progress: RunProgress) -> str:
    """Return the counts on one line."""
    review = f"in review {progress.review}, " if progress.review else ""
    counts = f"complete {progress.complete}, {review}truncated {progress.truncated}, failed {progress.failed}, {progress.tokens_per_second:.0f} tokens/s"
    return f"{counts} {progress.pause_reason}".strip()


def what_is_missing(progress: RunProgress) -> str:
    """Say why not every set is complete or waits for its reviewer; empty where each one does."""
    if progress.complete + progress.review == progress.total:
        return ""
    reasons = ", ".join(f"{reason}: {count}" for reason, count in sorted(progress.reasons.items()))
    return _("%(complete)s of %(total)s sets are complete; the run is %(state)s. %(why)s") % {
        "complete": progress.complete,
        "total": progress.total,
        "state": progress.state,
        "why": progress.pause_reason or reasons,
    }
