"""What people agree to before they begin, each thing by itself."""

import hashlib
import re
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.test import Client

from annotator.errors import Refused
from annotator.models import Consent, Participation, Project
from annotator.services.people import give_consent
from annotator.services.projects import ensure_wave, open_project
from tests.factories import make_annotator, make_participation, make_project

pytestmark = pytest.mark.django_db
URL = "/projects/everyday/consent/"
TASK = "/projects/everyday/task/"
TEXTS = {"en": "Taking part is **voluntary**.", "ar": "المشاركة طوعية."}


def come_in(client: Client, **settings: Any) -> Participation:
    project = make_project(**{"consent_text": TEXTS, **settings})
    alice = make_annotator()
    client.force_login(alice)
    return make_participation(project, alice)


def test_consent_is_stored_with_time_language_and_hash_of_the_text_read(client: Client) -> None:
    participation = come_in(client)
    client.post("/language/", {"language": "ar"})
    assert client.post(URL, {"adult": "yes", "texts": "yes"})["Location"] == TASK
    consent = Consent.objects.get()
    assert consent.text_hash == hashlib.sha256(TEXTS["ar"].encode()).hexdigest()
    assert (consent.language, consent.is_adult) == ("ar", True)
    assert consent.version == ensure_wave(project=participation.project).consent_version
    assert consent.given_at is not None


def test_the_text_is_shown_in_the_language_of_the_pages_whatever_the_person_works_in(
    client: Client,
) -> None:
    come_in(client, consent_text=TEXTS | {"fr": "Vous êtes **libre**."})
    Participation.objects.update(languages=["fr"])
    client.post("/language/", {"language": "ar"})
    html = client.get(URL).content.decode()
    assert TEXTS["ar"] in html
    assert '<div class="text item" lang="ar"' in html
    for tag in ("en", "fr", "ar"):
        assert f'href="?language={tag}" lang="{tag}"' in html
    client.post("/language/", {"language": "hi"})  # there is none: their own language, not English
    assert "<strong>libre</strong>" in client.get(URL).content.decode()


def test_what_is_stored_is_the_language_that_was_read(client: Client) -> None:
    come_in(client)
    html = client.get(URL + "?language=ar").content.decode()
    assert TEXTS["ar"] in html
    assert 'name="language" value="ar"' in html
    client.post(URL, {"adult": "yes", "language": "ar"})
    consent = Consent.objects.get()
    assert consent.language == "ar"
    assert consent.text_hash == hashlib.sha256(TEXTS["ar"].encode()).hexdigest()


def test_a_language_without_a_text_is_not_what_was_read(client: Client) -> None:
    come_in(client)
    client.post("/language/", {"language": "fr"})
    client.post(URL, {"adult": "yes", "language": "tlh"})
    consent = Consent.objects.get()
    assert consent.language == "en"
    assert consent.text_hash == hashlib.sha256(TEXTS["en"].encode()).hexdigest()


def test_who_is_refused_goes_on_reading_in_the_language_they_chose(client: Client) -> None:
    come_in(client)
    html = client.post(URL, {"language": "ar"}).content.decode()
    assert 'name="language" value="ar"' in html
    assert TEXTS["ar"] in html


def test_each_tick_is_recorded_by_itself(client: Client) -> None:
    participation = come_in(client)
    client.post(URL, {"adult": "yes", "sensitive": "yes"})
    consent = Consent.objects.get()
    assert (consent.sensitive, consent.texts, consent.training) == (True, False, False)
    participation.refresh_from_db()
    assert participation.allows_sensitive is True
    assert (participation.allows_texts, participation.allows_training) == (False, False)


def test_what_is_not_asked_is_neither_yes_nor_no(client: Client) -> None:
    come_in(client, consent_ticks=["training"])
    html = client.get(URL).content.decode()
    assert 'name="training"' in html
    assert 'name="texts"' not in html
    client.post(URL, {"adult": "yes", "texts": "yes", "training": "yes"})
    consent = Consent.objects.get()
    assert (consent.sensitive, consent.texts, consent.training) == (None, None, True)


def test_who_is_not_18_does_not_come_in(client: Client) -> None:
    come_in(client)
    refused = client.post(URL, {"texts": "yes"})
    assert refused.status_code == 422
    html = refused.content.decode()
    assert 'id="adult-error"' in html
    assert 'name="texts" value="yes" checked' in html
    assert not Consent.objects.exists()
    assert client.get(TASK)["Location"] == URL


def test_nothing_is_ticked_beforehand(client: Client) -> None:
    come_in(client)
    html = client.get(URL).content.decode()
    form = html[html.index('<form id="consent"') :]
    assert " checked" not in form[: form.index("</form>")]


@pytest.mark.parametrize(
    ("policy", "sentence"), [("erase", "are erased"), ("keep", "A locked copy")]
)
def test_the_page_says_what_cannot_be_called_back_and_what_a_withdrawal_does(
    client: Client, policy: str, sentence: str
) -> None:
    come_in(client, after_withdrawal=policy)
    html = client.get(URL).content.decode()
    assert "cannot be called back" in html
    assert sentence in html


def test_the_same_consent_twice_is_one_and_other_ticks_are_the_next(client: Client) -> None:
    participation = come_in(client)
    for _time in range(2):
        client.post(URL, {"adult": "yes", "texts": "yes"})
    assert Consent.objects.count() == 1
    assert 'name="texts" value="yes" checked' in client.get(URL).content.decode()
    client.post(URL, {"adult": "yes"})
    assert list(Consent.objects.order_by("pk").values_list("texts", flat=True)) == [True, False]
    participation.refresh_from_db()
    assert participation.allows_texts is False


@pytest.mark.parametrize(
    "change",
    [
        {"consent_text": {"en": "Other."}},
        {"consent_ticks": ["texts"]},
        {"after_withdrawal": "keep"},
    ],
)
def test_other_terms_ask_again(client: Client, change: dict[str, Any]) -> None:
    participation = come_in(client)
    client.post(URL, {"adult": "yes"})
    assert client.get(TASK).status_code == 200
    Project.objects.filter(pk=participation.project_id).update(**change)
    open_project(project=Project.objects.get())
    assert client.get(TASK)["Location"] == URL


def test_nobody_agrees_to_a_text_that_they_have_not_seen(client: Client) -> None:
    participation = come_in(client)
    page = client.get(URL).content.decode()
    read = re.search(r'name="version" value="(\w+)"', page)
    assert read
    Project.objects.filter(pk=participation.project_id).update(consent_text={"en": "All is sold."})
    open_project(project=Project.objects.get())
    sent = {"version": read[1], "adult": "yes", "texts": "yes"}
    refused = client.post(URL, sent)
    html = refused.content.decode()
    assert refused.status_code == 422
    assert "This text has changed while you were here." in html
    assert "All is sold." in html
    assert read[1] not in html
    assert not Consent.objects.exists()
    assert client.get(TASK)["Location"] == URL


def test_without_a_text_nobody_consents_to_anything(client: Client) -> None:
    participation = come_in(client, consent_text={})
    assert client.get(URL)["Location"] == TASK
    wave = ensure_wave(project=participation.project)
    give_consent(participation=participation, wave=wave, language="en", is_adult=True)
    assert not Consent.objects.exists()


def test_the_database_holds_that_only_adults_consent_and_that_nothing_is_rewritten(
    client: Client,
) -> None:
    participation = come_in(client)
    wave = ensure_wave(project=participation.project)
    with pytest.raises(Refused, match="18 or older"):
        give_consent(participation=participation, wave=wave, language="en", is_adult=False)
    with pytest.raises(IntegrityError, match="only_adults_consent"), transaction.atomic():
        Consent.objects.create(
            participation=participation, wave=wave, version="x", language="en", is_adult=False
        )
    give_consent(participation=participation, wave=wave, language="en", is_adult=True)
    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
        Consent.objects.update(texts=True)
