"""One streaming response: complete, compressible, incremental, and gone when its reader goes."""

import gzip
import io
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections, transaction

from annotator.models import Change, Judgment, Participation, Project
from annotator.selectors.exports import Filters, open_export
from annotator.selectors.exports.queries import FORMATS, queries_for
from annotator.selectors.exports.stream import AHEAD, SETTINGS
from tests.api.caller import Caller
from tests.factories import make_annotator, make_judgment, make_participation, make_set

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def alice(project: Project) -> Participation:
    return make_participation(project, make_annotator("alice"))


@pytest.fixture
def bob(project: Project) -> Participation:
    return make_participation(project, make_annotator("bob"))


@pytest.fixture
def judgments(project: Project, alice: Participation) -> list[Judgment]:
    for _number in range(3):
        make_set(project)
    return [make_judgment(alice) for _number in range(3)]


def connections_in_use() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend'"
        )
        return int(cursor.fetchone()[0])


def settles_at(wanted: int) -> bool:
    """Wait for backends that were told to end: they do so on their own time."""
    for _attempt in range(1000):
        if connections_in_use() == wanted:
            return True
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(0.005)")
    return False


def ids(answer: Any) -> list[int]:
    return [json.loads(line)["judgment_id"] for line in answer.getvalue().splitlines()]


def test_it_is_json_lines_to_be_saved_in_a_file(judgments: list[Judgment], rita: Caller) -> None:
    answer = rita.get("export/")
    assert answer.streaming
    assert answer.headers["Content-Type"] == "application/jsonl; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="everyday-native.jsonl"'
    assert answer.getvalue().endswith(b"}\n")


@pytest.mark.parametrize(
    "accepted", ["application/jsonl", "application/x-ndjson", "application/json", "*/*"]
)
def test_every_usual_accept_header_gets_it(
    judgments: list[Judgment], rita: Caller, accepted: str
) -> None:
    assert len(ids(rita.get("export/", headers={"Accept": accepted}))) == 3


@pytest.mark.parametrize("accepted", ["gzip", "deflate, gzip;q=0.5, br", "x-gzip"])
def test_gzip_when_asked(judgments: list[Judgment], rita: Caller, accepted: str) -> None:
    answer = rita.get("export/", headers={"Accept-Encoding": accepted})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(answer.getvalue()) == rita.get("export/").getvalue()


@pytest.mark.parametrize("accepted", ["", "identity", "gzip;q=0", "br"])
def test_no_gzip_otherwise(judgments: list[Judgment], rita: Caller, accepted: str) -> None:
    answer = rita.get("export/", headers={"Accept-Encoding": accepted})
    assert "Content-Encoding" not in answer.headers
    assert len(ids(answer)) == 3


def test_head_gives_the_headers_and_frees_the_connection(
    judgments: list[Judgment], rita: Caller
) -> None:
    before = connections_in_use()
    answer = rita.client.head(
        f"{rita.root}export/", headers={"Authorization": f"Bearer {rita.key}"}
    )
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["X-Export-Cursor"] == str(Change.objects.latest("id").pk)
    assert settles_at(before)


def test_an_export_that_was_read_frees_its_connection(
    project: Project, judgments: list[Judgment]
) -> None:
    before = connections_in_use()
    stream = open_export(project=project, export_format="native", filters=Filters())
    assert connections_in_use() == before + 1
    assert len(list(stream)) == 1
    assert settles_at(before)


@pytest.mark.parametrize("compressed", [True, False])
def test_a_reader_that_goes_away_frees_the_connection(
    judgments: list[Judgment], rita: Caller, compressed: bool
) -> None:
    before = connections_in_use()
    answer = rita.get("export/", headers={"Accept-Encoding": "gzip" if compressed else ""})
    next(iter(answer.streaming_content))
    answer.close()
    assert settles_at(before)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith(AHEAD)]


def test_it_shows_the_moment_of_its_beginning(
    project: Project, judgments: list[Judgment], bob: Participation
) -> None:
    with open_export(project=project, export_format="native", filters=Filters()) as stream:
        make_judgment(bob)
        assert b"".join(stream).count(b"\n") == 3


def test_an_acknowledged_judgment_is_in_the_next_export(
    judgments: list[Judgment], rita: Caller, bob: Participation
) -> None:
    assert len(ids(rita.get("export/"))) == 3
    late = make_judgment(bob)
    assert ids(rita.get("export/")) == [*[judgment.pk for judgment in judgments], late.pk]


def test_since_a_cursor_gives_what_changed_after_it(
    project: Project, judgments: list[Judgment], rita: Caller, bob: Participation
) -> None:
    whole = rita.get("export/")
    cursor = whole.headers["X-Export-Cursor"]
    assert len(ids(whole)) == 3
    assert cursor == str(Change.objects.latest("id").pk)
    assert ids(rita.get(f"export/?since={cursor}")) == []
    late = make_judgment(bob)
    Change.objects.create(project=project, kind="marked", judgment=judgments[1])
    answer = rita.get(f"export/?since={cursor}")
    assert ids(answer) == [judgments[1].pk, late.pk]
    assert int(answer.headers["X-Export-Cursor"]) == Change.objects.latest("id").pk
    assert ids(rita.get("export/?since=0")) == ids(rita.get("export/"))


def test_an_increment_says_which_judgments_to_forget(
    project: Project, judgments: list[Judgment], rita: Caller, alice: Participation
) -> None:
    first = rita.get("export/")
    whole = {row["judgment_id"]: row for row in map(json.loads, first.getvalue().splitlines())}
    Participation.objects.filter(pk=alice.pk).update(withdrawn_at="2026-01-01T00:00:00Z")
    Change.objects.bulk_create(
        Change(project=project, kind="withdrawn", judgment=judgment) for judgment in judgments
    )
    tombstones = rita.rows(f"?since={first.headers['X-Export-Cursor']}")
    assert [row["judgment_id"] for row in tombstones] == list(whole)
    for row in tombstones:
        assert list(row) == list(next(iter(whole.values())))
        assert row["withdrawn"]
        assert (
            row["annotator"] is row["annotator_id"] is row["explanation"] is row["prompt"] is None
        )


def test_the_cursor_waits_for_writers_whose_change_has_a_lower_number(
    project: Project, judgments: list[Judgment], rita: Caller
) -> None:
    """Without the lock the cursor would name the second change, and the first one would be in no increment."""
    before = str(Change.objects.latest("id").pk)
    slow = connections.create_connection("default")
    answers: list[Any] = []
    try:
        with slow.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute(
                "SELECT pg_advisory_xact_lock_shared(%s, %s)", [Change.ADVISORY_LOCK, project.pk]
            )
            cursor.execute(
                "INSERT INTO annotator_change (project_id, kind, judgment_id, at) VALUES (%s, 'marked', %s, now())",
                [project.pk, judgments[0].pk],
            )
            with transaction.atomic():
                Change.objects.create(project=project, kind="marked", judgment=judgments[1])
            reader = threading.Thread(
                target=lambda: answers.append(_read_and_hang_up(rita, before))
            )
            reader.start()
            _wait_for_a_waiter()
            cursor.execute("COMMIT")
            reader.join()
    finally:
        slow.close()
    assert answers == [[judgments[0].pk, judgments[1].pk]]


def _read_and_hang_up(rita: Caller, since: str) -> list[int]:
    try:
        return ids(rita.get(f"export/?since={since}"))
    finally:
        connection.close()


def _wait_for_a_waiter() -> None:
    with connection.cursor() as cursor:
        for _attempt in range(3000):
            cursor.execute(
                "SELECT pg_sleep(0.001), count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
            )
            if cursor.fetchone()[1]:
                return
    raise AssertionError("the export did not wait")


@pytest.mark.parametrize("export_format", ["native", "preference"])
def test_the_plan_sorts_and_hashes_nothing_before_the_first_row(
    project: Project, judgments: list[Judgment], export_format: str
) -> None:
    (query,) = queries_for(project=project, export_format=export_format, filters=Filters())
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(SETTINGS + "; SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN (FORMAT JSON) DECLARE reader CURSOR FOR {query.sql}", query.values)
        plan = cursor.fetchone()[0][0]["Plan"]
    kinds = [node["Node Type"] for node in outer(plan)]
    assert not {"Sort", "Hash", "Materialize"} & set(kinds), kinds
    assert kinds[-1] == "Index Scan"


def outer(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the nodes on the way to the judgments: those that a first row must pass."""
    yield node
    for inner in node.get("Plans", []):
        if inner["Parent Relationship"] == "Outer":
            yield from outer(inner)


@pytest.mark.parametrize("planned", ["csv"])
def test_a_format_that_is_not_built_is_refused_with_those_that_are(
    rita: Caller, planned: str
) -> None:
    for path in (f"export/?format={planned}", f"export/features/?format={planned}"):
        answer = rita.get(path)
        assert (answer.status_code, answer.json()["code"]) == (400, "unknown_format")
        assert answer.json()["fields"] == {"format": f"One of: {', '.join(FORMATS)}."}


@pytest.mark.parametrize(
    ("query", "field"),
    [("format=preference&since=1", "since"), ("since=1&counted=true", "counted")],
)
def test_combinations_that_would_mislead_are_refused(rita: Caller, query: str, field: str) -> None:
    answer = rita.get(f"export/?{query}")
    assert (answer.status_code, list(answer.json()["fields"])) == (400, [field])


def test_the_command_writes_the_same(
    judgments: list[Judgment], rita: Caller, tmp_path: Path
) -> None:
    target = tmp_path / "everyday.jsonl"
    call_command("export", "everyday", output=str(target), stderr=io.StringIO())
    assert target.read_bytes() == rita.get("export/").getvalue()
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["nowhere"], "nowhere"),
        (["everyday", "--format", "parquet"], "native, community-alignment"),
        (["everyday", "--output", "/nowhere/x"], "/nowhere/x"),
    ],
)
def test_the_command_says_what_is_wrong(
    project: Project, arguments: list[str], sentence: str
) -> None:
    with pytest.raises(CommandError, match=sentence):
        call_command("export", *arguments, stderr=io.StringIO())
