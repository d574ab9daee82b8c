"""Redis holds nothing that matters: without it work waits, and people stay signed in."""

import os
import subprocess
import sys

import pytest
import redis
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from annotator.models import CandidateSet
from annotator.services.sweeping import sweep
from config.environment import BASE_DIR
from tests.factories import make_annotator, make_participation, make_project, make_prompt, make_set
from tests.workers.celery_worker import environment
from tests.workers.runs import start


@pytest.fixture
def broker() -> "redis.Redis[bytes]":
    client: redis.Redis[bytes] = redis.Redis.from_url(os.environ["REDIS_URL"])
    client.flushall()
    return client


@pytest.fixture
def model_server_named(settings: Settings) -> None:
    settings.VLLM_BASE_URL = "http://127.0.0.1:9/v1"  # nothing asks it here


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("model_server_named")
def test_a_bell_that_is_lost_is_rung_again_by_the_sweep(broker: "redis.Redis[bytes]") -> None:
    run = start(make_project(opened=False), "A?", "B?")
    assert broker.llen("bulk") == 1
    broker.flushall()
    sweep()
    assert broker.llen("bulk") == 1, "the rows said that there is work"
    assert CandidateSet.objects.filter(run=run, state="queued").count() == 2
    broker.flushall()


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("model_server_named")
def test_a_run_is_started_while_the_broker_is_away() -> None:
    project = make_project(opened=False)
    make_prompt(project)
    command = [sys.executable, "manage.py", "generate", project.slug]
    away = environment() | {"REDIS_URL": "unix:///nowhere/redis.sock"}
    ended = subprocess.run(
        command, cwd=BASE_DIR, env=away, capture_output=True, text=True, timeout=30, check=False
    )
    assert ended.returncode == 0, ended.stderr
    assert "the sweep will ring again" in ended.stderr
    assert CandidateSet.objects.get().state == "queued"


@pytest.mark.django_db
def test_nobody_is_signed_out_and_no_task_is_lost_by_a_flush(client: Client) -> None:
    project = make_project()
    make_set(project)
    alice = make_annotator("alice")
    make_participation(project, alice)
    assert client.login(username="alice", password="correct horse")
    page = reverse("task", args=[project.slug])
    before = client.get(page).content
    redis.Redis.from_url(os.environ["REDIS_URL"]).flushall()
    after = client.get(page)
    assert after.status_code == 200
    assert b'id="judgment"' in before
    assert b'id="judgment"' in after.content
