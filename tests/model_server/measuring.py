"""How the stand-in embeds texts and judges responses."""

import hashlib
import json
from typing import Any

DIMENSIONS = 16


def as_chat(body: dict[str, Any]) -> dict[str, Any]:
    """Return the texts to embed as a conversation, whose marker names a mode."""
    return body | {"messages": [{"role": "user", "content": "\n".join(body["input"])}]}


def embeddings(body: dict[str, Any], mode: str) -> tuple[int, dict[str, Any]]:
    """Answer a request for embeddings: a text is the sum of its words, each a direction of its own.

    The modes are ok, no-vectors and ragged; 503 for unavailable, and a 400 for any other.
    """
    texts: list[str] = body["input"]
    if mode == "unavailable":
        return 503, {"error": {"message": "Service Unavailable", "code": 503}}
    if mode not in ("ok", "no-vectors", "ragged"):
        message = f"This model's maximum context length is {DIMENSIONS} tokens."
        return 400, {"error": {"message": message, "type": "BadRequestError", "code": 400}}
    vectors = [_vector(text) for text in texts]
    if mode == "ragged":
        vectors[-1].pop()
    data = [
        {"index": index, "object": "embedding", "embedding": vector}
        for index, vector in enumerate(vectors)
    ]
    return 200, {
        "id": "embd-stand-in",
        "object": "list",
        "created": 0,
        "model": body["model"],
        "data": [] if mode == "no-vectors" else data[::-1],
        "usage": {
            "prompt_tokens": sum(len(text.split()) for text in texts),
            "total_tokens": sum(len(text.split()) for text in texts),
            "completion_tokens": 0,
            "prompt_tokens_details": None,
        },
    }


def judged(body: dict[str, Any]) -> dict[str, Any]:
    """Return a verdict where one is asked for: the response leans to the pole that it names, else to none."""
    form = body["response_format"]["json_schema"]
    if form["name"] != "verdict":
        return {}
    words = json.loads(body["messages"][-1]["content"])["response"].split()
    return {
        name: next((pole for pole in values["enum"] if pole in words), values["enum"][-1])
        if "enum" in values
        else "irrelevant" not in words
        for name, values in form["schema"]["properties"].items()
    }


def _vector(text: str) -> list[float]:
    """Return the sum of the unit vectors that the words' hashes choose; the first one for none."""
    vector = [0.0] * DIMENSIONS
    for word in text.split() or [""]:
        vector[hashlib.sha256(word.encode()).digest()[0] % DIMENSIONS] += 1.0
    return vector
