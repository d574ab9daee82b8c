"""A project is made and its settings are changed on one page; what is wrong is refused where it stands."""

import re
from typing import Any

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


def make(adam: Client, **settings: Any) -> Any:
    """Make a project as an admin does: name it, then say the rest on its page."""
    first = adam.post(reverse("admin:annotator_project_add"), {**SETTINGS, **settings})
    return adam.post(first["Location"], {**SETTINGS, **settings}, follow=True)


def test_a_project_is_made_and_its_page_says_what_is_missing(adam: Client) -> None:
    response = make(adam)

    project = Project.objects.get()
    assert response.redirect_chain[-1][0] == page(project)
    assert project.ways_out == ["none"]
    assert project.instructions == {"en": "Choose the *best*.", "pt-BR": "Escolha a melhor."}
    content = response.content.decode()
    for sentence in ("No languages yet.", "No prompts yet.", "No consent text"):
        assert sentence in content
    assert re.search(r'value="open"\s+disabled', content)


def test_a_new_project_is_asked_for_little_and_begins_with_every_answer_of_its_format(
    adam: Client,
) -> None:
    asked = adam.get(reverse("admin:annotator_project_add")).content.decode()
    assert "consent_text" not in asked
    adam.post(reverse("admin:annotator_project_add"), SETTINGS)
    assert Project.objects.get().ways_out == ["all_bad", "none"]


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
        ("description.en", "a\0b"),
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
        ("quotas", "FR"),
        ("quotas", "FR: 1\nFR: 1"),
        ("quotas", "France: 1"),
        ("quotas", "FR + female: 1"),
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
def test_a_wrong_setting_is_refused_and_the_page_begins_with_what_is_wrong(
    adam: Client, project: Project, field: str, value: str
) -> None:
    response = adam.post(page(project), {**SETTINGS, field: value})

    assert response.status_code == 422
    errors = response.context["adminform"].form.errors
    content = response.content.decode()
    assert content.index("Not saved yet") < content.index("Where the project stands")
    assert f'href="#id_{next(iter(errors))}"' in content
    project.refresh_from_db()
    assert project.name == "Everyday"


@pytest.mark.parametrize(
    ("value", "stored", "shown"),
    [
        (
            "FR + 18-34: 1\n US·35+ = 2 \n\n",
            {"FR · 18-34": 1, "US · 35+": 2},
            "FR + 18-34: 1\nUS + 35+: 2",
        ),
        ('{"FR · unknown": 1}', {"FR · unknown": 1}, "FR + unknown: 1"),
    ],
)
def test_places_are_reserved_a_group_a_line(
    adam: Client, project: Project, value: str, stored: dict[str, int], shown: str
) -> None:
    adam.post(page(project), {**SETTINGS, "stratum_by": "country+age", "quotas": value})
    project.refresh_from_db()
    assert project.quotas == stored
    assert adam.get(page(project)).context["adminform"].form["quotas"].value() == shown


@pytest.mark.parametrize(
    ("by", "quotas", "sentence"),
    [
        ("country+age", "FR: 1", "an answer for each of country+age"),
        ("country+age", "FR + 18-24: 1", "It has: 18-34, 35+."),
        ("gender", "female: 1", "People are not asked about “gender”"),
        ("country", "fr: 1", "two capital letters"),
    ],
)
def test_places_for_nobody_are_refused_with_the_reason(
    adam: Client, project: Project, by: str, quotas: str, sentence: str
) -> None:
    response = adam.post(page(project), {**SETTINGS, "stratum_by": by, "quotas": quotas})
    assert sentence in str(response.context["adminform"].form.errors["quotas"])


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
