"""The annotators' pages speak every language of the interface: completely, and with the placeholders in place."""

import ast
import gettext
import re
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import NamedTuple

import pytest
from django.conf import settings
from django.utils.translation.template import templatize

from annotator.management.commands.makemessages import STAFF_ONLY

ROOT = Path(__file__).resolve().parent.parent.parent
LOCALE = ROOT / "annotator" / "locale"
LANGUAGES = [code for code, _name in settings.LANGUAGES if code != "en"]
CALLS = {"_", "gettext", "gettext_lazy", "ngettext", "ngettext_lazy", "pgettext", "gettext_noop"}
SAME_IN_BOTH = {"Administration", "France", "India", "Menu", "Pages", "Place", "Plurivox", "menu"}
"""Texts that are right as they are in some language."""


class Entry(NamedTuple):
    """One message of a catalogue, as its source has it."""

    text: str
    plural: str
    translations: list[str]
    is_fuzzy: bool


def sources() -> Iterator[Path]:
    for pattern in ("annotator/**/*.py", "templates/**/*.html"):
        for path in ROOT.glob(pattern):
            if not any(fnmatch(str(path.relative_to(ROOT)), staff) for staff in STAFF_ONLY):
                yield path


def texts_of(path: Path) -> Iterator[str]:
    """Yield what a file asks to be translated, the singular of a plural."""
    code = path.read_text()
    if path.suffix == ".html":
        # Django turns a template into lines of gettext calls among rubbish, as for xgettext.
        for call in re.findall(
            r"""\bn?gettext\(((?:u?'[^\n]*?'|u?"[^\n]*?")\s*[,)])""", templatize(code)
        ):
            yield ast.literal_eval(call.rstrip(",) \n"))
        return
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CALLS:
            first = node.args[-1 if node.func.id == "pgettext" else 0]
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                yield first.value


def catalogue(language: str) -> dict[str, Entry]:
    entries = {}
    for block in (LOCALE / language / "LC_MESSAGES" / "django.po").read_text().split("\n\n"):
        lines = [line for line in block.split("\n") if not line.startswith("#")]
        fields: dict[str, str] = {}
        last = ""
        for line in lines:
            name, _space, value = line.partition(" ")
            if line.startswith('"'):
                fields[last] += ast.literal_eval(line)
            elif value:
                last = name
                fields[last] = ast.literal_eval(value)
        if "msgid" in fields:
            said = [value for name, value in fields.items() if name.startswith("msgstr")]
            fuzzy = any(line.startswith("#,") and "fuzzy" in line for line in block.split("\n"))
            text = fields["msgid"]
            entries[text] = Entry(text, fields.get("msgid_plural", ""), said, fuzzy)
    return entries


def compiled(language: str) -> gettext.GNUTranslations:
    with (LOCALE / language / "LC_MESSAGES" / "django.mo").open("rb") as file:
        return gettext.GNUTranslations(file)


def test_the_texts_are_found() -> None:
    found = {text for path in sources() for text in texts_of(path)}
    assert len(found) > 150
    assert {"Skip this task", "Not my language", "%(shown)s answer"} <= found


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_that_annotators_read_is_translated(language: str) -> None:
    entries = catalogue(language)
    texts = {text for path in sources() for text in texts_of(path)}
    missing = {
        text
        for text in texts
        if text not in entries
        or entries[text].is_fuzzy
        or not all(entries[text].translations)
        or (entries[text].translations == [text] and text not in SAME_IN_BOTH)
    }
    assert missing == set(), f"`make messages`, then translate these into {language}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_plurals_have_as_many_forms_as_the_language(language: str) -> None:
    entries = catalogue(language)
    header = entries[""].translations[0]
    found = re.search(r"nplurals=(\d)", header)
    assert found is not None
    assert {
        entry.text: len(entry.translations)
        for entry in entries.values()
        if entry.plural and len(entry.translations) != int(found[1])
    } == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_catalogue_says_who_has_reviewed_it(language: str) -> None:
    """A native reader signs it off with a name; until then it says `unreviewed`."""
    assert re.search(
        r"^X-Reviewed-By: \S.*$", catalogue(language)[""].translations[0], re.MULTILINE
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_compiled_catalogue_is_that_of_its_source(language: str) -> None:
    """`make messages` collects and compiles."""
    mo = compiled(language)
    assert [
        entry.text
        for entry in catalogue(language).values()
        if entry.text
        and not entry.plural
        and mo.gettext(entry.text) != (entry.translations[0] or entry.text)
    ] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_translations_keep_the_placeholders(language: str) -> None:
    for entry in catalogue(language).values():
        wanted = set(re.findall(r"%\(\w+\)s", entry.text + entry.plural))
        for said in filter(None, entry.translations if entry.text else ()):
            # A form for one or two may say the number in words.
            kept = set(re.findall(r"%\(\w+\)s", said))
            assert kept == wanted or (entry.plural and kept <= wanted), entry.text
