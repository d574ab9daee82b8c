"""Starting translations from a project's page, and the page where a reviewer reads one."""

from typing import Any, cast

import pytest
from django.contrib.admin.models import LogEntry
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries, Settings

from annotator.models import Annotator, CandidateSet, GenerationRun, Project
from annotator.services.generation import accept_translation, reject_translation, retry_failed
from tests.aligned import (
    ARABIC,
    FRENCH,
    QUESTIONS,
    draft,
    make_drafted_set,
    make_group,
    make_source,
)
from tests.factories import make_admin, make_annotator, make_member, make_project, make_set

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def model_server_configured(settings: Settings) -> None:
    settings.VLLM_BASE_URL = "http://127.0.0.1:9/v1"


@pytest.fixture
def project() -> Project:
    return make_project(languages=["en", "fr", "ar"])


@pytest.fixture
def drafted(project: Project) -> CandidateSet:
    return make_drafted_set(project)


def page(candidate_set: CandidateSet) -> str:
    return reverse("admin:annotator_candidateset_review", args=[candidate_set.pk])


def waiting(project: Project) -> str:
    changelist = reverse("admin:annotator_candidateset_changelist")
    return f"{changelist}?project__id__exact={project.pk}&state__exact=review"


def accept(client: Client, drafted: CandidateSet, **changes: Any) -> HttpResponse:
    texts = {f"text-{slot}": text for slot, text in enumerate(ARABIC)}
    sent = {"action": "accept", "attempt": drafted.attempt, **texts, **changes}
    response = cast(HttpResponse, client.post(page(drafted), sent))
    drafted.refresh_from_db()
    return response


def messages(client: Client, response: HttpResponse) -> list[tuple[str, str]]:
    shown = client.get(response.headers["Location"])
    return [(message.level_tag, str(message)) for message in shown.context["messages"]]


# Starting


def test_a_project_leads_to_its_translations_and_they_to_their_run(
    adam: Client, project: Project
) -> None:
    make_source(project, make_group(project)["fr"])
    project_page = reverse("admin:annotator_project_change", args=[project.pk])
    align_page = reverse("admin:annotator_project_align", args=[project.pk])
    assert align_page in adam.get(project_page).content.decode()
    assert "Français (fr)" in adam.get(align_page).content.decode()

    response = adam.post(
        align_page,
        {"source_language": "fr", "target_languages": ["ar"], "model": "big", "limit": "5"},
    )

    run = GenerationRun.objects.get()
    assert response.headers["Location"] == reverse(
        "admin:annotator_generationrun_change", args=[run.pk]
    )
    assert (run.purpose, run.model, run.created_by) == (
        "align",
        "big",
        Annotator.objects.get(username="adam"),
    )
    assert CandidateSet.objects.get(run=run).language == "ar"
    assert LogEntry.objects.filter(object_id=str(project.pk)).count() == 1
    assert adam.get(response.headers["Location"]).status_code == 200


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({}, "source_language"),
        ({"source_language": "xx"}, "source_language"),
        ({"source_language": "fr", "target_languages": ["fr"]}, "target_languages"),
        ({"source_language": "fr", "limit": "0"}, "limit"),
        ({"source_language": "en"}, "__all__"),
    ],
)
def test_a_wish_that_cannot_be_met_comes_back_with_its_reason(
    adam: Client, project: Project, sent: dict[str, Any], field: str
) -> None:
    make_source(project, make_group(project)["fr"])
    response = adam.post(
        reverse("admin:annotator_project_align", args=[project.pk]), sent or {"x": 1}
    )
    assert response.status_code == 422
    assert field in response.context["form"].errors
    assert not GenerationRun.objects.exists()


def test_a_project_of_one_language_offers_no_translation(adam: Client) -> None:
    project = make_project("alone")
    make_set(project)
    content = adam.get(reverse("admin:annotator_project_change", args=[project.pk])).content
    assert reverse("admin:annotator_project_align", args=[project.pk]) not in content.decode()


# Finding what waits


def test_the_project_and_its_list_lead_to_what_waits(
    adam: Client, project: Project, drafted: CandidateSet
) -> None:
    content = adam.get(reverse("admin:annotator_project_change", args=[project.pk])).content
    assert "1 translation waits for a reviewer" in content.decode()
    assert waiting(project).replace("&", "&amp;") in content.decode()
    listed = adam.get(waiting(project)).content.decode()
    assert page(drafted) in listed
    accept(adam, drafted)
    assert page(drafted) not in adam.get(waiting(project)).content.decode()


# Reading


def test_source_and_translation_stand_side_by_side_each_in_its_direction(
    adam: Client, drafted: CandidateSet
) -> None:
    content = adam.get(page(drafted)).content.decode()
    for source, translation in zip(FRENCH, ARABIC, strict=True):
        shown = source.replace("'", "&#x27;")
        assert f'lang="fr" dir="ltr">{shown}<' in content
        assert f"\n{translation}</textarea>" in content
    assert content.count('lang="ar" dir="rtl" spellcheck') == 4
    assert f'lang="fr" dir="ltr">{QUESTIONS["fr"]}<' in content
    assert f'lang="ar" dir="rtl">{QUESTIONS["ar"]}<' in content


def test_texts_are_shown_as_text(adam: Client, project: Project) -> None:
    attack = '</textarea><script>alert("x")</script>'
    drafted = make_drafted_set(project, texts=(attack, *ARABIC[1:]))
    content = adam.get(page(drafted)).content.decode()
    assert attack not in content
    assert "&lt;/textarea&gt;&lt;script&gt;" in content


def test_the_page_takes_five_queries_however_many_sets_wait(
    adam: Client, project: Project, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    first = make_drafted_set(project)
    for number in range(3):
        make_drafted_set(project, f"more-{number}")
    with django_assert_num_queries(5):
        adam.get(page(first))


# Deciding


def test_what_is_accepted_opens_and_the_next_one_is_shown(adam: Client, project: Project) -> None:
    first = make_drafted_set(project)
    second = make_drafted_set(project, "children")

    response = accept(adam, first, **{"text-1": "وقتك."})

    assert response.headers["Location"] == page(second)
    assert messages(adam, response) == [("info", f"Opened set #{first.pk}, as reviewed.")]
    assert (first.state, first.reviewed_by) == ("complete", Annotator.objects.get(username="adam"))
    texts = first.responses.order_by("slot").values_list("text", flat=True)
    assert list(texts) == [ARABIC[0], "وقتك.", *ARABIC[2:]]
    assert first.comparisons.count() == 1
    assert LogEntry.objects.filter(object_id=str(first.pk)).count() == 1
    assert accept(adam, second).headers["Location"] == waiting(project)


def test_a_reviewer_stays_with_a_language_and_comes_round(adam: Client, project: Project) -> None:
    first = make_drafted_set(project)
    second = make_drafted_set(project, "children")
    third = make_drafted_set(project, "neighbours")
    english = make_drafted_set(project, "strangers", language="en")

    def following(candidate_set: CandidateSet) -> CandidateSet:
        shown: CandidateSet = adam.get(page(candidate_set)).context["next"]
        return shown

    assert [following(first), following(second), following(third)] == [second, third, first]
    assert following(english).language == "en"


def test_a_text_that_cannot_open_comes_back_as_typed_with_its_reason(
    adam: Client, drafted: CandidateSet
) -> None:
    response = accept(adam, drafted, **{"text-0": "  ", "text-2": "مال كثير."})
    content = response.content.decode()
    assert response.status_code == 422
    assert drafted.state == "review"
    assert "There is nothing to read in it." in content
    assert 'aria-invalid="true" aria-describedby="text-0-error"' in content
    assert "\nمال كثير.</textarea>" in content


def test_a_rejection_keeps_its_reason(
    adam: Client, project: Project, drafted: CandidateSet
) -> None:
    empty = adam.post(page(drafted), {"action": "reject", "attempt": 1, "reason": " "})
    assert empty.status_code == 422
    assert "Say what is wrong with the translation." in empty.content.decode()
    sent = {"action": "reject", "attempt": 1, "reason": "Too polite."}
    assert adam.post(page(drafted), sent).headers["Location"] == waiting(project)
    drafted.refresh_from_db()
    assert (drafted.state, drafted.failure_detail) == ("failed", "Too polite.")


def test_whoever_is_second_is_told_and_led_on(
    adam: Client, project: Project, drafted: CandidateSet
) -> None:
    accept_translation(
        candidate_set=drafted,
        attempt=1,
        reviewer=make_admin("eve"),
        texts=dict(enumerate(ARABIC)),
    )
    response = accept(adam, drafted, **{"text-0": "متأخر."})
    assert response.headers["Location"] == waiting(project)
    ((level, _text),) = messages(adam, response)
    assert level == "warning"
    assert not drafted.responses.filter(text="متأخر.").exists()


@pytest.mark.parametrize("attempt", ["1", "", "x", "-1", "9" * 30, "٢"])
def test_a_page_of_drafts_that_were_replaced_opens_nothing(
    adam: Client, drafted: CandidateSet, attempt: str
) -> None:
    reject_translation(candidate_set=drafted, attempt=1, reason="Too polite.")
    assert drafted.run is not None
    retry_failed(run=drafted.run)
    draft(drafted.run, ARABIC[::-1])
    response = accept(adam, drafted, attempt=attempt)
    assert response.status_code == 302
    assert drafted.state == "review"
    assert messages(adam, response)[0][0] == "error"


@pytest.mark.parametrize("name", ["text-", "text-x", "text--1", f"text-{'9' * 30}", "text-9"])
def test_names_that_the_page_does_not_have_change_nothing(
    adam: Client, drafted: CandidateSet, name: str
) -> None:
    accept(adam, drafted, **{name: "?"})
    assert drafted.responses.count() == 4
    assert not drafted.responses.filter(text="?").exists()


# Who may


@pytest.mark.parametrize("number", [0, 999_999, 2**63, 10**30])
def test_a_set_that_is_not_there_is_not_found(adam: Client, number: int) -> None:
    assert adam.get(f"/admin/annotator/candidateset/{number}/review/").status_code == 404


def test_a_set_that_translates_nothing_has_no_such_page(adam: Client, project: Project) -> None:
    assert adam.get(page(make_set(project))).status_code == 404


def test_without_a_role_that_reviews_nobody_reviews(client: Client, drafted: CandidateSet) -> None:
    rita = make_member(drafted.project, role="researcher")
    client.force_login(rita)
    assert client.get(page(drafted)).status_code == 403
    assert accept(client, drafted).status_code == 403
    assert drafted.state == "review"
    make_member(drafted.project, role="reviewer")
    assert client.get(page(drafted)).status_code == 200
    assert accept(client, drafted).status_code == 302
    assert (drafted.state, drafted.reviewed_by) == ("complete", rita)


def test_whoever_is_not_of_the_staff_is_asked_to_sign_in(
    client: Client, drafted: CandidateSet
) -> None:
    client.force_login(make_annotator())
    assert accept(client, drafted).headers["Location"].startswith("/admin/login/")
    assert drafted.state == "review"
