"""A list of people becomes a list of links, all or none."""

import csv
import io
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from annotator.models import Invitation, Project
from tests.factories import make_admin, make_project

pytestmark = pytest.mark.django_db

LIST = "name,language,country\nAsha,hi,IN\nBob,en,us\nZoé,,\n"


@pytest.fixture
def project() -> Project:
    return make_project(languages=["en", "hi"])


def test_each_row_comes_back_with_its_own_link(project: Project, tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text("\ufeff" + LIST, "utf-8")
    out = tmp_path / "links.csv"
    call_command("invite", "everyday", input=tmp_path / "people.csv", output=out)
    rows = list(csv.DictReader(io.StringIO(out.read_text())))
    assert [row["name"] for row in rows] == ["Asha", "Bob", "Zoé"]
    assert len({row["url"] for row in rows}) == 3
    made = set(Invitation.objects.values_list("language", "country", "max_uses"))
    assert made == {("hi", "IN", 1), ("en", "US", 1), ("", "", 1)}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("name,country\nA,IN\nB,India\n", "Line 3"),
        ("name,language\nA,xx\n", "none of the project"),
        ("name\n", "1 to"),
        ("name\nA,B,C\n", "more cells"),
        ('name\n"A\n', "no CSV"),
    ],
)
def test_one_bad_row_makes_no_link(
    project: Project, tmp_path: Path, text: str, sentence: str
) -> None:
    (tmp_path / "people.csv").write_text(text)
    with pytest.raises(CommandError, match=sentence):
        call_command("invite", "everyday", input=tmp_path / "people.csv")
    assert not Invitation.objects.exists()


def test_the_admin_takes_the_list_too(client: Client, project: Project) -> None:
    client.force_login(make_admin())
    url = reverse("admin:annotator_project_invite", args=[project.pk])
    page = client.post(url, {"count": "1", "file": SimpleUploadedFile("p.csv", LIST.encode())})
    assert page.status_code == 200
    assert len(page.context["links"]) == 3
    assert "Asha" in page.context["file"]
    bad = client.post(url, {"count": "1", "file": SimpleUploadedFile("p.csv", b"\xff\xfe")})
    assert bad.status_code == 422
