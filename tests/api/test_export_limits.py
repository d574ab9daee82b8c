"""Exports are bounded in number and in speed, so that annotators never feel them."""

import time
from typing import Any

import pytest

from annotator.errors import Busy
from annotator.models import Participation, Project
from annotator.selectors.exports import Filters, Snapshot, open_export
from tests.api.caller import Caller
from tests.factories import make_annotator, make_judgment, make_participation, make_set

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def alice(project: Project) -> Participation:
    return make_participation(project, make_annotator("alice"))


@pytest.fixture(autouse=True)
def _one_at_once(settings: Any) -> None:
    settings.EXPORTS_AT_ONCE = 1


def judge(project: Project, alice: Participation, times: int) -> None:
    for _number in range(times):
        make_set(project)
        make_judgment(alice)


def open_one(project: Project) -> Any:
    return open_export(project=project, export_format="native", filters=Filters())


def test_one_too_many_is_told_when_to_come_again(project: Project, rita: Caller) -> None:
    with open_one(project):
        answer = rita.get("export/")
    assert (answer.status_code, answer.json()["code"]) == (503, "busy")
    assert answer.headers["Retry-After"] == "30"


def test_a_turn_is_free_again_when_the_export_was_read(
    project: Project, alice: Participation, rita: Caller
) -> None:
    judge(project, alice, 1)
    for _again in range(3):
        assert _until_free(rita).getvalue().count(b"\n") == 1


def test_a_turn_is_free_again_when_the_reader_has_gone(
    project: Project, alice: Participation, rita: Caller
) -> None:
    judge(project, alice, 30)
    gone = rita.get("export/")
    next(iter(gone.streaming_content))
    gone.close()
    assert _until_free(rita).getvalue().count(b"\n") == 30


def test_a_refused_export_takes_no_turn(project: Project, rita: Caller) -> None:
    assert rita.get("export/?format=csv").status_code == 400
    assert _until_free(rita).getvalue() == b""


def test_every_process_counts_and_a_release_does_not(project: Project) -> None:
    with Snapshot(project=project), open_one(project):
        with pytest.raises(Busy):
            open_one(project)
        with Snapshot(project=project) as another:
            assert another.rows("SELECT 1") == [(1,)]


def test_a_rate_slows_the_rows_and_changes_none(
    project: Project, alice: Participation, settings: Any, rita: Caller
) -> None:
    judge(project, alice, 30)
    whole = _until_free(rita).getvalue()
    settings.EXPORT_RATE = 60
    begin = time.monotonic()
    assert _until_free(rita).getvalue() == whole
    assert time.monotonic() - begin >= 0.5


def _until_free(rita: Caller) -> Any:
    """Return the export: a backend that was told to end gives its turn back on its own time."""
    for _attempt in range(500):
        answer = rita.get("export/")
        if answer.status_code != 503:
            return answer
        time.sleep(0.01)
    raise AssertionError("the turn was never given back")
