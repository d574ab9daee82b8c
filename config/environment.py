"""Every setting that comes from outside, with its type, default and meaning.

`docs/configuration.md` is held against this file by a test. A missing or senseless value stops the
start with a sentence that names the variable and says what it wants.
"""

import os
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured
from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = Path(os.environ.get("VAR_DIR", BASE_DIR / "var"))
"""Where the embedded servers, the demo and uploaded files live."""
EMBEDDED_ENV = VAR_DIR / "demo.env"
"""Written by `make demo`, so that `manage.py` finds the running demo's servers."""

CommaSeparated = Annotated[tuple[str, ...], NoDecode]


class Environment(BaseSettings):
    """The process environment, parsed once."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True)

    secret_key: str = Field(
        min_length=32, description="At least 32 random characters; signs sessions and links."
    )
    database_url: str = Field(
        description="postgresql://user:password@host:5432/name, or …/name?host=/socket/folder."
    )
    redis_url: str = Field(
        description="redis://host:6379/0 or unix:///path/redis.sock; the Celery broker."
    )
    debug: bool = Field(
        default=False, description="Shows tracebacks in the browser. Never in production."
    )
    demo: bool = Field(
        default=False,
        description="Allows the demo's sign-in links and plain-HTTP cookies. Set by `make demo`.",
    )
    allowed_hosts: CommaSeparated = Field(
        ("localhost", "127.0.0.1", "[::1]"), description="Host names served, separated by commas."
    )
    public_url: str = Field(
        "http://127.0.0.1:8000",
        description="The origin people open, for links in invitations and exports.",
    )
    data_dir: Path = Field(VAR_DIR / "data", description="Folder for uploaded and released files.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="How much is logged."
    )
    vllm_base_url: str = Field(
        "",
        description="The model server, with /v1: http://127.0.0.1:8001/v1. Empty: nothing can be generated.",
    )
    vllm_model: str = Field(
        "", description="The model to ask for. Empty: the first model the server lists."
    )
    vllm_api_key: str = Field("", description="Sent to the model server as a bearer token.")
    vllm_concurrency: int = Field(
        32, ge=1, le=1024, description="Requests in flight to the model server per worker process."
    )
    vllm_timeout: float = Field(
        120.0, gt=0, le=3600, description="Seconds until an unanswered model request is given up."
    )
    lease_sweep_seconds: int = Field(
        30, ge=1, le=3600, description="Seconds between two sweeps of overdue leases."
    )
    last_search_seconds: int = Field(
        60,
        ge=0,
        le=3600,
        description="Seconds between two complete searches for one person's work.",
    )

    @field_validator("allowed_hosts", mode="before")
    @classmethod
    def split_commas(cls, value: object) -> object:
        """Read `a, b` as two names."""
        return (
            tuple(part.strip() for part in value.split(",") if part.strip())
            if isinstance(value, str)
            else value
        )

    @field_validator("database_url")
    @classmethod
    def is_postgres(cls, value: str) -> str:
        """Refuse every other database: there is one dialect everywhere."""
        if urlsplit(value).scheme not in ("postgresql", "postgres"):
            raise ValueError("must begin with postgresql://, the only database Plurivox runs on")
        return value

    @field_validator("redis_url")
    @classmethod
    def is_redis(cls, value: str) -> str:
        """Refuse other brokers."""
        if urlsplit(value).scheme not in ("redis", "rediss", "unix"):
            raise ValueError("must begin with redis://, rediss:// or unix://")
        return value

    @field_validator("public_url", "vllm_base_url")
    @classmethod
    def is_origin(cls, value: str) -> str:
        """Accept http and https addresses, without a trailing slash."""
        if value and (
            urlsplit(value).scheme not in ("http", "https") or not urlsplit(value).netloc
        ):
            raise ValueError("must be an address such as https://example.org")
        return value.rstrip("/")

    @model_validator(mode="after")
    def is_safe_in_production(self) -> "Environment":
        """A public site without its host name would answer nobody."""
        if not self.debug and not self.demo and "*" in self.allowed_hosts:
            raise ValueError("ALLOWED_HOSTS must list the names this site is served under, not *")
        return self


def read_environment() -> Environment:
    """Return the environment; without DATABASE_URL, that of the demo running in this checkout."""
    env_file = EMBEDDED_ENV if "DATABASE_URL" not in os.environ and EMBEDDED_ENV.exists() else None
    try:
        return Environment(_env_file=env_file)
    except ValidationError as error:
        sentences = [_sentence(item["loc"], item["msg"], item["type"]) for item in error.errors()]
        hint = (
            ""
            if env_file
            else "\nTo try Plurivox, run `make demo`; docs/configuration.md lists every variable."
        )
        raise ImproperlyConfigured("\n".join(sentences) + hint) from None


def _sentence(loc: tuple[int | str, ...], message: str, kind: str) -> str:
    if not loc:
        return message.removeprefix("Value error, ")
    field = Environment.model_fields[str(loc[0])]
    problem = "is not set" if kind == "missing" else message.removeprefix("Value error, ")
    return f"{str(loc[0]).upper()}: {problem}. {field.description}"
