"""A project is made and its settings are changed on one page; what is wrong is refused where it stands."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from annotator.models import Project
from tests.factories import make_project, make_set

pytestmark = pytest.mark.django_db

SETTINGS = {
    "name": "My study",
    "slug": "my-study",
    "task_format": "best_of_k",
    "ways_out": ["none", "both_good"],
    "candidates": "4",
    "pairs_per_set": "2",
    "overlap": "3",
    "lease_minutes": "30",
    "explanation_share": "1",
    "explanation_required_share": "0",
    "strategy": "nc_prompt",
    "languages": "",
    "instructions.en": "Choose the *best*.",
    "instructions-another-language": "pt-br",
    "instructions-another-text": "Escolha a melhor.",
    "consent_text.en": "",
    "consent_ticks": ["texts"],
    "after_withdrawal": "erase",
    "panels": '[{"slug": "prolific", "preset": "prolific", "codes": {"complete": "C1"}}]',
    "training_items": "0",
    "training_threshold": "0.8",
    "check_share": "0",
    "pause_after_failed": "0",
    "pay_currency": "EUR",
    "pay_per_answer": "25",
    "pay_bonus": "100",
    "demographics": '[{"slug": "age", "options": ["18-34", "35+"]}]',
    "quotas": "{}",
    "stratum_by": "country",
    "smallest_group": "10",
    "rare_groups": "hide",
    "unreviewed_texts": "refuse",
}


@pytest.fixture
def project() -> Project:
    return make_project(opened=False, languages=[])


def page(project: Project, name: str = "change") -> str:
    return reverse(f"admin:annotator_project_{name}", args=[project.pk])


def test_a_project_is_made_and_its_page_says_what_is_missing(adam: Client) -> None:
    response = adam.post(reverse("admin:annotator_project_add"), SETTINGS, follow=True)

    project = Project.objects.get()
    assert response.redirect_chain[-1][0] == page(project)
    assert project.ways_out == ["none"]
    assert project.instructions == {"en": "Choose the *best*.", "pt-BR": "Escolha a melhor."}
    content = response.content.decode()
    for sentence in ("No languages yet.", "No prompts yet.", "No consent text"):
        assert sentence in content
    assert re.search(r'value="open"\s+disabled', content)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("slug", "no spaces allowed"),
        ("overlap", "0"),
        ("overlap", "1000000"),
        ("candidates", "9"),
        ("explanation_share", "1.5"),
        ("explanation_share", "nan"),
        ("languages", "en_US"),
        ("name", "a\0b"),
        ("description", "a\0b"),
        ("instructions.en", "a\0b"),
        ("instructions.english_language", "text"),
        ("instructions-another-language", "\0"),
        ("consent_text.en", "x" * 20_001),
        ("quotas", '{"FR": "one"}'),
        ("quotas", '{"FR": 4}'),
        ("quotas", '{"FR": -1}'),
        ("group_quotas", '{"FR": 1.5}'),
        ("targets", '{"": 1}'),
        ("targets", '{"female": 5}'),
        ("stratum_by", "where do you live?"),
        ("target_by", "age,gender"),
        ("block_size", "0"),
        ("quotas", '{"F\\u0000": 1}'),
        ("quotas", "[]"),
        ("quotas", "{"),
        ("quotas", "[" * 100_000),
        ("strategy", "magic"),
        ("strategy", ""),
        ("nc_prompt-temperature", "100"),
        ("nc_prompt-temperature", "NaN"),
        ("nc_prompt-protocol", "smoke"),
        ("ways_out", "maybe"),
        ("task_format", "roulette"),
    ],
)
def test_a_wrong_setting_is_refused(adam: Client, field: str, value: str) -> None:
    response = adam.post(reverse("admin:annotator_project_add"), {**SETTINGS, field: value})

    assert response.status_code == 422
    assert response.context["adminform"].form.errors
    assert not Project.objects.exists()


def test_the_format_stays_once_comparisons_were_made(adam: Client, project: Project) -> None:
    make_set(project)
    response = adam.post(page(project), {**SETTINGS, "task_format": "pairwise"})

    assert response.status_code == 422
    assert "task_format" in response.context["adminform"].form.errors


def test_settings_can_be_changed(adam: Client, project: Project) -> None:
    adam.post(page(project), {**SETTINGS, "overlap": "5", "languages": "en, fr"})

    project.refresh_from_db()
    assert (project.overlap, project.languages, project.name) == (5, ["en", "fr"], "My study")


def test_a_strategy_keeps_the_parameters_that_are_not_its_defaults(
    adam: Client, project: Project
) -> None:
    sent = {
        "strategy": "nc_prompt",
        "nc_prompt-temperature": "0.7",
        "nc_prompt-top_p": "1.0",
        "nc_prompt-max_tokens": "",
        "nc_prompt-tolerant": "on",
        "independent-temperature": "nonsense of another strategy",
    }
    assert adam.post(page(project), {**SETTINGS, **sent}).status_code == 302

    project.refresh_from_db()
    assert project.strategy == "nc_prompt"
    assert project.strategy_parameters == {"temperature": 0.7, "tolerant": True}
    shown = adam.get(page(project)).content.decode()
    assert re.search(r'name="nc_prompt-temperature" value="0.7"', shown)
