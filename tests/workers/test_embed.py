"""Embeddings through the model client."""

import asyncio

import pytest

from tests.model_server import ModelServerStandIn, run_model_server
from workers.vllm import (
    GarbledError,
    ModelServer,
    ModelServerError,
    NotServedError,
    TooLongError,
    UnavailableError,
)


def embed(stand_in: ModelServerStandIn, *texts: str, api_key: str = "") -> list[list[float]]:
    async def session() -> list[list[float]]:
        async with ModelServer(
            base_url=stand_in.base_url, api_key=api_key, timeout=10, connections=1
        ) as server:
            return await server.embed(texts, model="stand-in")

    return asyncio.run(session())


def test_each_text_has_its_vector_in_the_order_asked_for() -> None:
    """The stand-in lists them backwards: the index counts."""
    with run_model_server(api_key="open") as stand_in:
        first, second = embed(stand_in, "care", "care care order", api_key="open")
        (again,) = embed(stand_in, "care", api_key="open")
    assert (sum(first), sum(second)) == (1.0, 3.0)
    assert first == again


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("[[no-vectors]]", GarbledError),
        ("[[ragged]]", GarbledError),
        ("[[context]]", TooLongError),
        ("[[unavailable]]", UnavailableError),
    ],
)
def test_anything_but_vectors_is_an_error_with_a_name(
    text: str, kind: type[ModelServerError]
) -> None:
    with run_model_server() as stand_in, pytest.raises(kind):
        embed(stand_in, "care", text)


def test_a_wrong_key_is_told_apart() -> None:
    with run_model_server(api_key="open") as stand_in, pytest.raises(NotServedError):
        embed(stand_in, "care", api_key="wrong")
