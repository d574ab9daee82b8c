"""Pay: at the rate of the wave, shown to the person, listed for who pays."""

import csv
import io
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management import call_command
from django.test import Client

from annotator.models import Participation, Project
from annotator.selectors.pay import list_earnings, median_hourly_pay
from annotator.services.projects import open_project
from tests.factories import (
    make_annotator,
    make_judgment,
    make_participation,
    make_project,
    make_set,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def project() -> Project:
    project = make_project(pay_currency="EUR", pay_per_answer=25, pay_bonus=100, overlap=3)
    for _number in range(3):
        make_set(project)
    return project


@pytest.fixture
def alice(project: Project) -> Participation:
    return make_participation(
        project, make_annotator(), country="FR", panel="prolific", external_id="=5f0"
    )


def test_each_answer_is_paid_at_the_rate_of_its_wave(
    project: Project, alice: Participation
) -> None:
    make_judgment(alice)
    project.pay_per_answer = 40
    project.save()
    open_project(project=project)
    make_judgment(alice)
    [earning] = list_earnings(project=project)
    assert (earning.answers, earning.amount, earning.currency) == (2, Decimal("0.65"), "EUR")


def test_the_bonus_comes_with_the_last_task(project: Project, alice: Participation) -> None:
    Project.objects.update(target_per_person=2)
    make_judgment(alice)
    assert list_earnings(project=project)[0].amount == Decimal("0.25")
    make_judgment(alice)
    assert list_earnings(project=project)[0].amount == Decimal("1.50")


def test_people_see_what_they_have_earned(
    client: Client, project: Project, alice: Participation
) -> None:
    Participation.objects.update(panel="", external_id="")
    make_judgment(alice)
    client.force_login(alice.annotator)
    html = client.get("/projects/everyday/done/").content.decode()
    assert "You have earned 0.25 EUR so far." in html
    assert "Your 1 answer is saved." in html


def test_where_nothing_is_said_about_pay_nothing_is_owed(client: Client) -> None:
    project = make_project()
    make_set(project)
    bob = make_participation(project, make_annotator("bob"))
    make_judgment(bob)
    assert list_earnings(project=project) == []
    client.force_login(bob.annotator)
    assert "earned" not in client.get("/projects/everyday/done/").content.decode()


def test_the_file_of_what_is_owed(project: Project, alice: Participation, tmp_path: Path) -> None:
    make_judgment(alice)
    call_command("pay", "everyday", output=tmp_path / "pay.csv")
    printed = io.StringIO()
    call_command("pay", "everyday", stdout=printed)
    assert printed.getvalue() == (tmp_path / "pay.csv").read_text()
    [row] = csv.DictReader(io.StringIO(printed.getvalue()))
    assert (row["external_id"], row["amount"], row["currency"]) == ("'=5f0", "0.25", "EUR")


def test_the_median_of_what_an_hour_brings_by_country(
    project: Project, alice: Participation
) -> None:
    for number, country in enumerate(("FR", "FR", "IT")):
        person = (
            alice
            if number == 0
            else make_participation(project, make_annotator(f"p{number}"), country=country)
        )
        make_judgment(person)  # 0.25 for 1.2 seconds
    assert median_hourly_pay(project=project) == {
        ("FR", "EUR"): Decimal("750.00"),
        ("IT", "EUR"): Decimal("750.00"),
    }
