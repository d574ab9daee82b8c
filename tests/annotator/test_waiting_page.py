"""The page of a person who waits: their own message only, no text, no slot, always a way on."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from annotator.models import CandidateSet, GenerationRun, Participation, Turn
from annotator.services.generation import (
    SetResult,
    ask_for_turn,
    claim_sets,
    record_progress,
    store_results,
)
from tests.factories import (
    make_annotator,
    make_own_turn,
    make_participation,
    make_project,
)
from tests.pages import HTMX
from tests.workers.test_candidate_queue import FOUR

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _a_model_server(settings: Settings) -> None:
    settings.VLLM_BASE_URL = "http://127.0.0.1:9/v1"


@pytest.fixture
def alice() -> Participation:
    return make_participation(make_project(strategy="independent"), make_annotator("alice"))


@pytest.fixture
def turn(alice: Participation) -> Turn:
    return make_own_turn(alice, text="Darf ich lügen?", language="de")


@pytest.fixture
def browser(alice: Participation, client: Client) -> Client:
    client.force_login(alice.annotator)
    return client


def url(turn: Turn, slug: str = "everyday") -> str:
    return f"/projects/{slug}/turns/{turn.pk}/"


def progressed(turn: Turn, *tokens: int) -> CandidateSet:
    """Let a worker have come so far."""
    candidate_set = ask_for_turn(turn=turn)
    (claimed,) = claim_sets(run_id=candidate_set.run_id or 0, limit=1)
    record_progress(progress=[(claimed, tokens)])
    return candidate_set


def bars(html: str) -> list[str]:
    return re.findall(r'<progress max="1" value="([\d.]+)"', html)


def test_the_page_shows_the_message_and_asks_anew(browser: Client, turn: Turn) -> None:
    ask_for_turn(turn=turn)
    html = browser.get(url(turn)).content.decode()
    assert '<p lang="de" dir="ltr">Darf ich lügen?</p>' in html
    assert f'hx-get="{url(turn)}?shown=waiting" hx-trigger="every 300ms"' in html
    assert f'<noscript><a class="button" href="{url(turn)}">Look again</a></noscript>' in html
    assert 'id="stage" class="stage" role="status"' in html
    assert "Go on with another task" in html


def test_the_bars_stand_by_length_not_by_slot(browser: Client, turn: Turn) -> None:
    progressed(turn, 5, 400, 0, 100)
    html = browser.get(url(turn)).content.decode()
    assert bars(html) == ["0.39", "0.10", "0.00", "0.00"]
    assert "The responses are being written." in html


def test_no_bar_is_full_before_the_set_is_stored(browser: Client, turn: Turn) -> None:
    progressed(turn, 2000, 1024, 1, 1)
    assert bars(browser.get(url(turn)).content.decode())[:2] == ["0.97", "0.97"]


def test_the_part_that_is_asked_for_anew_tells_a_new_stage_once(
    browser: Client, turn: Turn
) -> None:
    progressed(turn, 5, 4, 0, 1)
    same = browser.get(f"{url(turn)}?shown=writing", headers=HTMX).content.decode()
    other = browser.get(f"{url(turn)}?shown=waiting", headers=HTMX).content.decode()
    assert same.strip().startswith('<div id="making"')
    assert "#stage" not in same
    assert 'hx-swap-oob="innerHTML:#stage">The responses are being written.' in other


def test_neither_text_nor_model_nor_strategy_reaches_the_browser(
    browser: Client, turn: Turn
) -> None:
    progressed(turn, 5, 4, 0, 1)
    html = browser.get(url(turn)).content.decode()
    for secret in (
        "independent",
        "nc_prompt",
        "slot",
        "View",
        str(ask_for_turn(turn=turn).run_id) + "/",
    ):
        assert secret not in html.replace(url(turn), "")


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_a_complete_set_leads_on(browser: Client, turn: Turn, headers: dict[str, str]) -> None:
    candidate_set = ask_for_turn(turn=turn)
    (claimed,) = claim_sets(run_id=candidate_set.run_id or 0, limit=1)
    store_results(results=[SetResult(claimed=claimed, outcome=FOUR)])
    response = browser.get(url(turn), headers=headers)
    assert response.headers["HX-Redirect" if headers else "Location"] == "/projects/everyday/task/"


def test_what_is_usual_is_told_by_the_sets_before(browser: Client, alice: Participation) -> None:
    for seconds in (3, 4, 60):
        made = ask_for_turn(turn=make_own_turn(alice))
        CandidateSet.objects.filter(pk=made.pk).update(
            state="complete",
            completion_tokens=80,
            completed_at=made.created_at + timedelta(seconds=seconds),
        )
    turn = make_own_turn(alice)
    progressed(turn, 10, 0, 0, 0)
    html = browser.get(url(turn)).content.decode()
    assert "It usually takes about 4 seconds." in html
    assert bars(html)[0] == "0.50"


def test_where_nothing_is_known_nothing_is_promised(browser: Client, turn: Turn) -> None:
    ask_for_turn(turn=turn)
    assert "How long it takes is not known yet." in browser.get(url(turn)).content.decode()


@pytest.mark.parametrize(("seconds", "pause"), [(0, 300), (15, 1000), (90, 3000)])
def test_the_longer_it_takes_the_less_often_the_page_asks(
    browser: Client, turn: Turn, seconds: int, pause: int
) -> None:
    candidate_set = ask_for_turn(turn=turn)
    CandidateSet.objects.update(created_at=candidate_set.created_at - timedelta(seconds=seconds))
    assert f'hx-trigger="every {pause}ms"' in browser.get(url(turn)).content.decode()


def test_a_long_wait_is_called_one(browser: Client, turn: Turn) -> None:
    candidate_set = ask_for_turn(turn=turn)
    CandidateSet.objects.update(created_at=candidate_set.created_at - timedelta(seconds=60))
    assert "This takes longer than usual." in browser.get(url(turn)).content.decode()


def _pause(run: GenerationRun) -> None:
    GenerationRun.objects.filter(pk=run.pk).update(state="paused", pause_reason="401")


def _notice(run: GenerationRun) -> None:
    GenerationRun.objects.filter(pk=run.pk).update(pause_reason="Trying again.")


@pytest.mark.parametrize("away", [_pause, _notice])
def test_a_server_that_is_away_is_said_and_looked_for_again(
    browser: Client, turn: Turn, away: Callable[[GenerationRun], None]
) -> None:
    run = ask_for_turn(turn=turn).run
    assert run is not None
    away(run)
    html = browser.get(url(turn)).content.decode()
    assert "The model is not answering at the moment. Your message is kept." in html
    assert 'hx-trigger="every 300ms"' in html
    assert "Trying again." not in html
    assert "401" not in html


@pytest.mark.parametrize("state", ["failed", "truncated", "cancelled"])
def test_what_failed_is_asked_for_again_by_a_button(
    browser: Client, turn: Turn, state: str
) -> None:
    failed = ask_for_turn(turn=turn)
    CandidateSet.objects.filter(pk=failed.pk).update(state=state, failure="rejected")
    html = browser.get(url(turn)).content.decode()
    assert "The model could not answer this." in html
    assert "hx-trigger" not in html
    assert "Look again" not in html
    assert browser.post(url(turn)).headers["Location"] == url(turn)
    assert CandidateSet.objects.filter(turn=turn, state="queued").count() == 1


def test_a_message_that_nothing_answers_is_kept_and_the_person_told(
    browser: Client, turn: Turn, settings: Settings
) -> None:
    settings.VLLM_BASE_URL = ""
    response = browser.post(url(turn))
    html = response.content.decode()
    assert response.status_code == 422
    assert "No model answers in this project. Your message is kept" in html
    assert "Go on with another task" in html


def test_nobody_else_sees_it_and_foreign_and_absent_are_alike(
    browser: Client, alice: Participation, turn: Turn
) -> None:
    bob = make_participation(alice.project, make_annotator("bob"))
    foreign = make_own_turn(bob)
    answers = [
        browser.get(path)
        for path in (
            url(foreign),
            f"/projects/everyday/turns/{foreign.pk + 999}/",
            f"/projects/everyday/turns/{2**63}/",
            url(turn, slug="elsewhere"),
        )
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert (
        len({re.sub(r"\d+|elsewhere|everyday", "", answer.content.decode()) for answer in answers})
        == 1
    )
    assert browser.post(url(foreign)).status_code == 404
    assert not CandidateSet.objects.exists()


def test_whoever_is_not_signed_in_is_led_to_the_door(client: Client, turn: Turn) -> None:
    assert client.get(url(turn)).headers["Location"].startswith("/login/")


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_looking_takes_three_queries(
    browser: Client,
    turn: Turn,
    headers: dict[str, str],
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    progressed(turn, 5, 4, 0, 1)
    with django_assert_num_queries(3):
        browser.get(url(turn), headers=headers)
