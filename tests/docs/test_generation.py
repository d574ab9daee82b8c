"""docs/generation.md: every strategy's request is the one that is sent, its answer can be read, its own example works."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.test import override_settings

from annotator.management.commands import compare_strategies
from annotator.selectors.profiles import snapshot_profiles
from annotator.services.profiles import add_library_profiles
from pluralism.checks import check_set
from pluralism.languages import LanguageDetector
from pluralism.strategies import (
    ALIGNING,
    STRATEGIES,
    Message,
    Strategy,
    Task,
    make_strategy,
    registry,
)
from pluralism.strategies.base import Source
from tests.factories import make_project
from tests.vllm.real_server import OPTIONS
from workers.outcomes import REASONS

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "generation.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^### `(\w+)`.*?\n(.*?)(?=^##)", PAGE, re.MULTILINE | re.DOTALL))
MODEL = "Qwen/Qwen3-4B"
SEED = 7


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def test_every_strategy_has_its_section() -> None:
    assert set(SECTIONS) == {*STRATEGIES, *ALIGNING}


@pytest.mark.django_db
@pytest.mark.parametrize("name", [*STRATEGIES, *ALIGNING])
def test_the_request_shown_is_the_one_that_is_sent_and_the_answer_makes_a_set(name: str) -> None:
    """The section shows the case, the first requests of its set, and the answers to all of them."""
    case, requests, answers = map(json.loads, blocks(SECTIONS[name], "json"))
    strategy = make_strategy(name, parameters_of(case))
    task = Task(
        conversation=(Message("user", case["prompt"]),),
        language=case["language"],
        k=case["k"],
        seed=SEED,
        source=Source(**case["source"]) if "source" in case else None,
    )
    asked = strategy.ask(task)
    assert [request.body(model=MODEL) for request in asked][: len(requests)] == requests
    assert len(asked) == len(answers)
    made = check_set(
        strategy.read(asked, answers, k=case["k"]),
        check_language=lambda text: LanguageDetector(["en", "fr"]).check(
            text, asked=case["language"]
        ),
        promises_difference=strategy.promises_difference,
        max_length_ratio=strategy.max_length_ratio,
    )
    assert [
        {"text": one.candidate.text, **origin(asked, one.candidate)} for one in made.responses
    ] == case["gives"]


def parameters_of(case: dict[str, Any]) -> dict[str, Any]:
    """Put the library's texts in the place of the slugs, as a run does."""
    parameters = dict(case["parameters"])
    if "profiles" in parameters:
        add_library_profiles()  # a test that empties the tables may have come before
        parameters["profiles"] = snapshot_profiles(
            slugs=parameters["profiles"], project=make_project()
        )
    return parameters


def origin(asked: Any, candidate: Any) -> dict[str, Any]:
    return {**asked[candidate.request].origin, **candidate.origin}


def test_the_strategy_to_add_works_as_it_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    (code,) = blocks(PAGE, "python")
    space: dict[str, Any] = {"__name__": "pluralism.strategies.devils_advocate"}
    exec(compile(code, "docs/generation.md", "exec"), space)
    (added,) = (
        value
        for value in space.values()
        if isinstance(value, type)
        and issubclass(value, Strategy)
        and value.__module__ == space["__name__"]
    )
    monkeypatch.setattr(registry, "STRATEGIES", {**STRATEGIES, added.name: added})
    strategy = make_strategy(added.name, {})
    asked = strategy.ask(Task((Message("user", "What is fair?"),), "en", 3, SEED))
    assert len(asked) == strategy.requests_per_set(3) == 3
    read = strategy.read(asked, ["One view.", "Another view.", "A third view."], k=3)
    assert [candidate.text for candidate in read] == ["One view.", "Another view.", "A third view."]
    assert strategy.template_version
    assert all(
        "title" in told and "description" in told
        for told in added.model_json_schema()["properties"].values()
    )


def test_vllm_is_started_everywhere_with_the_flags_that_are_told() -> None:
    command = next(text for text in blocks(PAGE, "sh") if "vllm serve" in text)
    told = set(re.findall(r"--[a-z-]+", command.split("vllm serve")[1]))
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]["vllm"]
    assert {"--enable-prefix-caching", "--scheduling-policy", "--host", "--port"} <= told
    assert told - {"--api-key"} == {
        word for word in compose["command"] if word.startswith("--")
    } - {"--model"}
    shared = {"--enable-prefix-caching", "--scheduling-policy", "--structured-outputs-config"}
    assert shared <= set(OPTIONS)
    assert "127.0.0.1" in command


def test_every_reason_is_explained() -> None:
    reasons = set(re.findall(r'UnusableError\(\s*"(\w+)"', sources())) | set(REASONS.values())
    missing = {reason for reason in reasons if f"`{reason}`" not in PAGE}
    assert not missing


def sources() -> str:
    files = [*(ROOT / "pluralism").rglob("*.py"), *(ROOT / "workers").glob("outcomes.py")]
    return "\n".join(path.read_text(encoding="utf-8") for path in files)


def test_the_commands_options_exist() -> None:
    parser = compare_strategies.Command().create_parser("manage.py", "compare_strategies")
    (line,) = re.findall(r"^manage\.py compare_strategies (.*)$", PAGE, re.MULTILINE)
    with override_settings():
        options = set(re.findall(r"--\w+", line))
    assert options
    assert options <= {option for action in parser._actions for option in action.option_strings}
