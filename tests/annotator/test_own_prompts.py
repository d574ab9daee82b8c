"""Conversations that begin with the annotator's own prompt: drawn by blocks, answered live, judged alone."""

import pytest
from django.test import Client
from pytest_django import Settings

from annotator.models import (
    CandidateSet,
    Conversation,
    Judgment,
    Participation,
    Project,
    Prompt,
    Turn,
    Wave,
)
from annotator.selectors.conversations import begins_with_own_prompt
from annotator.services.projects import open_project
from tests.annotator.conversing import SERVER, answer, fail, form
from tests.factories import make_annotator, make_participation, make_project, make_prompt, make_set
from tests.pages import sent, task_url

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _a_model_server(settings: Settings) -> None:
    settings.VLLM_BASE_URL = SERVER


@pytest.fixture
def project() -> Project:
    return make_project(
        own_prompt_share=1.0,
        strategy="independent",
        topic_hints={"en": ["A rule you <b>disagree</b> with"], "hi": ["कोई नियम"]},
    )


@pytest.fixture
def alice(project: Project) -> Participation:
    return make_participation(project, make_annotator("alice"))


@pytest.fixture
def browser(alice: Participation, client: Client) -> Client:
    client.force_login(alice.annotator)
    return client


def page_of(client: Client) -> str:
    return client.get(task_url()).content.decode()


def write(client: Client, message: str, **fields: str) -> str:
    """Write a prompt; return where the person is led."""
    found = form(page_of(client), "own-prompt")
    url = found.pop("url")
    response = client.post(url, {**found, "message": message, "action": "send", **fields})
    return response.headers.get("Location", "")


def test_the_page_asks_for_a_prompt_with_hints_in_the_persons_language(
    browser: Client, alice: Participation
) -> None:
    assert "A rule you &lt;b&gt;disagree&lt;/b&gt; with" in page_of(browser)
    Participation.objects.update(languages=["hi"])
    html = page_of(browser)
    assert '<li lang="hi" dir="ltr">कोई नियम</li>' in html
    assert form(html, "own-prompt")["language"] == "hi"


def test_a_prompt_is_stored_with_its_author_and_answered_live(
    browser: Client, alice: Participation
) -> None:
    url = write(browser, "May I lie?")
    prompt = Prompt.objects.get()
    assert (prompt.source, prompt.author, prompt.text, prompt.language) == (
        "own",
        alice,
        "May I lie?",
        "en",
    )
    turn = Turn.objects.get()
    assert url == f"/projects/everyday/turns/{turn.pk}/"
    assert turn.conversation.opening == "own"
    assert CandidateSet.objects.get().turn == turn


def test_its_first_turn_is_judged_on_a_place_of_ones_own(
    browser: Client, alice: Participation
) -> None:
    write(browser, "May I lie?")
    answer(Turn.objects.get())
    html = page_of(browser)
    assert "You wrote" in html
    assert "May I lie?" in html
    sent(browser, choice="a")
    judgment = Judgment.objects.get()
    assert judgment.turn == Turn.objects.get()
    assert judgment.assignment is not None
    assert judgment.assignment.owner == alice
    assert judgment.turn.conversation.finished_at is not None


def test_a_person_of_several_languages_says_in_which_they_write(browser: Client) -> None:
    Participation.objects.update(languages=["hi", "en"])
    html = page_of(browser).partition("own-prompt")[2]
    assert html.index('value="en" checked') < html.index('value="hi"')
    write(browser, "क्या झूठ बोलना ठीक है?", language="hi")
    assert Prompt.objects.get().language == "hi"


def test_a_language_that_is_not_theirs_is_refused(browser: Client) -> None:
    assert write(browser, "May I lie?", language="fr") == ""
    assert not Prompt.objects.exists()


def test_sent_twice_it_is_one_prompt(browser: Client) -> None:
    found = form(page_of(browser), "own-prompt")
    url = found.pop("url")
    led = {
        browser.post(url, {**found, "message": "May I lie?"}).headers["Location"]
        for _again in range(2)
    }
    assert len(led) == 1
    assert Prompt.objects.count() == Conversation.objects.count() == 1


@pytest.mark.parametrize("message", ["", " ", "a" * 10_001, "so\0"])
def test_a_prompt_that_cannot_be_taken_is_shown_again(browser: Client, message: str) -> None:
    found = form(page_of(browser), "own-prompt")
    url = found.pop("url")
    response = browser.post(url, {**found, "message": message})
    assert response.status_code == 422
    assert form(response.content.decode(), "own-prompt")
    assert not Prompt.objects.exists()


def test_while_one_waits_the_next_begins_with_a_given_prompt_and_says_so(
    browser: Client, project: Project
) -> None:
    make_set(project, make_prompt(project, "Who decides?"))
    write(browser, "May I lie?")
    assert "Who decides?" in page_of(browser)
    sent(browser, choice="a")
    assert Judgment.objects.get().turn.conversation.opening == "fallback"


def test_when_nothing_answers_a_given_prompt_comes_instead_and_is_marked(
    browser: Client, project: Project, alice: Participation
) -> None:
    make_set(project, make_prompt(project, "Who decides?"))
    url = write(browser, "May I lie?")
    fail(Turn.objects.get())
    assert "End this conversation" in browser.get(url).content.decode()
    browser.post(url, {"action": "stop"})
    alice.refresh_from_db()
    assert (alice.conversations_begun, alice.fallbacks_due, alice.tasks_taken) == (1, 1, 0)
    assert "Who decides?" in page_of(browser)
    sent(browser, choice="a")
    alice.refresh_from_db()
    assert (alice.conversations_begun, alice.fallbacks_due, alice.tasks_taken) == (1, 0, 1)
    assert Judgment.objects.get().turn.conversation.opening == "fallback"
    assert Conversation.objects.filter(opening="own").get().finished_at is not None
    assert form(page_of(browser), "own-prompt")


def test_without_a_model_server_a_given_prompt_comes_at_once(
    browser: Client, project: Project, settings: Settings
) -> None:
    settings.VLLM_BASE_URL = ""
    make_set(project)
    for _again in range(2):
        assert 'id="judgment"' in page_of(browser)
    sent(browser, choice="a")
    assert Judgment.objects.get().turn.conversation.opening == "fallback"


def test_the_share_comes_out_exactly_in_every_block(project: Project, alice: Participation) -> None:
    Project.objects.update(own_prompt_share=0.3)
    project.refresh_from_db()
    open_project(project=project)
    wave = Wave.objects.latest("number")
    drawn = []
    for number in range(40):
        alice.conversations_begun = number
        drawn.append(begins_with_own_prompt(participation=alice, wave=wave))
    blocks = [drawn[start : start + 10] for start in range(0, 40, 10)]
    assert [sum(block) for block in blocks] == [3, 3, 3, 3]
    assert len({tuple(block) for block in blocks}) > 1


def test_a_project_without_own_prompts_never_asks_for_one(client: Client) -> None:
    bob = make_participation(make_project("plain"), make_annotator("bob"))
    client.force_login(bob.annotator)
    assert "own-prompt" not in client.get(task_url("plain")).content.decode()


def test_another_persons_prompt_is_nobody_elses_task(browser: Client, project: Project) -> None:
    write(browser, "May I lie?")
    answer(Turn.objects.get())
    bob = make_participation(project, make_annotator("bob"))
    other = Client()
    other.force_login(bob.annotator)
    assert "May I lie?" not in other.get(task_url()).content.decode()


def test_a_prompt_that_was_not_drawn_is_not_taken(client: Client) -> None:
    bob = make_participation(make_project("plain"), make_annotator("bob"))
    client.force_login(bob.annotator)
    sent_unasked = {"message": "May I lie?", "language": "en", "number": "0"}
    assert client.post("/projects/plain/prompt/", sent_unasked).status_code == 422
    draft = make_project("draft", opened=False)
    make_participation(draft, bob.annotator, pseudonym="p")
    response = client.post("/projects/draft/prompt/", sent_unasked)
    assert response.headers["Location"] == task_url("draft")
    assert not Prompt.objects.exists()
