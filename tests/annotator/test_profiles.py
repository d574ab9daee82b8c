"""The library of value profiles, and choosing from it."""

import json

import pytest

from annotator.errors import Refused
from annotator.models import Project, ValueProfile
from annotator.selectors.profiles import list_profiles, snapshot_profiles
from annotator.services.profiles import LIBRARY, add_library_profiles
from tests.factories import make_project

pytestmark = pytest.mark.django_db
LANGUAGES = {"en", "fr", "it", "pt", "hi", "ar"}


@pytest.fixture
def project() -> Project:
    add_library_profiles()
    return make_project()


def test_the_library_covers_both_poles_in_every_language_of_the_demo() -> None:
    shipped = json.loads(LIBRARY.read_text())
    assert len(shipped) >= 8
    by_dimension: dict[str, int] = {}
    for profile in shipped:
        by_dimension[profile["dimension"]] = by_dimension.get(profile["dimension"], 0) + 1
        assert set(profile["texts"]) == LANGUAGES
    assert by_dimension["traditional–secular"] == by_dimension["survival–self-expression"] == 2
    texts = [text for profile in shipped for text in profile["texts"].values()]
    assert len(set(texts)) == len(texts)
    assert {2 <= sum(text.count(mark) for mark in ".।") <= 4 for text in texts} == {True}


def test_the_library_is_added_once_and_never_over_an_edit(project: Project) -> None:
    ValueProfile.objects.filter(slug="care").update(texts={"en": "Be kind."}, is_active=False)
    ValueProfile.objects.filter(slug="thrift").delete()
    assert add_library_profiles() == 1
    assert add_library_profiles() == 0
    kept = ValueProfile.objects.get(slug="care", project=None)
    assert (kept.texts, kept.is_active) == ({"en": "Be kind."}, False)


def test_chosen_profiles_are_copied_in_their_order(project: Project) -> None:
    taken = snapshot_profiles(slugs=["order", "care", "order"], project=project)
    assert [profile["slug"] for profile in taken] == ["order", "care"]
    ValueProfile.objects.filter(slug="care").update(texts={})
    assert taken[1]["texts"]["fr"].startswith("Pour vous")


def test_a_projects_own_profile_takes_the_place_of_the_shared_one(project: Project) -> None:
    own = ValueProfile.objects.create(
        project=project, slug="care", name="Care", dimension="x", texts={"en": "Ours."}
    )
    other = make_project("other")
    ValueProfile.objects.create(project=other, slug="theirs", name="x", dimension="x")
    assert own in list_profiles(project=project)
    assert [p["texts"] for p in snapshot_profiles(slugs=["care"], project=project)] == [
        {"en": "Ours."}
    ]
    assert own not in list_profiles(project=other)


@pytest.mark.parametrize("slug", ["no-such", "theirs", "off"])
def test_what_may_not_be_chosen_is_refused_by_name(project: Project, slug: str) -> None:
    other = make_project("other")
    rows = [
        {"slug": "theirs", "project": other},
        {"slug": "off", "project": project, "is_active": False},
    ]
    for row in rows:
        ValueProfile.objects.create(name="x", dimension="x", texts={"en": "x"}, **row)
    with pytest.raises(Refused) as refusal:
        snapshot_profiles(slugs=["care", slug], project=project)
    assert refusal.value.code == "unknown_profile"
    assert slug in refusal.value.fields["profiles"]
