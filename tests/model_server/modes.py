"""What the stand-in answers, by the marker in the prompt or behind the model's name.

`[[bad-json]]` in a message always answers in that mode; `[[bad-json, ok]]` the first request for this
conversation in the first mode, the next in the second, and so on; the last mode stays. Behind the
model's name: `stand-in:bad-json`.

ok                      what the request asks for: k strings, k parts behind ###, a translation, or a paragraph
echo                    the last message
hash-N wrong-count      N parts; one part too few
preamble labelled trailing plain    the ### protocol, spoken badly
bad-json wrong-shape cut-json       JSON that isn't, isn't the right one, or stops in the middle
empty identical nul special-token whitespace aborted
french french-once alike unbalanced lettered refusing    texts that people shouldn't be shown, or should be told of
length                  cut by max_tokens
context bad-request unprocessable unauthorized forbidden not-found throttled-S
broke dead-engine bad-gateway unavailable gateway-timeout    500 502 503 504
garbled no-choices      200 with something else
no-vectors ragged       embeddings that are missing or of different lengths
reset                   the connection closes without an answer
hang                    no answer until the client goes away
slow-MS                 ok, after so many milliseconds; streamed, over that time

Streamed only (`tests.model_server.streaming`), each after half of the answer:
held stall              waits until the test lets it go on; or until the client goes away
cut early-end           the connection closes; the stream ends without a finish reason
garbage stream-error    data that is no JSON; an error in the place of a chunk
no-done                 whole, but without [DONE]
long-N                  ok, each text N times as long
"""

import hashlib
import json
import re
from collections.abc import Callable
from typing import Any

from tests.model_server.measuring import judged
from tests.model_server.translating import translated

MARKER = re.compile(r"\[\[([a-z0-9, -]+)\]\]")
NUMBERS = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8}
WORDS = (
    "duty",
    "freedom",
    "family",
    "faith",
    "work",
    "rest",
    "order",
    "change",
    "honesty",
    "joy",
    "courage",
    "care",
)
STATUS = {
    "bad-request": (400, "BadRequestError", "temperature must be non-negative, got -1.0."),
    "context": (
        400,
        "BadRequestError",
        "This model's maximum context length is 2048 tokens. However, your prompt contains at least 2049 input tokens, which exceeds this limit even without any output tokens.",
    ),
    "unprocessable": (422, "UnprocessableEntityError", "max_tokens must be at least 1, got 0."),
    "unauthorized": (401, "AuthenticationError", "Unauthorized"),
    "forbidden": (403, "PermissionDeniedError", "Forbidden"),
    "not-found": (404, "NotFoundError", "The model `other` does not exist."),
    "throttled": (429, "RateLimitError", "Too many requests"),
    "broke": (500, "InternalServerError", "list index out of range"),
    "dead-engine": (
        500,
        "InternalServerError",
        "EngineCore encountered an issue. See stack trace (above) for the root cause.",
    ),
    "bad-gateway": (502, "BadGateway", "Bad Gateway"),
    "unavailable": (503, "ServiceUnavailableError", "Service Unavailable"),
    "gateway-timeout": (504, "GatewayTimeout", "Gateway Timeout"),
}


def modes_of(body: dict[str, Any]) -> list[str]:
    """Return the modes that the conversation or the model's name asks for, in turn."""
    text = "\n".join(
        message["content"]
        for message in body["messages"]
        if isinstance(message.get("content"), str)
    )
    marker = MARKER.search(text)
    if marker:
        return [mode.strip() for mode in marker[1].split(",")]
    return [body["model"].partition(":")[2] or "ok"]


def answer(mode: str, body: dict[str, Any], seed: int) -> tuple[str, str]:
    """Return the text and the finish reason of one choice."""
    k = wanted(body)
    texts = [_text(mode, seed, slot) for slot in range(max(k, 1))]
    made = _BAD.get(mode)
    if made is not None:
        return made(texts)
    if mode.startswith("hash-"):
        return _hashes([paragraph(seed, slot) for slot in range(int(mode[5:]))]), "stop"
    if mode == "echo":
        return str(body["messages"][-1]["content"]), "stop"
    if "response_format" in body:
        return json.dumps(judged(body) or {"responses": texts}), "stop"
    return (_hashes(texts) if k else translated(body) or texts[0]), "stop"


def wanted(body: dict[str, Any]) -> int:
    """Return how many responses the request asks for; 0 for a plain answer."""
    if "response_format" in body:
        properties = body["response_format"]["json_schema"]["schema"]["properties"]
        return int(properties.get("responses", {}).get("minItems", 0))
    text = "\n".join(message["content"] for message in body["messages"])
    found = re.search(r"Generate (\w+) responses that represent diverse values", text)
    return NUMBERS[found[1]] if found else 0


def _text(mode: str, seed: int, slot: int) -> str:
    if mode in _TEXTS:
        return _TEXTS[mode](seed, slot)
    times = int(mode[5:]) if mode.startswith("long-") else 1
    return " ".join(paragraph(seed + number, slot) for number in range(times))


def paragraph(seed: int, slot: int) -> str:
    """Return a text that the seed and the slot determine."""
    digest = hashlib.sha256(f"{seed}/{slot}".encode()).digest()
    words = " ".join(WORDS[byte % len(WORDS)] for byte in digest[:20])
    return f"View {digest.hex()[:6]} holds that {words} come first."


def _french(seed: int, slot: int) -> str:
    return (
        f"Selon l'avis numéro {seed % 1000 + slot}, on doit à ses parents du soin et du respect parce qu'ils nous ont"
        " élevés, mais la forme de cette dette dépend de la façon dont ils nous ont traités, et chacun a droit à sa vie."
    )


_TEXTS: dict[str, Callable[[int, int], str]] = {
    "french": _french,
    "french-once": lambda seed, slot: (paragraph if slot else _french)(seed, slot),
    "alike": lambda seed, slot: f"{paragraph(0, 0)} {paragraph(0, 1)} {seed % 1000 + slot}",
    "unbalanced": lambda seed, slot: " ".join([paragraph(seed, slot)] * (1 if slot else 30)),
    "lettered": lambda seed, slot: f"Response {'ABCDEFGH'[slot]}: {paragraph(seed, slot)}",
    "refusing": lambda seed, slot: f"I'm sorry, but I can't help with {paragraph(seed, slot)}",
}


def _hashes(texts: list[str]) -> str:
    return "\n\n".join(f"### {text}" for text in texts)


_BAD: dict[str, Callable[[list[str]], tuple[str, str]]] = {
    "wrong-count": lambda texts: (_hashes(texts[1:]), "stop"),
    "preamble": lambda texts: (f"Here are some views.\n\n{_hashes(texts)}", "stop"),
    "labelled": lambda texts: (
        "\n".join(f"### Response {number}\n{text}" for number, text in enumerate(texts, 1)),
        "stop",
    ),
    "trailing": lambda texts: (f"{_hashes(texts)}\n###", "stop"),
    "plain": lambda texts: ("\n\n".join(texts), "stop"),
    "bad-json": lambda texts: ("{responses: [", "stop"),
    "wrong-shape": lambda texts: (json.dumps(texts), "stop"),
    "cut-json": lambda texts: (json.dumps({"responses": texts})[:40], "length"),
    "aborted": lambda texts: (_hashes(texts), "abort"),
    "empty": lambda texts: ("", "stop"),
    "identical": lambda texts: (_hashes(["The same."] * len(texts)), "stop"),
    "nul": lambda texts: (_hashes([f"{text}\0" for text in texts]), "stop"),
    "special-token": lambda texts: (_hashes([f"{text}<|end_of_text|>" for text in texts]), "stop"),
    "whitespace": lambda texts: (" \n" * 200, "length"),
    "length": lambda texts: (_hashes(texts)[:60], "length"),
}
