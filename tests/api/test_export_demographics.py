"""Demographics leave the house only with the token's scope and the person's consent."""

import json
from typing import Any

import pytest
from django.test import Client

from annotator.models import Change, Participation, Scope
from annotator.models.demographics import default_demographics
from annotator.services.demographics import save_profile
from annotator.services.people import give_consent
from annotator.services.projects import ensure_wave
from tests.factories import (
    make_annotator,
    make_judgment,
    make_participation,
    make_project,
    make_set,
    make_token,
)

pytestmark = pytest.mark.django_db(transaction=True)


def say(participation: Participation, **answers: str) -> None:
    save_profile(
        participation=participation,
        wave=ensure_wave(project=participation.project),
        answers=answers,
        language_skills={"en": "native"},
    )


@pytest.fixture
def alice() -> Participation:
    project = make_project(demographics=default_demographics(), overlap=1)
    alice = make_participation(project, make_annotator(), country="US", allows_sensitive=True)
    for _number in range(2):
        make_set(project)
    say(alice, age="18-34", political="Very left-leaning")
    make_judgment(alice)
    say(alice, age="35-45", political="Very left-leaning", ethnicity="Asian")
    make_judgment(alice)
    return alice


def rows(alice: Participation, export_format: str, *scopes: Scope) -> list[dict[str, Any]]:
    token = make_token(alice.project, scopes=[Scope.READ_JUDGMENTS, *scopes])
    answer = Client(headers={"Authorization": f"Bearer {token}"}).get(
        f"/api/v1/projects/everyday/export/?format={export_format}"
    )
    return [json.loads(line) for line in b"".join(answer.streaming_content).splitlines()]  # type: ignore[attr-defined]


def test_native_has_what_the_person_had_said_when_they_judged(alice: Participation) -> None:
    found = [
        row["annotator"]["demographics"] for row in rows(alice, "native", Scope.READ_DEMOGRAPHICS)
    ]
    shared = {"political": "Very left-leaning", "language_skill": "native"}
    assert found == [
        {"age": "18-34", **shared},
        {"age": "35-45", "ethnicity": "Asian", **shared},
    ]


def test_without_the_scope_there_are_none(alice: Participation) -> None:
    assert [row["annotator"]["demographics"] for row in rows(alice, "native")] == [{}, {}]
    assert {row["annotator_age"] for row in rows(alice, "community-alignment")} == {None}


def test_sensitive_answers_stay_as_soon_as_the_person_says_so(alice: Participation) -> None:
    alice.allows_sensitive = False
    alice.save(update_fields=["allows_sensitive"])
    [first, _second] = rows(alice, "native", Scope.READ_DEMOGRAPHICS)
    assert first["annotator"]["demographics"] == {"age": "18-34", "language_skill": "native"}


def test_community_alignment_has_one_value_per_person(alice: Participation) -> None:
    found = rows(alice, "community-alignment", Scope.READ_DEMOGRAPHICS)
    assert len(found) == 2
    for row in found:
        assert row["annotator_age"] == "35-45"
        assert row["annotator_political"] == "Very left-leaning"
        assert row["annotator_ethnicity"] == "Asian"
        assert row["annotator_gender"] is None


def test_pages_of_judgments_hold_the_same(alice: Participation) -> None:
    for scopes, expected in (([Scope.READ_DEMOGRAPHICS], "18-34"), ([], None)):
        token = make_token(alice.project, scopes=[Scope.READ_JUDGMENTS, *scopes])
        answer = Client(headers={"Authorization": f"Bearer {token}"}).get(
            "/api/v1/projects/everyday/judgments/"
        )
        [first, _second] = answer.json()["results"]
        assert first["annotator"]["demographics"].get("age") == expected


def folded(alice: Participation) -> Any:
    """Return what a researcher holds who pulls increments, and how to pull the next one."""
    held: dict[int, dict[str, Any]] = {}
    key = make_token(alice.project, scopes=[Scope.READ_JUDGMENTS, Scope.READ_DEMOGRAPHICS])
    client, cursor = Client(headers={"Authorization": f"Bearer {key}"}), 0

    def pull() -> list[dict[str, Any]]:
        nonlocal cursor
        answer = client.get(f"/api/v1/projects/everyday/export/?format=native&since={cursor}")
        cursor = int(answer["X-Export-Cursor"])
        for line in b"".join(answer.streaming_content).splitlines():  # type: ignore[attr-defined]
            row = json.loads(line)
            held[row["judgment_id"]] = row
        return [held[number] for number in sorted(held)]

    return pull


def test_increments_tell_anew_what_may_be_told_of_a_person_no_more(alice: Participation) -> None:
    pull = folded(alice)
    assert "political" in pull()[0]["annotator"]["demographics"]
    alice.project.consent_text = {"en": "Taking part is voluntary."}
    alice.project.save()
    wave = ensure_wave(project=alice.project)

    def agree(*ticks: str) -> None:
        give_consent(participation=alice, wave=wave, language="en", is_adult=True, ticks=ticks)

    agree()
    assert pull() == rows(alice, "native", Scope.READ_DEMOGRAPHICS)
    agree("sensitive")
    assert pull() == rows(alice, "native", Scope.READ_DEMOGRAPHICS)
    before = Change.objects.count()
    agree("sensitive", "texts")
    assert Change.objects.count() == before


def test_increments_tell_anew_where_a_person_lives_once_they_say_it(alice: Participation) -> None:
    Participation.objects.update(country="")
    alice.refresh_from_db()
    pull = folded(alice)
    assert {row["annotator"]["country"] for row in pull()} == {None}
    say(alice, country="FR")
    assert {row["annotator"]["country"] for row in pull()} == {"FR"}
    assert pull() == rows(alice, "native", Scope.READ_DEMOGRAPHICS)
