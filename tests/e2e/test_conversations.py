"""Conversations in a real browser, with a real worker and a model server that has a mode per request."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import expect
from pytest_django import Settings

from annotator.models import (
    Annotator,
    CandidateSet,
    Conversation,
    Judgment,
    Participation,
    Project,
    Turn,
)
from annotator.services.people import set_ui_language
from tests.e2e.test_appearance import barriers
from tests.e2e.visitors import PAIRINGS, Visitor, Visitors
from tests.factories import make_participation, make_project, make_prompt, make_set
from tests.model_server import ModelServerStandIn
from tests.workers.celery_worker import run_worker
from tests.workers.conftest import model_server  # noqa: F401 - a fixture

TASK = "/projects/everyday/task/"
SLOW = 20_000
"""Milliseconds for what a worker has to start up or to try again for."""

pytestmark = pytest.mark.processes


@pytest.fixture
def project(alice: Annotator) -> Project:
    project = make_project(turns=3, turns_min=2)
    make_participation(project, alice)
    for number in range(2):
        make_set(project, make_prompt(project, f"Question {number}?"))
    return project


@pytest.fixture
def worker(
    model_server: ModelServerStandIn,  # noqa: F811 - the fixture
    settings: Settings,
    tmp_path: Path,
) -> Iterator[None]:
    settings.VLLM_TIMEOUT = 2.0
    with run_worker(log=tmp_path / "worker.log", queue="interactive"):
        yield


@pytest.fixture(params=[True, False], ids=["script", "plain"])
def at_work(
    request: pytest.FixtureRequest, visit: Visitors, project: Project, worker: None
) -> Visitor:
    return come_in(visit(javascript=request.param))


@pytest.fixture
def with_script(visit: Visitors, project: Project, worker: None) -> Visitor:
    return come_in(visit())


def come_in(visitor: Visitor) -> Visitor:
    visitor.sign_in("alice")
    visitor.go(TASK)
    return visitor


def judge(visitor: Visitor, letter: str) -> None:
    visitor.choose(letter)
    visitor.page.click("#submit")


def send(visitor: Visitor, message: str) -> None:
    visitor.page.fill("#message", message)
    visitor.page.click("button[value=send]")


def wait_for_the_task(visitor: Visitor) -> None:
    """Wait on the waiting page: it leads on by itself, or by its link where there is no script."""
    page = visitor.page
    again = page.locator("a:has-text('Look again'):visible")
    for _look in range(200):
        if page.locator("#judgment").count():
            return
        if again.count():
            again.first.click()
        page.wait_for_timeout(100)
    raise AssertionError(page.locator("main").inner_text())


def test_a_conversation_of_three_turns(at_work: Visitor) -> None:
    page = at_work.page
    judge(at_work, "b")
    expect(page.locator("#next-turn")).to_be_visible()
    expect(page.locator("button[value=finish]")).to_have_count(0)
    send(at_work, "And why?")
    expect(page.locator("main")).to_contain_text("And why?")
    wait_for_the_task(at_work)
    expect(page.locator("#prompt p")).to_have_text("And why?")
    expect(page.locator(".said")).to_contain_text("Question 0?")
    judge(at_work, "a")
    expect(page.locator("button[value=finish]")).to_be_visible()
    send(at_work, "And then?")
    wait_for_the_task(at_work)
    expect(page.locator("#prompt p")).to_have_text("And then?")
    page.locator(".said summary").click()
    expect(page.locator(".said")).to_contain_text("Question 0?")
    expect(page.locator(".said")).to_contain_text("And why?")
    judge(at_work, "d")
    expect(page.locator("#prompt p")).to_have_text("Question 1?")
    conversation = Conversation.objects.get()
    assert conversation.finished_at is not None
    assert Judgment.objects.filter(turn__conversation=conversation).count() == 3


def test_a_server_that_was_away_is_waited_for(at_work: Visitor) -> None:
    judge(at_work, "a")
    send(at_work, "And why? [[unavailable, ok]]")
    wait_for_the_task(at_work)
    assert Turn.objects.get(number=2).comparison is not None


def test_what_is_refused_is_told_and_the_person_goes_on(at_work: Visitor) -> None:
    page = at_work.page
    judge(at_work, "a")
    send(at_work, "And why? [[bad-request]]")
    _look_until(at_work, "The model could not answer this.")
    page.click("text=End this conversation")
    expect(page.locator("#prompt p")).to_have_text("Question 1?")
    assert Turn.objects.get(number=2).message == "And why? [[bad-request]]"
    assert Conversation.objects.get().finished_at is not None


def _look_until(visitor: Visitor, sentence: str) -> None:
    page = visitor.page
    for _look in range(200):
        if sentence in page.locator("main").inner_text():
            return
        again = page.locator("a:has-text('Look again'):visible")
        if again.count():
            again.first.click()
        page.wait_for_timeout(100)
    raise AssertionError(page.locator("main").inner_text())


def test_whoever_waits_for_a_hanging_server_takes_another_task(with_script: Visitor) -> None:
    page = with_script.page
    judge(with_script, "a")
    send(with_script, "And why? [[hang]]")
    page.click("text=Go on with another task")
    expect(page.locator("#prompt p")).to_have_text("Question 1?")
    page.click("text=See how far they are")
    expect(page.locator("main")).to_contain_text("And why? [[hang]]")
    asked = timezone.now() - timedelta(minutes=1)
    CandidateSet.objects.filter(turn__isnull=False).update(created_at=asked)
    expect(page.locator("#making")).to_contain_text("This takes longer than usual.")
    page.click("text=End this conversation")
    expect(page.locator("#prompt p")).to_have_text("Question 1?")
    assert CandidateSet.objects.get(turn__isnull=False).state == "cancelled"


def test_what_was_refused_can_be_asked_for_again(with_script: Visitor) -> None:
    page = with_script.page
    judge(with_script, "a")
    send(with_script, "And why? [[bad-request, ok]]")
    expect(page.locator("#stage")).to_contain_text("could not answer", timeout=SLOW)
    page.click("button:has-text('Try again')")
    expect(page.locator("#judgment")).to_be_visible(timeout=SLOW)


@pytest.mark.parametrize("javascript", [True, False], ids=["script", "plain"])
def test_a_prompt_of_ones_own(
    visit: Visitors, project: Project, worker: None, *, javascript: bool
) -> None:
    _let_all_be_own(project)
    at_work = come_in(visit(javascript=javascript))
    page = at_work.page
    expect(page.locator(".hints")).to_contain_text("A rule you disagree with")
    send(at_work, "May I lie?")
    wait_for_the_task(at_work)
    expect(page.locator("#prompt h1")).to_have_text("You wrote")
    judge(at_work, "c")
    send(at_work, "And to whom?")
    wait_for_the_task(at_work)
    expect(page.locator(".said")).to_contain_text("May I lie?")
    judge(at_work, "a")
    page.click("button[value=finish]")
    expect(page.locator("#own-prompt")).to_be_visible()
    assert Conversation.objects.get().opening == "own"


def test_where_nothing_answers_ones_own_a_given_prompt_follows(
    visit: Visitors, project: Project, worker: None
) -> None:
    _let_all_be_own(project)
    with_script = come_in(visit())
    page = with_script.page
    send(with_script, "May I lie? [[bad-request]]")
    expect(page.locator("#stage")).to_contain_text("could not answer", timeout=SLOW)
    page.click("text=End this conversation")
    expect(page.locator("#prompt p")).to_have_text("Question 0?")
    judge(with_script, "a")
    expect(page.locator("#next-turn")).to_be_visible()
    assert Judgment.objects.get().turn.conversation.opening == "fallback"


def _let_all_be_own(project: Project) -> None:
    from annotator.services.projects import open_project

    project.own_prompt_share = 1.0
    project.topic_hints = {"en": ["A rule you disagree with"], "ar": ["قاعدة لا توافق عليها"]}
    project.save()
    open_project(project=project)


@pytest.mark.parametrize(("language", "scheme", "width"), PAIRINGS)
def test_no_page_of_a_conversation_has_a_barrier(
    visit: Visitors,
    project: Project,
    alice: Annotator,
    worker: None,
    language: str,
    scheme: str,
    width: int,
) -> None:
    set_ui_language(annotator=alice, language=language)
    _let_all_be_own(project)
    visitor = come_in(visit(width=width, scheme=scheme, language=language))
    page = visitor.page
    page.click("button[value=send]")
    expect(page.locator("#message-error")).to_be_visible()
    found = {"own": barriers(visitor)}
    send(visitor, "And why? [[ok]]")  # `test_access_states` has the page that waits
    expect(page.locator("#judgment")).to_be_visible(timeout=SLOW)
    found["own turn"] = barriers(visitor)
    judge(visitor, "a")
    expect(page.locator("#next-turn")).to_be_visible()
    found["next"] = barriers(visitor)
    send(visitor, "And then? [[ok]]")
    expect(page.locator("#judgment .said")).to_be_visible(timeout=SLOW)
    found["later turn"] = barriers(visitor)
    assert {name: lines for name, lines in found.items() if lines} == {}
    assert Participation.objects.get().conversations_begun == 1
