"""The board and the dry run: exact numbers, read and not counted, at the same cost in every project."""

import json
import re
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from annotator.models import (
    Assignment,
    BoardCount,
    HarmFlag,
    Judgment,
    Participation,
    Project,
    QualityFlag,
)
from annotator.selectors.board import get_board
from annotator.selectors.dry_run import get_dry_run, smallest_difference
from annotator.selectors.statistics import agreement
from annotator.services.assignments import claim_next, skip
from annotator.services.boards import count_for_board, count_for_boards
from annotator.services.checks import flag
from annotator.services.projects import pause_project
from tests.annotator.many import make_many, pages_of, plans_of
from tests.factories import (
    make_admin,
    make_annotator,
    make_judgment,
    make_participation,
    make_project,
    make_set,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def project() -> Project:
    """Four comparisons of three places, one of them for France; two judged, one held, one skipped."""
    project = make_project(
        overlap=3, stratum_by="country", quotas={"FR": 1}, target_by="country", targets={"IN": 9}
    )
    for _number in range(4):
        make_set(project)
    alice, bob, carol = (
        make_participation(project, make_annotator(name), country=country)
        for name, country in (("alice", "FR"), ("bob", "IN"), ("carol", ""))
    )
    make_judgment(alice)
    make_judgment(bob)
    claim_next(participation=bob)
    held = claim_next(participation=carol)
    assert held is not None
    skip(assignment_id=held, participation=carol, reason="unclear")
    return project


def test_the_board_tells_fill_people_rate_skips_and_what_was_done(project: Project) -> None:
    pause_project(project=project)
    board = get_board(project=project)
    assert {(fill.stratum, fill.judged, fill.leased, fill.wanted) for fill in board.fills} == {
        ("FR", 1, 0, 4),
        ("", 1, 1, 8),
    }
    assert (board.judged, board.wanted, board.people, board.working_now) == (2, 12, 3, 1)
    assert board.skips == {"unclear": 1}
    assert sum(hour.judgments for hour in board.hours) == 2
    assert board.per_hour == pytest.approx(2 / 24)
    assert board.ends_at is not None
    assert [(target.name, target.taken) for target in board.targets] == [("IN", 2)]
    assert board.events[0].action == "pause"


def test_what_the_sweep_counted_is_read_and_not_counted_again(project: Project) -> None:
    assert count_for_boards() == 1
    assert count_for_boards() == 0  # just now
    with CaptureQueriesContext(connection) as queries:
        board = get_board(project=project)
    assert board.counted_at == BoardCount.objects.get().counted_at
    assert len(queries) == 4
    assert not any("GROUP BY 1, 2, 3" in query["sql"] for query in queries)


def test_every_statement_of_the_board_has_its_index(project: Project) -> None:
    count_for_boards()
    with CaptureQueriesContext(connection) as queries:
        get_board(project=project)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        for query in queries:
            cursor.execute("EXPLAIN " + query["sql"])
            plan = "\n".join(line for (line,) in cursor.fetchall())
            found = re.findall(r"Seq Scan on annotator_(\w+)", plan)
            assert set(found) <= {"annotator", "target"}, plan  # accounts and targets are few


def test_the_page_shows_it_with_a_chart_and_its_table(client: Client, project: Project) -> None:
    client.force_login(make_admin())
    page = client.get(reverse("admin:annotator_project_board", args=[project.pk]))
    content = page.content.decode()
    assert page.status_code == 200
    for words in ("Unclear", "2 of 12", "FR", "1 of 3 people", 'role="img"', "<details"):
        assert words in content
    assert " style=" not in content


@pytest.mark.parametrize("sets", [1, 8])
def test_the_page_costs_the_same_whatever_the_project_holds(
    client: Client, sets: int, django_assert_num_queries: Any
) -> None:
    # 2 session and account, 1 project, 4 of the board
    project = make_project()
    for _number in range(sets):
        make_set(project)
    count_for_boards()
    client.force_login(make_admin())
    url = reverse("admin:annotator_project_board", args=[project.pk])
    with django_assert_num_queries(7):
        client.get(url)


def test_the_dry_run_tells_people_hours_and_cost_by_stratum() -> None:
    project = make_project(overlap=3, stratum_by="country", quotas={"FR": 2}, target_per_person=2)
    for _number in range(4):
        make_set(project)
    dry_run = get_dry_run(project=project, hourly_pay=12.0)
    needs = {need.stratum: need for need in dry_run.needs}
    assert (needs["FR"].judgments, needs["FR"].people) == (8, 4)
    assert (needs[""].judgments, needs[""].people) == (4, 2)
    assert dry_run.hours == pytest.approx(12 * 1.5 / 60)
    assert dry_run.cost == pytest.approx(12 * 1.5 / 60 * 12)
    assert dry_run.smallest_difference is None  # one stratum alone


def test_nobody_judges_a_comparison_twice_so_its_places_are_people() -> None:
    project = make_project(overlap=5)
    make_set(project)
    assert get_dry_run(project=project).people == 5


def test_the_smallest_difference_is_that_of_two_shares() -> None:
    # 393 in each of two groups tell 0.45 from 0.55 (5 %, power 80 %): any table of sample sizes
    assert smallest_difference([393, 393]) == pytest.approx(0.1, abs=0.001)
    assert smallest_difference([393]) is None


def test_the_dry_run_costs_what_the_settings_pay() -> None:
    project = make_project(
        pay_currency="EUR",
        pay_per_answer=30,
        pay_bonus=200,
        target_per_person=4,
        overlap=2,
        training_items=2,
        check_share=0.25,
    )
    for _number in range(8):
        make_set(project)
    dry_run = get_dry_run(project=project)
    # 4 people do 4 tasks each, two items of training and a check
    assert (dry_run.judgments, dry_run.people, dry_run.checks) == (16, 4, 4 * (2 + 1))
    assert dry_run.cost == pytest.approx(28 * 0.30 + 4 * 2.00)
    assert dry_run.currency == "EUR"
    assert dry_run.hours == pytest.approx(28 * 1.5 / 60)
    assert dry_run.hourly_pay == pytest.approx(12.0)
    assert get_dry_run(project=project, hourly_pay=10.0).cost == pytest.approx(28 * 1.5 / 60 * 10)
    project.pay_currency = ""
    assert get_dry_run(project=project).cost is None


def test_the_dry_run_counts_later_turns_and_prompts_of_ones_own() -> None:
    project = make_project(
        pay_currency="EUR",
        pay_per_answer=30,
        overlap=2,
        turns=3,
        own_prompt_share=0.5,
        check_share=0.25,
        target_per_person=8,
    )
    for _number in range(8):
        make_set(project)
    dry_run = get_dry_run(project=project)
    # 16 tasks fill places, 16 begin with a prompt of one's own; each conversation goes on twice
    assert (dry_run.judgments, dry_run.later, dry_run.people) == (16, 64 + 16, 4)
    assert dry_run.turns == 3
    assert dry_run.checks == 96 / 4
    assert dry_run.cost == pytest.approx(120 * 0.30)
    assert dry_run.hours == pytest.approx((120 * 1.5 + 80 * 0.5) / 60)


def test_conversations_are_counted_as_long_as_the_newest_were() -> None:
    project = make_project(overlap=1, turns=4)
    make_set(project)
    make_judgment(make_participation(project, make_annotator()))
    make_set(project)
    assert get_dry_run(project=project).turns == 4  # one says nothing yet
    make_many(project, judgments=40)
    assert (get_dry_run(project=project).turns, get_dry_run(project=project).later) == (1, 0)


def test_the_dry_runs_page_tells_what_is_missing(client: Client) -> None:
    project = make_project(languages=["en", "hi"], consent_text={"en": "Yes?"}, opened=False)
    client.force_login(make_admin())
    url = reverse("admin:annotator_project_dry_run", args=[project.pk])
    content = client.get(url, {"hourly_pay": "12"}).content.decode()
    assert "No consent text in: hi" in content
    assert client.get(url, {"hourly_pay": "-1"}).status_code == 200


def test_the_figures_say_what_the_answers_say(project: Project) -> None:
    count = count_for_board(project=project)
    assert count.figures["positions"] == [[2, 0, 0, 0]]
    figures = get_board(project=project).figures
    assert [found.counts for found in figures.positions] == [[2, 0, 0, 0]]
    assert figures.consistency is None
    (agreement,) = figures.agreement
    assert (agreement.language, agreement.same.n, agreement.by_chance) == ("en", 1, 0.25)
    # alice and bob chose the first on their page: the same response only where their orders agree
    firsts = Assignment.objects.filter(state="judged").values_list("display_order", flat=True)
    assert agreement.same.value == float(len({order[0] for order in firsts}) == 1)


def test_agreement_is_that_of_the_statistics(project: Project) -> None:
    for name in ("dora", "eve"):
        person = make_participation(project, make_annotator(name))
        for _number in range(2):
            make_judgment(person, "b")
    board, report = count_for_board(project=project), agreement(project=project)
    ((language, items, share, _deviation, chance),) = board.figures["agreement"]
    (expected,) = report.languages
    assert (language, items, chance) == ("en", expected.percent.n, expected.by_chance)
    assert share == pytest.approx(expected.percent.value)


def test_flags_reports_and_pauses_are_counted_each_time(project: Project) -> None:
    judgment = Judgment.objects.earliest("pk")
    flag(judgment=judgment, kind=QualityFlag.Kind.GOLD)
    HarmFlag.objects.create(
        project=project,
        participation=judgment.participation,
        comparison=judgment.comparison,
        response=judgment.comparison.options.earliest("position").response,
    )
    Participation.objects.filter(pk=judgment.participation_id).update(paused_at=timezone.now())
    flags = count_for_board(project=project).flags
    assert flags == {"gold": 1, "harm": 1, "paused": 1}


def test_what_looks_at_every_judgment_rests_long_after_it_took_long(project: Project) -> None:
    first = count_for_board(project=project).figures_at
    assert count_for_board(project=project).figures_at == first
    later = timezone.now() - timedelta(minutes=6)
    BoardCount.objects.update(figures_at=later, figures_seconds=60.0)
    project = Project.objects.get()
    assert count_for_board(project=project).figures_at == later
    BoardCount.objects.update(figures_seconds=1.0)
    project = Project.objects.get()
    measured = count_for_board(project=project).figures_at
    assert measured is not None
    assert measured > later


def test_median_pay_by_country_stands_on_the_page(client: Client) -> None:
    project = make_project(pay_currency="EUR", pay_per_answer=25)
    make_set(project)
    make_judgment(make_participation(project, make_annotator(), country="FR"))
    count_for_boards()
    client.force_login(make_admin())
    content = client.get(
        reverse("admin:annotator_project_board", args=[project.pk])
    ).content.decode()
    # 25 cents in 1.2 s
    assert "750.00 EUR" in content
    for words in ("What an hour brought", "what differs may be chance", "of 4 responses"):
        assert words in content


def test_the_page_reads_no_judgments_and_counts_no_people(client: Client, project: Project) -> None:
    count_for_boards()
    client.force_login(make_admin())
    with CaptureQueriesContext(connection) as queries:
        client.get(reverse("admin:annotator_project_board", args=[project.pk]))
    read = " ".join(query["sql"] for query in queries)
    for table in ("judgment", "participation", "offer", "comparison"):
        assert f"annotator_{table}" not in read


def test_all_judgments_of_the_last_two_days_make_the_rate_however_many(project: Project) -> None:
    make_many(project, judgments=30_000, over=timedelta(hours=20))
    make_many(project, judgments=500, over=timedelta(hours=1), ended=timedelta(days=3))
    count_for_boards()
    board = get_board(project=project)
    assert sum(hour.judgments for hour in board.hours) == 30_002
    assert board.per_hour == pytest.approx(30_002 / 24)
    assert 1_400 < board.hours[-10].judgments < 1_600


def test_the_rate_is_that_of_the_moment_it_was_counted_at(project: Project) -> None:
    count_for_boards()
    BoardCount.objects.update(counted_at=timezone.now() - timedelta(hours=30))
    assert get_board(project=project).hours[-1].begins < timezone.now() - timedelta(hours=29)


def test_the_page_touches_as_little_in_a_large_project_as_in_a_small_one() -> None:
    small, large = make_project("small"), make_project("large")
    for project, judgments in ((small, 40), (large, 20_000)):
        make_set(project)
        make_judgment(make_participation(project, make_annotator(project.slug)))
        make_many(project, judgments=judgments)
    count_for_boards()
    costs = [pages_of(partial(get_board, project=project)) for project in (small, large)]
    assert costs[1] <= costs[0] + 10


def test_who_works_now_is_counted_along_the_leases_that_run(project: Project) -> None:
    make_many(project, judgments=5_000)
    count_for_boards()
    (plan,) = [
        json.dumps({**plan, "sql": ""})
        for plan in plans_of(partial(get_board, project=project))
        if "lease_until" in plan["sql"]
    ]
    assert "lease" in plan  # one of the two indexes that hold nothing but leases
    assert "assignment_by_project_state" not in plan
    assert "Seq Scan" not in plan
