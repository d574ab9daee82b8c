"""`invite` writes links that each let one person in."""

import csv
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from annotator.models import Invitation, Participation, Project
from annotator.services.people import accept_invitation
from tests.factories import make_project

pytestmark = pytest.mark.django_db


@pytest.fixture
def project() -> Project:
    return make_project(languages=["en", "fr"])


def test_links_are_printed_as_csv(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("invite", project.slug, "--count", "3", "--language", "fr", "--country", "ch")

    rows = list(csv.DictReader(capsys.readouterr().out.splitlines()))
    assert len({row["url"] for row in rows}) == 3
    assert all("/join/everyday/?invitation=" in row["url"] for row in rows)
    assert set(Invitation.objects.values_list("language", "country", "max_uses")) == {
        ("fr", "CH", 1)
    }


def test_a_link_lets_one_person_in(project: Project, tmp_path: Path) -> None:
    output = tmp_path / "links.csv"
    call_command("invite", project.slug, "--language", "en", "--output", str(output))

    (row,) = csv.DictReader(output.read_text().splitlines())
    secret = row["url"].split("invitation=")[1]
    participation = accept_invitation(project=project, secret=secret)
    assert participation.languages == ["en"]
    assert Participation.objects.count() == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere"], "no project"),
        (["everyday", "--count", "0"], "1 to"),
        (["everyday", "--count", "1000000000"], "1 to"),
        (["everyday", "--language", "english language"], "not a language tag"),
        (["everyday", "--country", "France"], "two letters"),
        (["everyday", "--output", "/"], "directory"),
    ],
)
def test_a_wrong_argument_makes_no_invitation(
    project: Project, arguments: list[str], said: str
) -> None:
    with pytest.raises(CommandError, match=said):
        call_command("invite", *arguments)
    assert Invitation.objects.count() == 0
