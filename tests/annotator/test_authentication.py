"""Who is signed in: sessions and accounts read by planned statements behave as Django's own."""

from datetime import timedelta

import pytest
from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from annotator.authentication import SessionStore
from annotator.models import Annotator
from tests.factories import make_annotator

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice(client: Client) -> Annotator:
    """Sign alice in."""
    alice = make_annotator("alice")
    assert client.login(username="alice", password="correct horse")
    return alice


def is_in(client: Client) -> bool:
    answer = client.get(reverse("home"))
    return answer.wsgi_request.user.is_authenticated


def test_a_person_stays_signed_in(client: Client, alice: Annotator) -> None:
    answer = client.get(reverse("home"))
    assert answer.wsgi_request.user == alice
    assert Annotator.objects.get(pk=alice.pk).__dict__.keys() == alice.__dict__.keys()


def test_a_session_that_is_over_signs_nobody_in(client: Client, alice: Annotator) -> None:
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    assert not is_in(client)


def test_a_session_that_is_gone_is_made_anew_under_another_key(
    client: Client, alice: Annotator
) -> None:
    old = client.session.session_key
    Session.objects.all().delete()
    assert not is_in(client)
    assert client.login(username="alice", password="correct horse")
    assert client.session.session_key != old


def test_a_closed_account_is_signed_out(client: Client, alice: Annotator) -> None:
    Annotator.objects.filter(pk=alice.pk).update(is_active=False)
    assert not is_in(client)


def test_an_account_that_is_gone_is_signed_out(client: Client, alice: Annotator) -> None:
    alice.delete()
    assert not is_in(client)


def test_another_password_ends_the_sessions(client: Client, alice: Annotator) -> None:
    alice.set_password("another horse")
    alice.save()
    assert not is_in(client)


def test_a_session_that_was_tampered_with_signs_nobody_in(client: Client, alice: Annotator) -> None:
    Session.objects.update(session_data="tampered")
    assert not is_in(client)


@pytest.mark.parametrize(
    "key", ['"abcdefgh\\000"', "x" * 8, "x" * 5000, "Ã" * 8, "\x7f" * 8, "' OR 1=1 --", ""]
)
def test_a_key_that_is_none_signs_nobody_in(client: Client, alice: Annotator, key: str) -> None:
    client.cookies.clear()
    answer = client.get(reverse("home"), HTTP_COOKIE=f"sessionid={key}")
    assert answer.status_code == 200
    assert not answer.wsgi_request.user.is_authenticated


@pytest.mark.parametrize("values", [{"key": 7}, {}])
def test_a_session_is_kept_renewed_cycled_and_ended_as_djangos_own(
    client: Client, values: dict[str, int]
) -> None:
    ours, theirs = SessionStore(), db.SessionStore()
    for store in (ours, theirs):
        store.update(values)
        store.create()
    assert dict(SessionStore(theirs.session_key).items()) == dict(
        db.SessionStore(ours.session_key).items()
    )
    old = ours.session_key
    ours.cycle_key()
    assert ours.session_key != old
    assert not SessionStore(old).exists(old or "")
    ours.set_expiry(-1)
    ours.save()
    assert SessionStore(ours.session_key).load() == {}
    SessionStore.clear_expired()
    assert not Session.objects.filter(pk=ours.session_key).exists()
