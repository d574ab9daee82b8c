"""Pay: at the rate of the wave, shown to the person, listed for who pays."""

import csv
import io
import uuid
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from annotator.errors import Refused
from annotator.models import AuditEvent, Participation, PayLine, PayPeriod, Project
from annotator.selectors.pay import list_earnings, median_hourly_pay, total_owed
from annotator.services.pay import close_period
from annotator.services.projects import open_project
from annotator.services.withdrawal import delete_account
from tests.factories import (
    make_annotator,
    make_judgment,
    make_member,
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


# Periods


@pytest.fixture
def rita(client: Client, project: Project) -> Client:
    client.force_login(make_member(project))
    return client


def pay_url(project: Project) -> str:
    return reverse("admin:annotator_project_pay", args=[project.pk])


def close(project: Project) -> PayPeriod:
    return close_period(project=project, key=uuid.uuid4(), by=None)


def test_a_period_lists_what_is_owed_and_the_next_only_what_came_since(
    project: Project, alice: Participation
) -> None:
    make_judgment(alice)
    first = close(project)
    assert list_earnings(project=project)[0].owed == 0
    make_judgment(alice)
    make_judgment(alice)
    second = close(project)
    assert [
        (line.before, line.amount, line.answers) for line in PayLine.objects.order_by("pk")
    ] == [
        (0, 25, 1),
        (25, 50, 2),
    ]
    assert (first.lines.count(), second.lines.count()) == (1, 1)
    event = AuditEvent.objects.filter(action="pay").latest("pk")
    assert event.details == {"people": 1, "EUR": "0.50"}


def test_the_bonus_is_paid_once(project: Project, alice: Participation) -> None:
    Project.objects.update(target_per_person=2)
    make_judgment(alice)
    close(project)
    make_judgment(alice)
    close(project)
    make_judgment(alice)
    close(project)
    assert list(PayLine.objects.order_by("pk").values_list("amount", flat=True)) == [25, 125, 25]


def test_a_bonus_that_was_paid_too_early_takes_nothing_from_what_others_are_owed(
    project: Project, alice: Participation
) -> None:
    Project.objects.update(target_per_person=1)
    make_judgment(alice)
    close(project)
    Project.objects.update(target_per_person=3)  # alice has more than she earned by now
    make_judgment(make_participation(project, make_annotator("bob")))
    [total] = total_owed(list_earnings(project=project))
    assert (total.owed, total.people) == (Decimal("0.25"), 1)


def test_the_same_page_sent_twice_is_one_period(project: Project, alice: Participation) -> None:
    key = uuid.uuid4()
    make_judgment(alice)
    first = close_period(project=project, key=key, by=None)
    make_judgment(alice)
    assert close_period(project=project, key=key, by=None) == first
    assert PayLine.objects.count() == 1


def test_where_nothing_is_owed_no_period_is_made(project: Project, alice: Participation) -> None:
    with pytest.raises(Refused, match="Nothing is owed"):
        close(project)
    make_judgment(alice)
    close(project)
    with pytest.raises(Refused, match="Nothing is owed"):
        close(project)
    assert PayPeriod.objects.count() == 1


def test_the_database_pays_nothing_twice_and_forgets_no_payment(
    project: Project, alice: Participation
) -> None:
    make_judgment(alice)
    line = PayLine.objects.get(period=close(project))
    other = PayPeriod.objects.create(project=project, key=uuid.uuid4())
    with pytest.raises(IntegrityError, match="nothing_is_paid_twice"), transaction.atomic():
        PayLine.objects.create(
            period=other, participation=alice, currency="EUR", answers=1, before=0, amount=25
        )
    for change in (
        "UPDATE annotator_payline SET amount = 1",
        "DELETE FROM annotator_payline",
        "DELETE FROM annotator_payperiod",
    ):
        with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
            connection.cursor().execute(change)
    assert line.amount == 25


@pytest.mark.django_db(transaction=True)
def test_periods_closed_at_the_same_moment_pay_once() -> None:
    project = make_project(pay_currency="EUR", pay_per_answer=25)
    make_set(project)
    make_judgment(make_participation(project, make_annotator()))

    def close_and_hang_up() -> bool:
        try:
            close(project)
        except Refused:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(4) as pool:
        futures = [pool.submit(close_and_hang_up) for _number in range(4)]
        assert sum(future.result() for future in futures) == 1
    assert PayLine.objects.get().amount == 25


def test_a_manager_closes_a_period_and_saves_its_list(
    rita: Client, project: Project, alice: Participation
) -> None:
    make_judgment(alice)
    page = rita.get(pay_url(project))
    html = page.content.decode()
    assert "0.25" in html
    key = str(page.context["key"])
    for _number in range(2):
        assert (
            "The period is closed."
            in rita.post(pay_url(project), {"key": key}, follow=True).content.decode()
        )
    period = PayPeriod.objects.get()
    answer = rita.get(pay_url(project), {"file": str(period.pk)})
    assert answer["Content-Disposition"] == f'attachment; filename="everyday-pay-{period.pk}.csv"'
    [row] = csv.DictReader(io.StringIO(answer.content.decode()))
    assert (row["external_id"], row["answers"], row["amount"]) == ("'=5f0", "1", "0.25")
    [owed] = csv.DictReader(
        io.StringIO(rita.get(pay_url(project), {"file": "owed"}).content.decode())
    )
    assert (owed["earned"], owed["paid"], owed["amount"]) == ("0.25", "0.25", "0.00")
    assert AuditEvent.objects.filter(action="export", subject__startswith="pay ").count() == 2


def test_a_closed_list_is_the_same_for_ever(
    rita: Client, project: Project, alice: Participation
) -> None:
    make_judgment(alice)
    address, file = pay_url(project), {"file": str(close(project).pk)}
    first = rita.get(address, file).content
    Participation.objects.update(country="IT", panel="other")
    delete_account(annotator=alice.annotator)
    assert Participation.objects.get().external_id == ""
    assert rita.get(address, file).content == first
    assert b"prolific,'=5f0,FR" in first


@pytest.mark.parametrize("name", ["0", "x", "999999999999999999999", "-1", ""])
def test_a_list_that_is_not_there_is_not_found(rita: Client, project: Project, name: str) -> None:
    assert rita.get(pay_url(project), {"file": name}).status_code == 404


def test_a_list_of_another_project_is_not_found(rita: Client, project: Project) -> None:
    foreign = make_project("foreign")
    period = PayPeriod.objects.create(project=foreign, key=uuid.uuid4())
    assert rita.get(pay_url(project), {"file": str(period.pk)}).status_code == 404


def test_the_page_takes_as_many_queries_for_many_people(
    rita: Client,
    project: Project,
    alice: Participation,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    make_judgment(alice)
    close(project)
    make_judgment(make_participation(project, make_annotator("bob")))
    close(project)
    rita.get(pay_url(project))
    with django_assert_num_queries(10):
        # session, account, Django's permissions (2), project, roles; two of what is owed, two of the periods
        rita.get(pay_url(project))


def test_people_see_what_is_listed_to_be_paid(
    client: Client, project: Project, alice: Participation
) -> None:
    make_judgment(alice)
    close(project)
    client.force_login(alice.annotator)
    html = client.get("/projects/everyday/done/").content.decode()
    assert "Of this, 0.25 EUR has been listed to be paid." in html
