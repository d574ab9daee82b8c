"""An admin makes candidates: strategy, estimate, run, progress, comparison, a translation reviewed."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from pytest_django import Settings

from annotator.models import CandidateSet, Comparison, GenerationRun, Project
from annotator.services.profiles import add_library_profiles
from tests.aligned import make_group
from tests.e2e.visitors import Visitor, Visitors
from tests.factories import make_admin, make_project
from tests.model_server import ModelServerStandIn, run_model_server
from tests.workers.celery_worker import run_worker, wait_until

GROUPS = 6


@pytest.fixture
def model_server(settings: Settings) -> Iterator[ModelServerStandIn]:
    with run_model_server() as stand_in:
        settings.VLLM_BASE_URL = stand_in.base_url
        settings.VLLM_MODEL = settings.VLLM_API_KEY = ""
        settings.VLLM_CONCURRENCY = 8
        yield stand_in


@pytest.fixture
def project() -> Project:
    add_library_profiles()
    project = make_project(languages=["en", "fr"])
    for number in range(GROUPS):
        slow = " [[slow-40]]"
        questions = {
            "en": f"What is owed to neighbour {number}?{slow}",
            "fr": f"Que doit-on au voisin {number} ?",
        }
        make_group(project, f"neighbour-{number}", questions=questions)
    return project


@pytest.fixture
def adam(visit: Visitors, project: Project) -> Visitor:
    make_admin("adam")
    visitor = visit()
    visitor.sign_in("adam")
    visitor.go(f"/admin/annotator/project/{project.pk}/change/")
    return visitor


def test_from_choosing_a_strategy_to_an_open_translation(
    adam: Visitor, project: Project, model_server: ModelServerStandIn, tmp_path: Path
) -> None:
    with run_worker(log=tmp_path / "worker.log"):
        choose_and_start(adam.page)
        see_it_through(adam.page)
        compare_with_a_baseline(adam.page)
        translate_and_open(adam.page, project)
    assert model_server.seen


def choose_and_start(page: Page) -> None:
    page.get_by_role("link", name="Start generation").click()
    expect(page.get_by_label("Protocol")).to_be_visible()
    page.check("input[name=strategy][value=value_systems]")
    expect(page.get_by_label("Protocol")).to_be_hidden()
    for name in ("Tradition and faith", "Reason and evidence", "Care", "Order and fairness"):
        page.get_by_label(name, exact=True).check()
    page.get_by_label("English").check()
    page.fill("#id_value_systems-max_tokens", "300")
    estimate = page.locator("#estimate")
    expect(estimate).to_contain_text("24")  # requests: six prompts in English, four responses each
    expect(estimate).to_contain_text(re.compile(r"≤\s*7,?200"))
    page.click("input[type=submit].default")


def see_it_through(page: Page) -> None:
    progress = page.locator("#progress")
    expect(progress).to_contain_text("running")
    expect(progress).to_contain_text("finished", timeout=60_000)
    expect(progress.locator("progress")).to_have_attribute("value", str(GROUPS))
    assert Comparison.objects.filter(candidate_set__run__strategy="value_systems").exists()


def compare_with_a_baseline(page: Page) -> None:
    page.locator("#progress header a").click()
    page.get_by_role("link", name="Start generation").click()
    page.check("input[name=strategy][value=independent]")
    page.check("input[name=purpose][value=trial]")
    page.get_by_label("English").check()
    page.fill("#id_limit", "4")
    page.click("input[type=submit].default")
    expect(page.locator("#progress")).to_contain_text("finished", timeout=60_000)
    page.locator("#progress header a").click()
    page.get_by_role("link", name="Compare strategies").click()
    rows = page.locator(".pv-figures tbody tr")
    expect(rows).to_have_count(2)
    expect(rows.nth(0)).to_contain_text("4 of trials")
    rows.nth(1).get_by_role("link", name="Examples").click()
    examples = page.locator("#examples article")
    expect(examples).to_have_count(3)
    expect(examples.nth(0)).to_contain_text("holds that")
    expect(page.get_by_text("What is lost before people see it")).to_be_visible()
    page.click("text=Back to the project")


def translate_and_open(page: Page, project: Project) -> None:
    page.get_by_role("link", name="Translate sets").click()
    page.select_option("#id_source_language", "en")
    page.fill("#id_limit", "1")
    page.click("input[type=submit].default")
    run = GenerationRun.objects.get(purpose="align")
    wait_until(lambda: CandidateSet.objects.filter(run=run, state="review").exists(), seconds=30)
    page.goto(page.url.split("/admin/")[0] + f"/admin/annotator/project/{project.pk}/change/")
    page.click("text=1 translation waits for a reviewer")
    page.get_by_role("link", name="Review", exact=True).click()
    box = page.locator("#accept textarea").first
    box.fill("Une réponse corrigée à la main.")
    page.click("text=Accept and open")
    aligned = CandidateSet.objects.get(run=run)
    assert aligned.state == "complete"
    assert aligned.responses.get(slot=0).text == "Une réponse corrigée à la main."
    assert Comparison.objects.filter(candidate_set=aligned).exists()
