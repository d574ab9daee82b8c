"""Every setting that comes from outside, with its type, default and meaning.

`docs/configuration.md` is held against this file by a test. A missing or senseless value stops the
start with a sentence that names the variable and says what it wants.
"""

import json
import os
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = Path(os.environ.get("VAR_DIR", BASE_DIR / "var"))
"""Where the embedded servers, the demo and uploaded files live."""
EMBEDDED_ENV = VAR_DIR / "demo.env"
"""Written by `make demo`, so that `manage.py` finds the running demo's servers."""

CommaSeparated = Annotated[tuple[str, ...], NoDecode]
DEFAULT_ENDPOINT = "default"
"""The name of the model server that VLLM_BASE_URL tells of."""


class Endpoint(BaseModel):
    """One model server of VLLM_ENDPOINTS."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")
    base_url: str
    api_key: str = ""
    models: tuple[str, ...] = ()
    concurrency: int = Field(32, ge=1, le=1024)
    priority: bool = False
    generates: bool = True

    @field_validator("base_url")
    @classmethod
    def is_address(cls, value: str) -> str:
        """Accept http and https addresses, without a trailing slash."""
        if not _is_http(value):
            raise ValueError("must be an address such as http://127.0.0.1:8001/v1")
        return value.rstrip("/")


def _is_http(value: str) -> bool:
    return urlsplit(value).scheme in ("http", "https") and bool(urlsplit(value).netloc)


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
        32,
        ge=1,
        le=1024,
        description="Most requests in flight to the model server per worker process.",
    )
    vllm_priority: bool = Field(
        default=False,
        description="The model server was started with --scheduling-policy priority.",
    )
    vllm_endpoints: Annotated[tuple[Endpoint, ...], NoDecode] = Field(
        (),
        description='More model servers, as a JSON list: [{"name": "gpu-1", "base_url": "http://10.0.0.1:8000/v1", "api_key": "…"}].',
    )
    embedding_endpoint: str = Field(
        "", description="The model server, by its name, that embeds responses. Empty: none does."
    )
    embedding_model: str = Field("", description="The model that embeds responses.")
    judge_endpoint: str = Field(
        "", description="The model server, by its name, that judges responses. Empty: none does."
    )
    judge_model: str = Field("", description="The model that judges responses.")
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
    api_requests_per_minute: int = Field(
        3000,
        ge=0,
        le=1_000_000,
        description="Requests that one API token may make in a minute. 0: as many as it likes.",
    )

    exports_at_once: int = Field(
        3, ge=1, le=1000, description="Exports that may be read at the same time, in all processes."
    )
    export_rate: int = Field(
        0, ge=0, le=10_000_000, description="Rows a second of each export. 0: as fast as it goes."
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

    @field_validator("vllm_endpoints", mode="before")
    @classmethod
    def read_json(cls, value: object) -> object:
        """Read the list; empty means none."""
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value or "[]")
        except ValueError as error:
            raise ValueError(f"is no JSON ({error})") from None

    @field_validator("vllm_endpoints")
    @classmethod
    def has_names_of_its_own(cls, value: tuple[Endpoint, ...]) -> tuple[Endpoint, ...]:
        """Refuse two model servers of one name."""
        names = [endpoint.name for endpoint in value]
        if len(set(names)) < len(names) or DEFAULT_ENDPOINT in names:
            raise ValueError(
                f"needs a different name for each model server; “{DEFAULT_ENDPOINT}” is the one of VLLM_BASE_URL"
            )
        return value

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
    def is_origin(cls, value: str, info: ValidationInfo) -> str:
        """Accept http and https addresses, without a trailing slash; the model server alone may be none."""
        is_none = not value and info.field_name == "vllm_base_url"
        if not (is_none or _is_http(value)):
            raise ValueError("must be an address such as https://example.org")
        return value.rstrip("/")

    @model_validator(mode="after")
    def is_safe_in_production(self) -> "Environment":
        """A public site without its host name would answer nobody."""
        if not self.debug and not self.demo and "*" in self.allowed_hosts:
            raise ValueError("ALLOWED_HOSTS must list the names this site is served under, not *")
        return self

    @model_validator(mode="after")
    def names_known_servers(self) -> "Environment":
        """What embeds and what judges is one of the model servers, and a model of it."""
        known = [endpoint.name for endpoint in self.vllm_endpoints]
        known += [DEFAULT_ENDPOINT] if self.vllm_base_url else []
        for use, name, model in (
            ("EMBEDDING", self.embedding_endpoint, self.embedding_model),
            ("JUDGE", self.judge_endpoint, self.judge_model),
        ):
            if name and name not in known:
                raise ValueError(
                    f"{use}_ENDPOINT: there is no model server “{name}”. Known are: {', '.join(known) or 'none'}; VLLM_ENDPOINTS lists them."
                )
            if name and not model:
                raise ValueError(f"{use}_MODEL: is not set. {use}_ENDPOINT needs a model's name.")
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
    if len(loc) > 1:  # inside the list of model servers
        problem = f"{loc[-1]} of number {int(loc[1]) + 1}: {problem}"
    return f"{str(loc[0]).upper()}: {problem}. {field.description}"
