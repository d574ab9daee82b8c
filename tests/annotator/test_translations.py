"""The annotators' pages speak every language of the interface."""

import ast
import gettext
import re
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(__file__).resolve().parent.parent.parent
LOCALE = ROOT / "annotator" / "locale"
LANGUAGES = [code for code, _name in settings.LANGUAGES if code != "en"]
PAGES = [
    path for path in (ROOT / "templates").rglob("*.html") if not {"admin", "api"} & set(path.parts)
]
STRING = r'"(?:[^"\\]|\\.)*"'


def compiled(language: str) -> gettext.GNUTranslations:
    with (LOCALE / language / "LC_MESSAGES" / "django.mo").open("rb") as file:
        return gettext.GNUTranslations(file)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_of_the_templates_is_translated(language: str) -> None:
    catalogue = compiled(language)
    texts = {
        text
        for path in PAGES
        for text in re.findall(r"""\{% translate ["'](.+?)["'](?: as \w+)? %\}""", path.read_text())
    }
    assert len(texts) > 80
    same_in_both = {"Menu", "Pages", "Administration"}
    assert {text for text in texts if catalogue.gettext(text) == text} <= same_in_both


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_compiled_catalogue_is_that_of_its_source(language: str) -> None:
    """`make messages` writes the source; `django-admin compilemessages` compiles it."""
    catalogue = compiled(language)
    source = (LOCALE / language / "LC_MESSAGES" / "django.po").read_text()
    pairs = re.findall(rf"^msgid ((?:{STRING}\n)+)msgstr ((?:{STRING}\n?)+)", source, re.MULTILINE)
    texts = [
        ["".join(map(ast.literal_eval, re.findall(STRING, part))) for part in pair]
        for pair in pairs
    ]
    assert [
        text
        for text, translation in texts
        if text and translation and catalogue.gettext(text) != translation
    ] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_translations_keep_the_placeholders(language: str) -> None:
    source = (LOCALE / language / "LC_MESSAGES" / "django.po").read_text()
    for text, translation in re.findall(
        rf"^msgid ({STRING})\nmsgstr ({STRING})", source, re.MULTILINE
    ):
        assert (
            set(re.findall(r"%\(\w+\)s", text)) == set(re.findall(r"%\(\w+\)s", translation))
            or translation == '""'
        )
