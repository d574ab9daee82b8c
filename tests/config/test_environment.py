"""A missing or senseless value stops the start with a sentence that names the variable."""

import os
import re
import runpy
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.environment import BASE_DIR, Environment

GOOD = {
    "SECRET_KEY": "a-secret-key-of-more-than-32-characters",
    "DATABASE_URL": "postgresql://plurivox@db/plurivox",
    "REDIS_URL": "redis://redis:6379/0",
}


def start(**environment: str) -> subprocess.CompletedProcess[str]:
    """Start Django's command line with this environment and nothing else."""
    return subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=BASE_DIR,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_complete_environment_starts() -> None:
    assert start(**GOOD).returncode == 0


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("SECRET_KEY", "", "SECRET_KEY: .*at least 32"),
        ("SECRET_KEY", "short", "SECRET_KEY: .*at least 32"),
        ("DATABASE_URL", "sqlite:///db.sqlite3", "DATABASE_URL: must begin with postgresql://"),
        ("REDIS_URL", "memory://", "REDIS_URL: must begin with redis://"),
        ("PUBLIC_URL", "example.org", "PUBLIC_URL: must be an address"),
        ("PUBLIC_URL", "", "PUBLIC_URL: must be an address"),
        ("VLLM_BASE_URL", "127.0.0.1:8001", "VLLM_BASE_URL: must be an address"),
        ("LOG_LEVEL", "chatty", "LOG_LEVEL: .*'DEBUG'"),
        ("LEASE_SWEEP_SECONDS", "0", "LEASE_SWEEP_SECONDS: .*greater than or equal to 1"),
        ("ALLOWED_HOSTS", "*", "ALLOWED_HOSTS must list"),
        ("VLLM_CONCURRENCY", "many", "VLLM_CONCURRENCY: .*integer"),
        ("VLLM_TIMEOUT", "-1", "VLLM_TIMEOUT: .*greater than 0"),
        ("DEBUG", "perhaps", "DEBUG: .*boolean"),
        ("VLLM_ENDPOINTS", "gpu-1", "VLLM_ENDPOINTS: is no JSON"),
        ("VLLM_ENDPOINTS", '{"name": "a"}', "VLLM_ENDPOINTS: .*valid tuple"),
        ("VLLM_ENDPOINTS", '[{"name": "a"}]', "VLLM_ENDPOINTS: .*base_url of number 1"),
        (
            "VLLM_ENDPOINTS",
            '[{"name": "a", "base_url": "file:///etc/passwd"}]',
            "VLLM_ENDPOINTS: base_url of number 1: must be an address",
        ),
        (
            "VLLM_ENDPOINTS",
            '[{"name": "A b", "base_url": "http://a/v1"}]',
            "VLLM_ENDPOINTS: name of number 1",
        ),
        (
            "VLLM_ENDPOINTS",
            '[{"name": "a", "base_url": "http://a/v1"}, {"name": "a", "base_url": "http://b/v1"}]',
            "VLLM_ENDPOINTS: needs a different name",
        ),
        (
            "VLLM_ENDPOINTS",
            '[{"name": "default", "base_url": "http://a/v1"}]',
            "VLLM_ENDPOINTS: needs a different name",
        ),
        (
            "VLLM_ENDPOINTS",
            '[{"name": "a", "base_url": "http://a/v1", "colour": "red"}]',
            "VLLM_ENDPOINTS: colour of number 1",
        ),
        ("EMBEDDING_ENDPOINT", "vectors", "EMBEDDING_ENDPOINT: there is no model server “vectors”"),
        ("JUDGE_ENDPOINT", "default", "JUDGE_ENDPOINT: there is no model server “default”"),
    ],
)
def test_a_senseless_value_stops_the_start(name: str, value: str, sentence: str) -> None:
    ended = start(**GOOD | {name: value})
    assert ended.returncode != 0
    assert re.search(sentence, ended.stderr)


def test_what_embeds_and_judges_is_a_known_server_with_a_model() -> None:
    known = GOOD | {
        "VLLM_BASE_URL": "http://127.0.0.1:8001/v1",
        "VLLM_ENDPOINTS": '[{"name": "vectors", "base_url": "http://127.0.0.1:8002/v1"}]',
        "JUDGE_ENDPOINT": "default",
        "EMBEDDING_ENDPOINT": "vectors",
        "EMBEDDING_MODEL": "small",
    }
    assert "JUDGE_MODEL: is not set" in start(**known).stderr
    assert start(**known | {"JUDGE_MODEL": "large"}).returncode == 0


def _rows(documented: str) -> Iterator[tuple[str, str]]:
    """Yield variables with their defaults; one row may name two."""
    for names, default in re.findall(
        r"^\| (`[A-Z_]+`(?:, `[A-Z_]+`)*) \| ([^|]*) \|", documented, re.M
    ):
        for name in re.findall("[A-Z_]+", names):
            yield name, default


def test_every_variable_is_documented_with_its_default() -> None:
    documented = (BASE_DIR / "docs" / "configuration.md").read_text()
    rows = dict(_rows(documented))
    for name, field in Environment.model_fields.items():
        assert name.upper() in rows, f"{name.upper()} is missing in docs/configuration.md"
        default = field.get_default()
        if field.is_required():
            assert "required" in rows[name.upper()]
        elif (
            isinstance(default, str | int | float)
            and not isinstance(default, bool)
            and default != ""
        ):
            assert str(default).removesuffix(".0") in rows[name.upper()]
        elif isinstance(default, Path):
            assert default.name in rows[name.upper()]


def test_the_web_processes_are_as_many_as_the_environment_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("WEB_WORKERS", "3")
    monkeypatch.setenv("WEB_THREADS", "5")
    served = runpy.run_path(str(BASE_DIR / "config" / "gunicorn.py"))
    assert (served["workers"], served["threads"]) == (3, 5)
