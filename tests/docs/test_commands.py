"""What README.md and docs/ tell people to run exists under that name."""

import re
from pathlib import Path

import pytest
from django.core.management import get_commands, load_command_class
from django.urls import Resolver404, resolve

ROOT = Path(__file__).resolve().parent.parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
TARGETS = set(re.findall(r"^([a-z][a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))


def told(pattern: str) -> list[tuple[str, str]]:
    return [
        (str(page.relative_to(ROOT)), found)
        for page in PAGES
        for found in re.findall(pattern, page.read_text())
    ]


@pytest.mark.parametrize(
    ("page", "target"), told(r"(?:^|`)make ([a-z-]+)") + told(r"\nmake ([a-z-]+)")
)
def test_every_make_target_exists(page: str, target: str) -> None:
    assert target in TARGETS, page


@pytest.mark.parametrize(("page", "command"), told(r"manage\.py ([a-z_]+)"))
def test_every_management_command_exists(page: str, command: str) -> None:
    assert command in get_commands(), page


@pytest.mark.parametrize(("page", "line"), told(r"manage\.py ([a-z_]+ [^`\n]+)"))
def test_every_option_of_a_command_exists(page: str, line: str) -> None:
    name, *words = line.split()
    known = load_command_class(get_commands()[name], name).create_parser("manage.py", name)
    options = {word.strip("[]") for word in words if word.strip("[]").startswith("--")}
    assert options <= set(known._option_string_actions), page


@pytest.mark.parametrize(
    ("page", "name"), told(r"`(?:annotator/)?([a-z_]+/[\w./-]+\.(?:py|html|js|css|json|toml|sh))`")
)
def test_every_file_that_is_named_is_there(page: str, name: str) -> None:
    folders = (ROOT, ROOT / "annotator", ROOT / "annotator" / "services")
    assert any((folder / name).exists() for folder in folders), page


def test_no_two_decisions_have_one_number() -> None:
    numbers = [path.name[:4] for path in (ROOT / "docs" / "decisions").glob("*.md")]
    assert len(set(numbers)) == len(numbers)


@pytest.mark.parametrize(("page", "path"), told(r"https?://127\.0\.0\.1:8000(/[\w/.-]*)"))
def test_every_address_resolves(page: str, path: str) -> None:
    try:
        resolve(path)
    except Resolver404:
        pytest.fail(f"{page} names {path}")


@pytest.mark.parametrize(("page", "link"), told(r"\]\((?!https?:)([^)#]+)"))
def test_every_link_leads_to_a_file(page: str, link: str) -> None:
    assert ((ROOT / page).parent / link).exists(), f"{page} links {link}"
