"""Building a release: once, inside one snapshot, in a fixed order, without a clock.

Two builds of the same snapshot give the same bytes, so the manifest's checksums can be verified by anybody
who has the snapshot. A worker that dies leaves nothing that counts: the next one begins anew, and only a
build that is whole is published.
"""

import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import connection
from django.utils import timezone

from annotator.bells import ring
from annotator.errors import Refused
from annotator.models import Project, Release
from annotator.selectors.exports import (
    AND_UNDECIDED,
    AS_DECIDED,
    SPLITS,
    Query,
    ReleasedPeople,
    Snapshot,
    read_people,
    released_query,
    values_of,
)
from annotator.selectors.exports.columns import SCHEMA_VERSION, Feature
from annotator.selectors.release_facts import ReleaseFacts, read_facts
from annotator.services.findings import checked_texts
from annotator.services.releases.code import describe_code
from annotator.services.releases.documents import write_documents
from annotator.services.releases.files import SplitWriter, WrittenFile, describe, schema_of
from annotator.services.releases.states import refuse_undecided
from pluralism.identifying import VERSION

State = Release.State
LOCK = 7352
"""First key of the advisory lock that one build of a release holds."""
TELL_EVERY = 2.0
RING_AFTER = timedelta(minutes=2)


def ring_for_releases() -> int:
    """Ring for releases that wait to be built; whoever finds one being built lets it be. Return how many."""
    waiting = Release.objects.filter(
        state=State.BUILDING, created_at__lt=timezone.now() - RING_AFTER
    ).values_list("pk", flat=True)
    for release_id in waiting:
        ring("workers.build_release", release_id=release_id)
    return len(waiting)


def build_release(*, release_id: int) -> None:
    """Build and publish a release that waits for it; otherwise do nothing.

    1. Take the release's lock, so that there is one build at a time.
    2. Read everything inside one snapshot, write the files to a folder of this machine.
    3. Put them into the storage, the manifest last.
    4. Publish, where the release still waits for it.
    """
    with _alone(release_id) as is_alone:
        release = (
            Release.objects.select_related("project")
            .filter(pk=release_id, state=State.BUILDING)
            .first()
        )
        if not is_alone or release is None:
            return
        try:
            with tempfile.TemporaryDirectory(prefix="plurivox-release-") as folder:
                manifest = _build(release, Path(folder))
                _store(release, Path(folder), manifest)
        except (OSError, Refused, pa.ArrowInvalid) as error:
            Release.objects.filter(pk=release_id, state=State.BUILDING).update(
                state=State.FAILED, failure=str(error)
            )
            return
        Release.objects.filter(pk=release_id, state=State.BUILDING).update(
            state=State.PUBLISHED, manifest=manifest, published_at=timezone.now(), failure=""
        )


def write_release(*, release: Release, snapshot: Snapshot, folder: Path) -> dict[str, Any]:
    """Write all files of a release as of a snapshot; return its manifest."""
    contents = _read(release, snapshot)
    written: list[WrittenFile] = []
    between: Counter[str] = Counter()
    tell = _Teller(release)
    for name, (query, columns) in contents.queries.items():
        schema = schema_of(columns)
        with ThreadPoolExecutor(max_workers=1) as thread:
            writers = {
                split: SplitWriter(folder, name=name, split=split, schema=schema, thread=thread)
                for split in SPLITS
            }
            for rows in snapshot.blocks(query, size=500):
                for line, split in rows:
                    if split is None:
                        between[name] += 1
                    else:
                        writers[split.decode()].add(line)
                tell.more(len(rows))
            for writer in writers.values():
                written += writer.close()
    tell.now()
    documents = write_documents(
        release=release,
        facts=contents.facts,
        people=contents.people,
        between=between,
        features={name: columns for name, (_query, columns) in contents.queries.items()},
        files=written,
        folder=folder,
    )
    written += [describe(path, folder=folder) for path in documents]
    manifest = _manifest(release, contents.facts, contents.people, snapshot.cursor, written)
    return {**manifest, "between_splits": dict(sorted(between.items()))}


@dataclass(frozen=True)
class _Contents:
    """What a release holds: what it says of people and of itself, and the statement of each format with its columns."""

    people: ReleasedPeople
    facts: ReleaseFacts
    queries: dict[str, tuple[Query, Mapping[str, Feature]]]


def _read(release: Release, snapshot: Snapshot) -> _Contents:
    """Read everything but the rows, the project's settings among it, as of the snapshot."""
    with snapshot.seen():
        project = release.project = Project.objects.get(pk=release.project_id)
        people = read_people(project=project, snapshot=snapshot, demographics=release.demographics)
        facts = read_facts(project=project, snapshot=snapshot, people=people)
        decisions: Sequence[str] = AND_UNDECIDED
        if project.unreviewed_texts == Project.UnreviewedTexts.REFUSE:
            decisions = AS_DECIDED
            refuse_undecided(project=project, undecided=facts.undecided)
        told = {
            **people.values(),
            **values_of(decisions),
        }
        queries = {
            name: released_query(project=project, export_format=name, told=told)
            for name in release.formats
        }
    return _Contents(people, facts, queries)


def _build(release: Release, folder: Path) -> dict[str, Any]:
    with checked_texts(project=release.project) as snapshot:
        return write_release(release=release, snapshot=snapshot, folder=folder)


def _manifest(
    release: Release,
    facts: ReleaseFacts,
    people: ReleasedPeople,
    cursor: int,
    files: list[WrittenFile],
) -> dict[str, Any]:
    return {
        "project": release.project.slug,
        "version": release.version,
        "schema_version": SCHEMA_VERSION,
        "code": describe_code(),
        "filters": {},
        "licence": release.licence,
        "formats": list(release.formats),
        "cursor": cursor,
        "waves": facts.waves,
        "judgments": facts.judgments,
        "conversations": facts.conversations,
        "excluded": facts.excluded,
        "anonymity": {
            "k": people.k,
            "enforced": people.is_enforced,
            "quasi_identifiers": list(people.questions),
            "values_coarsened": people.coarsened,
            "values_hidden": people.hidden,
            "before": asdict(people.before),
            "after": asdict(people.after),
        },
        "texts": {
            "checked_by": VERSION,
            "findings": _found(facts, in_responses=False),
            "findings_in_responses": _found(facts, in_responses=True),
            "undecided": release.project.unreviewed_texts,
        },
        "files": [file.as_json() for file in files],
    }


def _found(facts: ReleaseFacts, *, in_responses: bool) -> list[dict[str, Any]]:
    return [
        {"kind": kind, "decision": decision, "count": count}
        for kind, decision, count in facts.found(in_responses=in_responses)
    ]


def _store(release: Release, folder: Path, manifest: dict[str, Any]) -> None:
    (folder / "manifest.json").write_bytes(
        orjson.dumps(manifest, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS)
    )
    for entry in [*manifest["files"], {"path": "manifest.json"}]:
        name = f"{release.folder}/{entry['path']}"
        if default_storage.exists(name):  # of a build that was broken off
            default_storage.delete(name)
        with (folder / entry["path"]).open("rb") as file:
            default_storage.save(name, File(file))


@contextmanager
def _alone(release_id: int) -> Iterator[bool]:
    """Hold the release's lock for the time of a build; false where somebody else has it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [LOCK, release_id])
        (is_alone,) = cursor.fetchone()
    try:
        yield is_alone
    finally:
        if is_alone:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [LOCK, release_id])


class _Teller:
    """Writes down how far a build has come, at most every two seconds."""

    def __init__(self, release: Release) -> None:
        self._release, self._rows, self._at = release, 0, 0.0

    def more(self, rows: int) -> None:
        """Count more rows."""
        self._rows += rows
        if time.monotonic() >= self._at:
            self.now()

    def now(self) -> None:
        """Write it down."""
        self._at = time.monotonic() + TELL_EVERY
        Release.objects.filter(pk=self._release.pk, state=State.BUILDING).update(
            rows_written=self._rows
        )
