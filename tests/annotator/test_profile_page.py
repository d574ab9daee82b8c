"""What people say of themselves: every question can be left open, every answer is a revision."""

import re
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from annotator.models import Judgment, Participation, ProfileRevision, Project
from annotator.models.demographics import default_demographics, validate_demographics
from annotator.selectors.demographics import OPTIONS, QUESTIONS
from annotator.selectors.people import get_participation
from annotator.services.projects import open_project
from annotator.views.doors import gates
from tests.factories import (
    make_annotator,
    make_judgment,
    make_participation,
    make_project,
    make_set,
)

pytestmark = pytest.mark.django_db
URL = "/projects/everyday/profile/"
TASK = "/projects/everyday/task/"


def come_in(
    client: Client, *, settings: dict[str, Any] | None = None, **fields: Any
) -> Participation:
    project = make_project(**{"demographics": default_demographics(), **(settings or {})})
    alice = make_annotator()
    client.force_login(alice)
    return make_participation(project, alice, **{"allows_sensitive": True, **fields})


def test_every_question_can_be_left_open(client: Client) -> None:
    come_in(client, country="US")
    assert client.get(TASK)["Location"] == URL
    html = client.get(URL).content.decode()
    assert '<form id="profile" method="post"' in html
    assert "required" not in html
    assert client.post(URL)["Location"] == TASK
    assert client.get(TASK).status_code == 200
    revision = ProfileRevision.objects.get()
    assert (revision.answers, revision.sensitive_answers) == ({}, {})


def test_the_default_questions_have_exactly_the_published_options() -> None:
    by_slug = {entry["slug"]: entry for entry in default_demographics()}
    assert by_slug["age"]["options"] == ["18-34", "35-45", "46-54", "55+"]
    assert by_slug["gender"]["options"] == ["male", "female", "other"]
    assert "I don't think of myself in this way" in by_slug["political"]["options"]
    assert by_slug["ethnicity"]["by_country"]["FR"] == ["Non immigrant", "Immigrant"]
    asked = {option for entry in by_slug.values() for option in entry.get("options", [])}
    asked |= {o for options in by_slug["ethnicity"]["by_country"].values() for o in options}
    assert asked - set(OPTIONS) == {"18-34", "35-45", "46-54", "55+"}  # the rest has words
    assert set(by_slug) == set(QUESTIONS)


def test_answers_are_stored_in_the_words_of_the_published_dataset(client: Client) -> None:
    participation = come_in(client, country="US")
    client.post(
        URL,
        {
            "age": "35-45",
            "gender": "female",
            "political": "Middle-of-the-road, centrist",
            "ethnicity": "Asian",
            "skill-en": "fluent",
        },
    )
    revision = ProfileRevision.objects.get()
    assert revision.answers == {"age": "35-45", "gender": "female"}
    assert revision.sensitive_answers == {
        "political": "Middle-of-the-road, centrist",
        "ethnicity": "Asian",
    }
    assert revision.language_skills == {"en": "fluent"}
    participation.refresh_from_db()
    assert participation.profile == revision


def test_sensitive_questions_are_asked_only_of_those_who_agreed(client: Client) -> None:
    come_in(client, country="US", allows_sensitive=False)
    html = client.get(URL).content.decode()
    assert 'name="age"' in html
    assert 'name="political"' not in html
    assert 'name="ethnicity"' not in html
    client.post(URL, {"political": "Very left-leaning", "age": "18-34"})
    assert ProfileRevision.objects.get().sensitive_answers == {}


def test_ethnicity_is_asked_as_people_of_the_country_speak_of_it(client: Client) -> None:
    come_in(client, country="FR")
    html = client.get(URL).content.decode()
    assert 'value="Non immigrant"' in html
    assert 'value="Hispanic or Latino"' not in html
    assert client.post(URL, {"ethnicity": "Asian"}).status_code == 422


def test_who_says_their_country_is_asked_what_follows_from_it(client: Client) -> None:
    participation = come_in(client, settings={"stratum_by": "country"})
    assert 'name="ethnicity"' not in client.get(URL).content.decode()
    assert client.post(URL, {"country": "IT", "age": "55+"})["Location"] == URL
    html = client.get(URL).content.decode()
    assert 'value="Foreign national"' in html
    assert 'name="country"' not in html  # places are reserved by it, so it stays
    assert client.post(URL, {"age": "55+", "ethnicity": "Italian"})["Location"] == TASK
    participation.refresh_from_db()
    assert (participation.country, participation.stratum) == ("IT", "IT")
    assert ProfileRevision.objects.count() == 2


@pytest.mark.parametrize("value", ["33", "18–34", "\x00", "x" * 5000])
def test_what_is_no_option_is_refused_at_its_question(client: Client, value: str) -> None:
    come_in(client)
    refused = client.post(URL, {"age": value})
    assert refused.status_code == 422
    assert 'class="error"' in refused.content.decode()
    assert not ProfileRevision.objects.exists()


def test_a_judgment_names_the_revision_under_which_it_was_given(client: Client) -> None:
    participation = come_in(client, settings={"overlap": 1})
    for _number in range(2):
        make_set(participation.project)
    client.post(URL, {"age": "18-34"})
    first = make_judgment(participation)
    client.post(URL, {"age": "35-45"})
    second = make_judgment(participation)
    assert [j.profile.number for j in Judgment.objects.order_by("pk") if j.profile] == [1, 2]
    assert first.profile != second.profile


def test_saying_the_same_again_makes_no_revision(client: Client) -> None:
    come_in(client)
    for _time in range(2):
        client.post(URL, {"age": "18-34"})
    assert ProfileRevision.objects.count() == 1
    assert 'value="18-34" checked' in client.get(URL).content.decode()


def test_revisions_are_never_rewritten(client: Client) -> None:
    come_in(client)
    client.post(URL, {"age": "18-34"})
    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
        ProfileRevision.objects.update(answers={})


def test_new_questions_are_asked_again_and_old_answers_stand_in_the_form(client: Client) -> None:
    participation = come_in(client)
    client.post(URL, {"age": "18-34"})
    project = Project.objects.get(pk=participation.project_id)
    project.demographics = [
        {"slug": "age", "options": ["18-34", "35+"]},
        {"slug": "region", "texts": {"en": "Which region?"}, "options": ["North", "South"]},
    ]
    project.full_clean()
    project.save()
    open_project(project=project)
    assert client.get(TASK)["Location"] == URL
    html = client.get(URL).content.decode()
    assert "Which region?" in html
    assert 'value="18-34" checked' in html


def test_questions_that_came_while_a_person_answered_are_still_asked(client: Client) -> None:
    participation = come_in(client)
    seen = re.search(r'name="version" value="(\w+)"', client.get(URL).content.decode())
    assert seen
    project = Project.objects.get(pk=participation.project_id)
    project.demographics = [
        *project.demographics,
        {"slug": "region", "texts": {"en": "Which region?"}, "options": ["North", "South"]},
    ]
    project.save()
    open_project(project=project)
    client.post(URL, {"version": seen[1], "age": "18-34"})
    assert client.get(TASK)["Location"] == URL
    html = client.get(URL).content.decode()
    assert "Which region?" in html
    assert 'value="18-34" checked' in html


def test_the_gates_ask_nothing_of_who_has_passed_them(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    participation = come_in(client)
    client.post(URL)
    person, wave = get_participation(annotator=participation.annotator, slug="everyday")
    with django_assert_num_queries(0):
        assert gates(person, wave) is None
    with django_assert_num_queries(4):  # session, account, participation, answers
        client.get(URL)


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ({}, "list of objects"),
        ([{"slug": "Age", "options": ["1"]}], "needs a slug"),
        ([{"slug": "age"}], "needs its options"),
        ([{"slug": "age", "options": []}], "options are"),
        ([{"slug": "age", "options": ["1", "1"]}], "options are"),
        ([{"slug": "age", "options": [1]}], "options are"),
        ([{"slug": "age", "options": ["1"], "by_country": {"France": ["1"]}}], "by_country"),
        ([{"slug": "age", "options": ["1"], "kind": "country"}], "kind is"),
        ([{"slug": "age", "options": ["1"], "sensitive": "yes"}], "sensitive is"),
        ([{"slug": "age", "options": ["1"], "texts": {}}], "needs its words"),
        ([{"slug": "age", "options": ["1"], "why": 1}], "there is no"),
        ([{"slug": "age", "options": ["1"]}] * 2, "stands twice"),
    ],
)
def test_a_set_of_questions_that_makes_no_sense_is_refused(value: object, sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        validate_demographics(value)
