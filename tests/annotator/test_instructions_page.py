"""The instructions: in the language of the pages, with the way to the other languages."""

import pytest
from django.test import Client

from annotator.models.worded import pick_text
from tests.factories import make_annotator, make_participation, make_project

pytestmark = pytest.mark.django_db
URL = "/projects/everyday/instructions/"
TEXTS = {"en": "Choose the *best*.", "pt-BR": "Escolha a **melhor**.", "ar": "اختر **الأفضل**."}


@pytest.fixture
def reader(client: Client) -> Client:
    project = make_project(
        languages=["en"],
        instructions=TEXTS,
        description={"en": "What is best?", "ar": "ما الأفضل؟"},
    )
    alice = make_annotator()
    make_participation(project, alice)
    client.force_login(alice)
    return client


def test_they_follow_the_language_of_the_pages(reader: Client) -> None:
    reader.post("/language/", {"language": "ar"})
    html = reader.get(URL).content.decode()
    assert "<strong>الأفضل</strong>" in html
    assert "ما الأفضل؟" in html
    assert "Choose the" not in html


def test_the_other_languages_are_links_that_leave_the_pages_as_they_are(reader: Client) -> None:
    html = reader.get(URL).content.decode()
    assert 'href="?language=en" lang="en" hreflang="en" aria-current="true"' in html
    assert 'href="?language=ar" lang="ar"' in html
    html = reader.get(URL + "?language=ar").content.decode()
    assert "<strong>الأفضل</strong>" in html
    assert '<html lang="en"' in html


def test_one_language_alone_has_no_links(client: Client) -> None:
    make_participation(
        make_project(instructions={"en": "Choose."}), alice := make_annotator("alice")
    )
    client.force_login(alice)
    assert "tongues" not in client.get(URL).content.decode()


@pytest.mark.parametrize(
    ("wished", "found"),
    [
        (["ar"], "ar"),
        (["pt"], "pt-BR"),
        (["pt-PT"], "pt-BR"),
        (["ar-EG"], "ar"),
        (["fr", "ar"], "ar"),
        (["fr"], "en"),
        ([""], "en"),
    ],
)
def test_a_text_is_found_in_the_next_best_language(wished: list[str], found: str) -> None:
    assert pick_text(TEXTS, *wished) == (TEXTS[found], found)
    assert pick_text({"sw": "Chagua.", "en": ""}, *wished) == ("Chagua.", "sw")
    assert pick_text({}, *wished) == ("", "")
