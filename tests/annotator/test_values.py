"""Scores of values: by country, as they are and weighted to the population; codes are for researchers alone."""

import csv
import io
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from annotator.models import (
    Assignment,
    Participation,
    ProfileRevision,
    Project,
    Response,
)
from annotator.models.value_settings import validate_margins
from annotator.selectors.values import get_country_scores
from annotator.services.assignments import claim_next
from tests.annotator.test_admin_settings import SETTINGS
from tests.factories import (
    make_admin,
    make_annotator,
    make_judgment,
    make_member,
    make_participation,
    make_project,
    make_set,
    make_token,
)

pytestmark = pytest.mark.django_db

CODES = ("traditional", "secular", "neither", "=both")
GENDER = '[{"slug": "gender", "options": ["female", "male"]}]'
MARGINS = {"FR": {"gender": {"female": 0.5, "male": 0.5}}}


@pytest.fixture
def survey() -> Project:
    """Three in France, of whom the one woman chooses tradition, and one in India; two items each."""
    project = make_project("survey", block_size=2, stratum_by="country", margins=MARGINS)
    for _number in range(2):
        make_set(project)
    for response in Response.objects.all():
        Response.objects.filter(pk=response.pk).update(codes={"tradition": CODES[response.slot]})
    for name, country, gender, slot in (
        ("alice", "FR", "female", 0),
        ("bob", "FR", "male", 1),
        ("carol", "FR", "male", 1),
        ("dora", "IN", "female", 0),
    ):
        person = make_participation(project, make_annotator(name), country=country)
        profile = ProfileRevision.objects.create(
            participation=person, number=1, answers={"gender": gender}
        )
        Participation.objects.filter(pk=person.pk).update(profile=profile)
        judge(person, slot)
        judge(person, slot)
    return project


def judge(person: Participation, slot: int) -> None:
    """Let a person choose a response by its slot, wherever it stands."""
    person.refresh_from_db()
    held = Assignment.objects.get(pk=claim_next(participation=person) or 0)
    option = held.comparison.options.get(response__slot=slot)
    make_judgment(person, "abcd"[held.display_order.index(option.position)])


def of(project: Project, country: str, code: str) -> Any:
    return next(
        score
        for score in get_country_scores(project=project)
        if (score.country, score.code) == (country, code)
    )


def test_a_country_is_scored_as_it_is_and_weighted_to_its_population(survey: Project) -> None:
    score = of(survey, "FR", "traditional")
    assert (score.raw.value, score.raw.n) == (pytest.approx(1 / 3), 3)
    assert (score.raked.value, score.raked.n) == (pytest.approx(1 / 2), 3)
    assert score.raw.interval.low < 1 / 3 < score.raw.interval.high
    assert score.raked.interval.low < 1 / 2 < score.raked.interval.high


def test_what_cannot_be_weighted_says_why(survey: Project) -> None:
    assert "no shares" in of(survey, "IN", "traditional").raked.undefined_because
    survey.margins = {"IN": {"gender": {"female": 0.5, "male": 0.5}}}
    assert "nobody here said “male”" in of(survey, "IN", "traditional").raked.undefined_because


def test_who_did_not_say_is_left_out_of_the_weighted_score_alone(survey: Project) -> None:
    Participation.objects.filter(annotator__username="carol").update(profile=None)
    score = of(survey, "FR", "traditional")
    assert (score.raw.n, score.raked.n) == (3, 2)
    assert score.raked.value == pytest.approx(1 / 2)


@pytest.mark.parametrize(
    ("margins", "sentence"),
    [
        ([], "Write"),
        ({"fr": {}}, "two capital letters"),
        ({"FR": {}}, "needs 1 to 10 questions"),
        ({"FR": {"gender": {"female": 1}}}, "two options or more"),
        ({"FR": {"gender": {"female": True, "male": 0.5}}}, "share above 0"),
        ({"FR": {"gender": {"female": 0.5, "male": 0.4}}}, "sum to 0.900"),
    ],
)
def test_shares_that_make_no_sense_are_refused_with_their_place(
    margins: object, sentence: str
) -> None:
    with pytest.raises(ValidationError, match=sentence):
        validate_margins(margins)
    validate_margins(MARGINS)


def test_the_form_takes_shares_and_refuses_options_that_nobody_is_asked_about(
    client: Client, survey: Project
) -> None:
    client.force_login(make_admin())
    address = reverse("admin:annotator_project_change", args=[survey.pk])
    wanted = {**SETTINGS, "slug": "survey", "demographics": GENDER, "next_wave": "on"}
    shares = '{"FR": {"gender": {"female": 0.52, "male": 0.48}}}'
    assert client.post(address, {**wanted, "margins": shares}).status_code == 302
    survey.refresh_from_db()
    assert survey.margins == {"FR": {"gender": {"female": 0.52, "male": 0.48}}}
    refused = client.post(address, {**wanted, "margins": shares.replace("female", "others")})
    assert refused.status_code == 422
    assert "no option “others”" in refused.content.decode()


def page(survey: Project) -> str:
    return reverse("admin:annotator_project_values", args=[survey.pk])


def test_the_page_shows_both_with_intervals(
    client: Client, survey: Project, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client.force_login(make_admin())
    with django_assert_num_queries(5):  # session, person, project; two of the scores
        content = client.get(page(survey)).content.decode()
    for words in ("traditional", "33 %", "50 %", "no shares of the population", "People as CSV"):
        assert words in content
    assert " style=" not in content


def test_files_hold_the_scores_and_no_formula(client: Client, survey: Project) -> None:
    client.force_login(make_admin())
    answer = client.get(page(survey), {"file": "countries"})
    rows = list(csv.DictReader(io.StringIO(answer.content.decode())))
    assert len(rows) == 8
    row = next(r for r in rows if (r["country"], r["code"]) == ("FR", "traditional"))
    assert (row["raw"], row["raked"], row["raw_people"]) == ("0.333333", "0.500000", "3")
    assert "'=both" in {r["code"] for r in rows}
    people = client.get(page(survey), {"file": "people"}).content.decode()
    assert len(people.splitlines()) == 1 + 4 * 4
    assert "alice" not in people


def test_a_file_of_people_is_for_who_may_export(client: Client, survey: Project) -> None:
    client.force_login(make_member(survey, role="reviewer"))
    assert client.get(page(survey)).status_code == 200
    assert client.get(page(survey), {"file": "people"}).status_code == 403


def scores_of(client: Client, project: Project, *scopes: str) -> dict[tuple[str, str], Any]:
    key = make_token(project, scopes=scopes)
    answer = client.get(
        f"/api/v1/projects/{project.slug}/statistics/values/",
        headers={"Authorization": f"Bearer {key}"},
    )
    return {(row["country"], row["code"]): row for row in answer.json()}


def test_keys_read_the_scores_of_countries(client: Client, survey: Project) -> None:
    rows = scores_of(client, survey, "read:statistics", "read:demographics")
    assert rows["FR", "traditional"]["raked"]["value"] == pytest.approx(0.5)
    assert rows["IN", "traditional"]["raked"]["undefined_because"]


def test_raking_tells_what_people_said_and_needs_its_scope(client: Client, survey: Project) -> None:
    row = scores_of(client, survey, "read:statistics")["FR", "traditional"]
    assert row["raw"]["n"] == 3
    assert (row["raked"]["value"], row["raked"]["n"]) == (None, 0)
    assert "read:demographics" in row["raked"]["undefined_because"]


def test_annotators_never_see_a_code(client: Client, survey: Project) -> None:
    make_set(survey)
    Response.objects.update(codes={"dimension-secret": "code-secret"})
    person = make_participation(survey, make_annotator("eve"), country="FR")
    client.force_login(person.annotator)
    seen = [client.get(f"/projects/survey/{name}/") for name in ("task", "instructions")]
    make_judgment(person)
    seen += [client.get(f"/projects/survey/{name}/") for name in ("history", "done", "task")]
    seen += [client.get(address) for address in ("/account/", "/account/download/", "/")]
    for answer in seen:
        content = b"".join(answer.streaming_content) if answer.streaming else answer.content  # type: ignore[attr-defined]
        assert b"-secret" not in content
        assert answer.status_code == 200


def test_scores_are_no_business_of_annotators(client: Client, survey: Project) -> None:
    client.force_login(make_annotator("eve"))
    assert client.get(page(survey)).status_code == 302
