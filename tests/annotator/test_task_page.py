"""The task page, asked by a browser without JavaScript and through htmx."""

import re
import uuid
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from annotator.models import Assignment, Judgment, Offer, Participation, Project
from annotator.services.projects import close_project, ensure_wave, pause_project
from tests.factories import make_annotator, make_participation, make_project, make_prompt, make_set
from tests.pages import HTMX, hidden, open_task, sent, task_url

pytestmark = pytest.mark.django_db

URL = task_url()


@pytest.fixture
def project() -> Project:
    return make_project()


@pytest.fixture
def alice(project: Project, client: Client) -> Participation:
    annotator = make_annotator("alice")
    client.force_login(annotator)
    return make_participation(project, annotator)


def texts_in_order(place: Assignment) -> list[str]:
    options = list(place.comparison.options.order_by("position").select_related("response"))
    return [options[i].response.text for i in place.display_order]


def test_shows_the_prompt_and_every_response_in_the_order_drawn(
    client: Client, project: Project, alice: Participation
) -> None:
    make_set(
        project, make_prompt(project, "Why <b>now</b>?"), texts=["One.", "Two.", "Three.", "Four."]
    )
    html = client.get(URL).content.decode()
    assert "Why &lt;b&gt;now&lt;/b&gt;?" in html
    shown = re.findall(r'data-response="(\w)" lang="en" dir="ltr"><p>(\w+)\.</p>', html)
    assert [letter for letter, _text in shown] == ["a", "b", "c", "d"]
    assert [f"{text}." for _letter, text in shown] == texts_in_order(
        Assignment.objects.get(participation=alice)
    )


def test_the_html_tells_neither_model_nor_strategy_nor_slot_nor_id(
    client: Client, project: Project, alice: Participation
) -> None:
    make_set(project, strategy="nc_prompt")
    html = client.get(URL).content.decode()
    assert "model-" not in html
    assert "nc_prompt" not in html
    assert "slot" not in html
    names = set(
        re.findall(
            r'<(?:input|textarea|button)[^>]* name="([\w-]+)"',
            html.split('id="judgment"')[1].split("</form>")[0],
        )
    )
    assert names == {
        "csrfmiddlewaretoken",
        "assignment",
        "submission_id",
        "active_ms",
        "device",
        "choice",
        "explanation",
        "skip_reason",
        "action",
    }


def test_an_answer_is_stored_and_the_next_task_follows(
    client: Client, project: Project, alice: Participation
) -> None:
    make_set(project)
    make_set(project)
    first = open_task(client)
    answer = client.post(
        URL, {**first, "choice": "b", "explanation": " Kind. ", "action": "submit"}
    )
    assert (answer.status_code, answer["Location"]) == (302, URL + "?saved=counted")
    page = client.get(answer["Location"]).content.decode()
    assert hidden(page)["assignment"] != first["assignment"]
    assert ">Saved</span>" in page
    judgment = Judgment.objects.get()
    place = Assignment.objects.get(pk=int(first["assignment"]))
    assert judgment.explanation == "Kind."
    assert judgment.choice_response is not None
    assert judgment.choice_response.text == texts_in_order(place)[1]
    assert (judgment.ui_language, judgment.device) == ("en", "desktop")


def test_through_htmx_the_next_task_comes_in_the_same_answer(
    client: Client, project: Project, alice: Participation
) -> None:
    make_set(project)
    make_set(project)
    first = open_task(client)
    answer = client.post(
        URL,
        {**first, "choice": "b", "action": "submit", "active_ms": "5300", "device": "phone"},
        headers=HTMX,
    )
    html = answer.content.decode()
    assert answer.status_code == 200
    assert "<html" not in html
    assert 'data-outcome="counted"' in html
    assert 'id="progress"' in html
    assert hidden(html)["assignment"] != first["assignment"]
    judgment = Judgment.objects.get()
    assert (judgment.active_ms, judgment.device) == (5300, "phone")


def test_one_loop_through_htmx_costs_ten_statements(
    client: Client,
    project: Project,
    alice: Participation,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    """Session, account, participation with project and newest wave; to store: savepoint, read, write,
    release; to claim: what is held, the claim; to show: one.

    (Outside a test, the savepoints are BEGIN and COMMIT.)
    """
    for _number in range(3):
        make_set(project)
    client.post(
        URL, {**open_task(client), "choice": "b", "action": "submit"}, headers=HTMX
    )  # the wave is read once per process
    fields = {**open_task(client), "choice": "b", "action": "submit"}
    with django_assert_num_queries(10):
        client.post(URL, fields, headers=HTMX)


def test_the_same_page_sent_twice_is_stored_once(
    client: Client, project: Project, alice: Participation
) -> None:
    make_set(project)
    make_set(project)
    fields = {**open_task(client), "action": "submit"}
    client.post(URL, {**fields, "choice": "a"})
    again = client.post(URL, {**fields, "choice": "b"}, follow=True)
    assert "Your first answer is kept." in again.content.decode()
    assert Judgment.objects.count() == 1


def test_an_answer_after_the_lease_is_kept_and_says_so(
    client: Client, project: Project, alice: Participation
) -> None:
    project.overlap = 1
    project.save()
    make_set(project)
    late = open_task(client)
    place = Assignment.objects.get()
    bob = make_participation(project, make_annotator("bob"))
    first = Client()
    first.force_login(bob.annotator)
    Assignment.objects.update(state="open", token=None, lease_until=None)
    assert open_task(first)["assignment"] == str(place.pk)
    first.post(URL, {**open_task(first), "choice": "a", "action": "submit"})
    answer = client.post(URL, {**late, "choice": "a", "action": "submit"}, headers=HTMX)
    assert "Your answer is kept and counts for you." in answer.content.decode()
    assert Judgment.objects.count() == 2


def test_an_incomplete_answer_shows_what_is_missing_and_keeps_what_was_typed(
    client: Client, project: Project, alice: Participation
) -> None:
    make_set(project)
    for headers in ({}, HTMX):
        answer = client.post(
            URL,
            {**open_task(client), "explanation": "Because <i>", "action": "submit"},
            headers=headers,
        )
        html = answer.content.decode()
        assert answer.status_code == 422
        assert "Choose one of the answers." in html
        assert "Because &lt;i&gt;</textarea>" in html
    assert Judgment.objects.count() == 0


def test_pairwise_asks_how_much_better_and_keeps_the_choice(client: Client) -> None:
    project = make_project(
        task_format="pairwise",
        candidates=2,
        pairs_per_set=1,
        ways_out=["both_good", "no_difference", "both_bad"],
    )
    annotator = make_annotator("alice")
    make_participation(project, annotator)
    client.force_login(annotator)
    make_set(project, texts=["One.", "Two."])
    assert 'name="strength"' in client.get(URL).content.decode()
    answer = sent(client, choice="b")
    html = answer.content.decode()
    assert answer.status_code == 422
    assert "Say how much better it is." in html
    assert re.search(r'value="b"[^>]* checked', html)
    assert sent(client, choice="b", strength="2").status_code == 302
    assert Judgment.objects.get().strength == 2


def test_a_way_out_needs_no_strength(client: Client) -> None:
    project = make_project(
        task_format="pairwise", candidates=2, pairs_per_set=1, ways_out=["both_bad"]
    )
    annotator = make_annotator("alice")
    make_participation(project, annotator)
    client.force_login(annotator)
    make_set(project, texts=["One.", "Two."])
    assert sent(client, choice="both_bad", strength="3").status_code == 302
    judgment = Judgment.objects.get()
    assert (judgment.choice_kind, judgment.strength) == ("both_bad", None)


def test_a_required_explanation_is_asked_for(client: Client) -> None:
    project = make_project(explanation_share=1.0, explanation_required_share=1.0)
    annotator = make_annotator("alice")
    make_participation(project, annotator)
    client.force_login(annotator)
    make_set(project)
    answer = sent(client, choice="b", explanation="  ")
    assert answer.status_code == 422
    assert 'id="explanation-error"' in answer.content.decode()


def test_skipping_wants_a_reason_and_brings_the_next(
    client: Client, project: Project, alice: Participation
) -> None:
    make_set(project)
    make_set(project)
    first = open_task(client)
    refused = client.post(URL, {**first, "action": "skip"})
    assert refused.status_code == 422
    assert "Choose a reason." in refused.content.decode()
    answer = client.post(URL, {**first, "action": "skip", "skip_reason": "unclear"}, follow=True)
    assert hidden(answer.content.decode())["assignment"] != first["assignment"]
    assert ">Skipped</span>" in answer.content.decode()
    assert Offer.objects.get(outcome="skipped").skip_reason == "unclear"
    assert Judgment.objects.count() == 0


def test_a_skip_reason_is_ignored_on_submit(
    client: Client, project: Project, alice: Participation
) -> None:
    make_set(project)
    assert sent(client, choice="a", skip_reason="offensive").status_code == 302
    assert Judgment.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda project: None, "Nothing to compare right now"),
        (lambda project: pause_project(project=project), "have paused this project"),
        (lambda project: close_project(project=project), "This project is finished"),
        (lambda project: Project.objects.update(state="draft"), "still preparing"),
    ],
)
def test_says_truthfully_why_there_is_no_task(
    client: Client, project: Project, alice: Participation, change: Any, sentence: str
) -> None:
    change(project)
    page = client.get(URL)
    assert page.status_code == 200
    assert sentence in page.content.decode()
    assert 'id="judgment"' not in page.content.decode()
    assert "See my answers" in page.content.decode()


def test_says_thank_you_when_the_target_is_reached(
    client: Client, project: Project, alice: Participation
) -> None:
    Project.objects.update(target_per_person=1)
    make_set(project)
    make_set(project)
    answer = client.post(
        URL, {**open_task(client), "choice": "a", "action": "submit"}, headers=HTMX
    )
    assert "That was the last one." in answer.content.decode()
    assert Assignment.objects.filter(state="leased").count() == 0


def test_work_begun_before_a_pause_is_taken(
    client: Client, project: Project, alice: Participation
) -> None:
    make_set(project)
    fields = open_task(client)
    pause_project(project=project)
    assert client.post(URL, {**fields, "choice": "a", "action": "submit"}).status_code == 302
    assert Judgment.objects.count() == 1


def test_the_consent_text_comes_first_and_again_when_it_changes(client: Client) -> None:
    project = make_project(consent_text={"en": "**Voluntary.**"})
    annotator = make_annotator("alice")
    make_participation(project, annotator)
    client.force_login(annotator)
    make_set(project)
    to_consent = client.get(URL)
    assert to_consent["Location"] == "/projects/everyday/consent/"
    page = client.get(to_consent["Location"]).content.decode()
    assert '<form id="consent" method="post"' in page
    assert "<strong>Voluntary.</strong>" in page
    assert client.post(to_consent["Location"], {"adult": "yes"})["Location"] == URL
    assert 'id="judgment"' in client.get(URL).content.decode()
    project.consent_text = {"en": "Voluntary, and paid."}
    project.save()
    ensure_wave(project=project)
    assert client.get(URL)["Location"] == "/projects/everyday/consent/"


def test_who_is_signed_out_signs_in_and_comes_back(client: Client, project: Project) -> None:
    assert client.get(URL)["Location"] == f"/login/?next={URL}"
    answer = client.post(URL, {}, headers=HTMX)
    assert answer["HX-Redirect"] == f"/login/?next={URL}"
    assert answer.status_code == 401, "nothing was stored, so the device keeps its draft"


def test_a_project_one_is_not_in_and_an_absent_one_answer_alike(
    client: Client, project: Project
) -> None:
    client.force_login(make_annotator("alice"))
    answers = [client.get(url) for url in (URL, "/projects/nothing/task/")]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].content == answers[1].content


def test_more_time_is_given_while_the_place_is_held(
    client: Client, project: Project, alice: Participation
) -> None:
    make_set(project)
    fields = open_task(client)
    before = Assignment.objects.get(pk=int(fields["assignment"])).lease_until
    answer = client.post(URL + "renew/", fields)
    after = Assignment.objects.get(pk=int(fields["assignment"])).lease_until
    assert before
    assert after
    assert after > before
    assert answer.content.decode() == str(int(after.timestamp()))
    assert (
        client.post(URL + "renew/", {**fields, "submission_id": str(uuid.uuid4())}).status_code
        == 404
    )


@pytest.mark.parametrize(
    ("agent", "device"),
    [
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Mobile/15E148", "phone"),
        ("Mozilla/5.0 (Linux; Android 15; Pixel) Mobile Safari/537.36", "phone"),
        ("Mozilla/5.0 (Linux; Android 15; Tab) Safari/537.36", "tablet"),
        ("Mozilla/5.0 (X11; Linux x86_64)", "desktop"),
    ],
)
def test_the_device_is_guessed_where_no_script_tells_it(
    client: Client, project: Project, alice: Participation, agent: str, device: str
) -> None:
    make_set(project)
    client.post(
        URL, {**open_task(client), "choice": "a", "action": "submit"}, headers={"User-Agent": agent}
    )
    assert Judgment.objects.get().device == device


def test_arabic_pages_run_from_the_right_with_their_own_letters_and_digits(client: Client) -> None:
    project = make_project(languages=["ar"], target_per_person=40)
    annotator = make_annotator("alice", ui_language="ar")
    make_participation(project, annotator, languages=["ar"])
    make_set(
        project,
        make_prompt(project, "ماذا أفعل؟", language="ar"),
        texts=["واحد هنا", "اثنان هنا", "Three in English", "أربعة هنا"],
    )
    client.force_login(annotator)
    html = client.get(URL, headers={"Accept-Language": "ar"}).content.decode()
    assert re.search(r'<html lang="ar"\s+dir="rtl"', html)
    assert '<p lang="ar" dir="rtl">ماذا أفعل؟</p>' in html
    assert '<span id="pick-a">أ</span>' in html
    assert "٤٠" in html
    assert set(re.findall(r'lang="ar" dir="(\w+)"><p>(\w+)', html)) >= {
        ("ltr", "Three"),
        ("rtl", "أربعة"),
    }
