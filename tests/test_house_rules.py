"""Rules of the house that no linter knows."""

import ast
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from celery import current_app
from django.core.management import call_command

from annotator import bells

ROOT = Path(__file__).resolve().parent.parent
NAMES = {"Plurivox", "Enter", "Ctrl", "Tab", "Esc", "Shift", "colM"}
"""What is the same in every language: the product's name, what stands on keys, a class of the admin."""
CODE = ("annotator", "api", "benchmarks", "config", "pluralism", "tests", "workers")
QUERYSET_METHODS = {
    "filter",
    "exclude",
    "annotate",
    "order_by",
    "select_related",
    "prefetch_related",
    "only",
    "defer",
}


def sources() -> Iterator[Path]:
    for package in CODE:
        for path in sorted((ROOT / package).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path


@cache
def trees() -> list[tuple[Path, ast.Module]]:
    return [(path.relative_to(ROOT), ast.parse(path.read_text())) for path in sources()]


def templates() -> Iterator[Path]:
    yield from sorted((ROOT / "templates").rglob("*.html"))


@pytest.mark.django_db
def test_models_and_migrations_agree() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_files_are_read_in_one_sitting() -> None:
    lines = {path.relative_to(ROOT): len(path.read_text().splitlines()) for path in sources()}
    assert {
        str(p): n for p, n in lines.items() if n > (450 if p.parts[0] == "tests" else 400)
    } == {}


def test_functions_are_seen_at_once() -> None:
    lengths = {
        f"{path}:{node.name}": node.end_lineno - node.lineno + 1
        for path, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno
    }
    assert {name: lines for name, lines in lengths.items() if lines > 60} == {}


def test_no_queryset_is_made_and_thrown_away() -> None:
    thrown = [
        f"{path}:{node.lineno}"
        for path, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Call)
        and isinstance(node.value.func, ast.Attribute)
        and node.value.func.attr in QUERYSET_METHODS
    ]
    assert thrown == []


@pytest.mark.parametrize("folder", ["services", "selectors", "views"])
def test_a_folders_first_page_names_every_file_in_it(folder: str) -> None:
    package = ROOT / "annotator" / folder
    page = (package / "__init__.py").read_text()
    files = {path.stem for path in package.glob("*.py")} - {"__init__"}
    folders = {f"{path.parent.name}/" for path in package.glob("*/__init__.py")}
    named = set(re.findall(r"`([a-z_]+/?)`", page))
    assert files | folders == named, f"say in annotator/{folder}/__init__.py what the file is for"


def test_every_bell_is_a_registered_task() -> None:
    current_app.loader.import_default_modules()
    assert set(bells.QUEUES) <= set(current_app.tasks)
    rung = {
        call
        for path in sources()
        for call in re.findall(r'\bring\(\s*"([\w.]+)"', path.read_text())
    }
    assert rung <= set(bells.QUEUES)


def test_only_config_makes_the_celery_app() -> None:
    made = [
        path
        for path in sources()
        if re.search(r"\bCelery\(", path.read_text()) and "tests" not in path.parts
    ]
    assert made == [ROOT / "config" / "celery.py"]


def test_templates_hold_no_inline_scripts_styles_or_handlers() -> None:
    inline = re.compile(
        r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=|javascript:|\shx-on", re.IGNORECASE
    )
    found = [
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path in templates()
        for match in inline.finditer(path.read_text())
    ]
    assert found == []


def test_templates_say_nothing_that_cannot_be_translated() -> None:
    markup = re.compile(
        r"{%\s*(blocktranslate|comment)\b.*?{%\s*end\1\s*%}|{%.*?%}|{{.*?}}|{#.*?#}|<[^>]*>|&\w+;",
        re.DOTALL,
    )
    bare = {
        str(path.relative_to(ROOT)): words
        for path in templates()
        if (words := set(re.findall(r"[^\W\d_]{3,}", markup.sub(" ", path.read_text()))) - NAMES)
    }
    assert bare == {}


def test_the_repository_names_no_path_of_a_developers_machine() -> None:
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    found = [
        name
        for name in listed
        if re.search(rb"/(home|Users)/\w+/", (ROOT / name).read_bytes())
        and name != "tests/test_house_rules.py"
    ]
    assert found == []
