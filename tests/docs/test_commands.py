"""What README.md and docs/ tell people to run exists under that name."""

import re
from pathlib import Path

import pytest
from django.core.management import get_commands
from django.urls import Resolver404, resolve

ROOT = Path(__file__).resolve().parent.parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
TARGETS = set(re.findall(r"^([a-z][a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))


def told(pattern: str) -> list[tuple[str, str]]:
    return [(page.name, found) for page in PAGES for found in re.findall(pattern, page.read_text())]


@pytest.mark.parametrize(
    ("page", "target"), told(r"(?:^|`)make ([a-z-]+)") + told(r"\nmake ([a-z-]+)")
)
def test_every_make_target_exists(page: str, target: str) -> None:
    assert target in TARGETS, page


@pytest.mark.parametrize(("page", "command"), told(r"manage\.py ([a-z_]+)"))
def test_every_management_command_exists(page: str, command: str) -> None:
    assert command in get_commands(), page


@pytest.mark.parametrize(("page", "path"), told(r"https?://127\.0\.0\.1:8000(/[\w/.-]*)"))
def test_every_address_resolves(page: str, path: str) -> None:
    try:
        resolve(path)
    except Resolver404:
        pytest.fail(f"{page} names {path}")


@pytest.mark.parametrize(("page", "link"), told(r"\]\((?!https?:)([^)#]+)"))
def test_every_link_leads_to_a_file(page: str, link: str) -> None:
    folder = ROOT if page == "README.md" else ROOT / "docs"
    assert (folder / link).exists(), f"{page} links {link}"
