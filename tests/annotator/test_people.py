"""Joining and invitations."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from annotator.errors import Refused
from annotator.models import Annotator, Invitation, Participation
from annotator.services.people import (
    accept_invitation,
    create_invitations,
    digest_secret,
    join_project,
    make_pseudonym,
    set_languages,
)
from annotator.services.projects import close_project
from tests.factories import make_annotator, make_project

pytestmark = pytest.mark.django_db


def test_a_pseudonym_is_stable_within_a_project_and_differs_between_projects() -> None:
    alice, bob = make_annotator("alice"), make_annotator("bob")
    one, two = make_project("one"), make_project("two")
    name = make_pseudonym(project=one, annotator=alice)
    assert len(name) == 26
    assert name == make_pseudonym(project=one, annotator=alice)
    assert (
        len(
            {
                name,
                make_pseudonym(project=two, annotator=alice),
                make_pseudonym(project=one, annotator=bob),
            }
        )
        == 3
    )
    assert join_project(project=one, annotator=alice, languages=["en"]).pseudonym == name


def test_joining_again_changes_nothing() -> None:
    project, alice = make_project(languages=["en", "fr"]), make_annotator()
    first = join_project(project=project, annotator=alice, languages=["en"])
    second = join_project(project=project, annotator=alice, languages=["fr"], country="FR")
    assert first == second
    assert second.languages == ["en"]


@pytest.mark.parametrize("languages", [[], ["de"], ["en", "de"]])
def test_languages_come_from_the_projects_own(languages: list[str]) -> None:
    with pytest.raises(Refused) as refused:
        join_project(
            project=make_project(languages=["en", "fr"]),
            annotator=make_annotator(),
            languages=languages,
        )
    assert set(refused.value.fields) == {"languages"}
    assert not Participation.objects.exists()


def test_languages_can_be_changed_later() -> None:
    participation = join_project(
        project=make_project(languages=["en", "fr"]), annotator=make_annotator(), languages=["en"]
    )
    set_languages(participation=participation, languages=["fr", "en", "fr"])
    participation.refresh_from_db()
    assert participation.languages == ["fr", "en"]


def test_the_stratum_is_the_country_where_the_project_says_so() -> None:
    alice = make_annotator()
    by_country = join_project(
        project=make_project("one", stratum_by="country"),
        annotator=alice,
        languages=["en"],
        country="fr",
    )
    together = join_project(
        project=make_project("two"), annotator=alice, languages=["en"], country="FR"
    )
    assert (by_country.stratum, together.stratum) == ("FR", "")


def test_a_closed_project_takes_nobody_new() -> None:
    project = make_project()
    close_project(project=project)
    with pytest.raises(Refused, match="takes no new people"):
        join_project(project=project, annotator=make_annotator(), languages=["en"])


def test_who_has_left_does_not_come_back_unasked() -> None:
    project, alice = make_project(), make_annotator()
    join_project(project=project, annotator=alice, languages=["en"])
    Participation.objects.update(withdrawn_at=timezone.now())
    with pytest.raises(Refused, match="You have left"):
        join_project(project=project, annotator=alice, languages=["en"])


def test_only_the_digest_of_a_secret_is_stored() -> None:
    secrets = create_invitations(project=make_project(), count=3)
    assert {len(secret) for secret in secrets} == {32}
    stored = Invitation.objects.values_list("digest", flat=True)
    assert set(stored) == {digest_secret(secret) for secret in secrets}
    assert not set(stored) & set(secrets)


def test_an_invitation_makes_an_account_and_a_participation() -> None:
    project = make_project(stratum_by="country")
    [secret] = create_invitations(project=project, count=1, language="en", country="in")
    participation = accept_invitation(project=project, secret=secret, ui_language="en")
    assert (participation.languages, participation.country, participation.stratum) == (
        ["en"],
        "IN",
        "IN",
    )
    assert participation.annotator.username.startswith("guest-")
    assert not participation.annotator.has_usable_password()


def test_an_invitation_lets_in_as_many_as_it_says() -> None:
    project = make_project()
    [secret] = create_invitations(project=project, count=1, language="en", max_uses=2)
    accept_invitation(project=project, secret=secret)
    accept_invitation(project=project, secret=secret)
    with pytest.raises(Refused, match="has been used"):
        accept_invitation(project=project, secret=secret)
    assert Annotator.objects.count() == 2


def test_the_database_itself_counts_the_uses() -> None:
    create_invitations(project=make_project(), count=1)
    with (
        pytest.raises(IntegrityError, match="invitations_are_not_used_too_often"),
        transaction.atomic(),
    ):
        Invitation.objects.update(uses=2)


def test_who_takes_part_already_uses_nothing_up() -> None:
    project, alice = make_project(), make_annotator()
    [secret] = create_invitations(project=project, count=1, language="en")
    first = accept_invitation(project=project, secret=secret, annotator=alice)
    assert accept_invitation(project=project, secret=secret, annotator=alice) == first
    assert Invitation.objects.get().uses == 1


def test_a_refusal_gives_the_use_back() -> None:
    project = make_project()
    [secret] = create_invitations(project=project, count=1)
    with pytest.raises(Refused):
        accept_invitation(project=project, secret=secret, languages=["de"])
    assert Invitation.objects.get().uses == 0
    assert not Annotator.objects.exists()


@pytest.mark.parametrize("wrong", ["expired", "foreign", "made up"])
def test_other_links_lead_nowhere(wrong: str) -> None:
    project = make_project()
    expires_at = timezone.now() - timedelta(seconds=1) if wrong == "expired" else None
    [secret] = create_invitations(
        project=make_project("two") if wrong == "foreign" else project,
        count=1,
        language="en",
        expires_at=expires_at,
    )
    with pytest.raises(Refused, match="no longer valid"):
        accept_invitation(project=project, secret="x" * 32 if wrong == "made up" else secret)


@pytest.mark.parametrize(
    ("field", "value"), [("language", "not a tag"), ("country", "France"), ("country", "F1")]
)
def test_an_invitation_names_real_languages_and_countries(field: str, value: str) -> None:
    project = make_project()
    with pytest.raises(Refused) as refused:
        create_invitations(
            project=project,
            count=1,
            language=value if field == "language" else "",
            country=value if field == "country" else "",
        )
    assert set(refused.value.fields) == {field}
