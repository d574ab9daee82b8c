"""The admin, signed in. pytest may read this file before Django is set up."""

import pytest
from django.test import Client


@pytest.fixture
def adam(client: Client) -> Client:
    from tests.factories import make_admin

    client.force_login(make_admin())
    return client
