"""How the stand-in streams: the chunks of a completion, and the ways in which a stream goes wrong."""

import json
import re
from collections.abc import Iterator
from enum import Enum
from typing import Any

MODES = ("stall", "cut", "garbage", "no-done", "early-end", "stream-error", "held")
"""Modes that only a stream knows; without streaming they are `hang` for stall and held, else ok."""


class Step(Enum):
    """What happens between two events, or in the place of the rest."""

    HANG = "hang"
    CUT = "cut"
    HOLD = "hold"


def steps(completion: dict[str, Any], body: dict[str, Any], mode: str) -> Iterator[bytes | Step]:
    """Yield the events of a streamed completion, as far as the mode lets them come."""
    events = [_event(chunk) for chunk in _chunks(completion, body.get("stream_options") or {})]
    middle = len(events) // 2
    whole = [*events, b"data: [DONE]\n\n"]
    yield from whole[:middle] if mode in MODES and mode != "no-done" else []
    match mode:
        case "stall":
            yield Step.HANG
        case "cut":
            yield Step.CUT
        case "garbage":
            yield b"data: {half a chunk\n\n"
        case "early-end":
            yield whole[-1]
        case "stream-error":
            error = {"message": "EngineCore encountered an issue.", "type": "x", "code": 500}
            yield _event({"error": error})
            yield whole[-1]
        case "held":
            yield Step.HOLD
            yield from whole[middle:]
        case "no-done":
            yield from events
        case _:
            yield from whole


def _chunks(completion: dict[str, Any], options: dict[str, Any]) -> Iterator[dict[str, Any]]:
    (choice,) = completion["choices"]
    usage = completion["usage"]
    content = choice["message"]["content"]
    pieces = re.findall(r"\S+\s*|\s+", content)
    shared = {name: completion[name] for name in ("id", "created", "model")}
    deltas = [{"role": "assistant", "content": ""}, *({"content": piece} for piece in pieces), {}]
    for number, delta in enumerate(deltas):
        is_last = number == len(deltas) - 1
        yield {
            **shared,
            "object": "chat.completion.chunk",
            "choices": [
                {
                    "index": 0,
                    "delta": delta,
                    "logprobs": None,
                    "finish_reason": choice["finish_reason"] if is_last else None,
                }
            ],
        } | (
            {"usage": usage | {"completion_tokens": min(number, len(pieces))}}
            if options.get("continuous_usage_stats")
            else {}
        )
    if options.get("include_usage"):
        yield {**shared, "object": "chat.completion.chunk", "choices": [], "usage": usage}


def _event(value: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(value).encode() + b"\n\n"
