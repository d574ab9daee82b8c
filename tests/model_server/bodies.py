"""What the server says, in vLLM's shapes and words: its model, its refusals, its completions."""

import json
import re
from typing import Any

from tests.model_server.modes import STATUS, answer

MODEL = "stand-in"
CHARACTERS_PER_TOKEN = 15
"""vLLM refuses a prompt of more characters before it counts tokens."""
UNUSED = (
    "service_tier",
    "system_fingerprint",
    "prompt_logprobs",
    "prompt_token_ids",
    "prompt_text",
    "kv_transfer_params",
    "ec_transfer_params",
    "metrics",
)
UNUSED_IN_CHOICE = ("logprobs", "stop_reason", "token_ids", "routed_experts")
UNUSED_IN_MESSAGE = ("refusal", "annotations", "audio", "function_call", "reasoning")
PERMISSION = (
    "id",
    "object",
    "created",
    "allow_create_engine",
    "allow_sampling",
    "allow_logprobs",
    "allow_search_indices",
    "allow_view",
    "allow_fine_tuning",
    "organization",
    "group",
    "is_blocking",
)
"""Keys that vLLM sends and nobody here reads."""


def model_card(context: int) -> dict[str, Any]:
    return {
        "id": MODEL,
        "object": "model",
        "created": 0,
        "owned_by": "vllm",
        "root": MODEL,
        "parent": None,
        "max_model_len": context,
        "permission": [dict.fromkeys(PERMISSION)],
    }


def _error(
    status: int, kind: str, message: str, param: str | None = None
) -> tuple[int, dict[str, Any]]:
    return status, {"error": {"message": message, "type": kind, "param": param, "code": status}}


def refusal_of(raw: bytes, context: int) -> tuple[int, dict[str, Any]] | None:
    """Refuse what vLLM refuses before any work, in its words."""
    try:
        body = json.loads(raw)
    except ValueError:
        return _error(
            400,
            "Bad Request",
            "1 validation error:\n  {'type': 'json_invalid', 'loc': 'body.0', 'msg': 'JSON decode error'}",
            "body.0",
        )
    if not isinstance(body.get("messages"), list):
        return _error(
            400,
            "Bad Request",
            "1 validation error:\n  {'type': 'list_type', 'loc': 'body.messages'}",
            "body.messages",
        )
    model = body.get("model", MODEL)
    if model.partition(":")[0] != MODEL:
        return _error(
            404,
            "NotFoundError",
            f"The model `{model}` does not exist. Valid aliases: {MODEL}.",
            "model",
        )
    return _limits(body, context)


def _limits(body: dict[str, Any], context: int) -> tuple[int, dict[str, Any]] | None:
    """Check in vLLM's order; each row says when, which parameter, and what it answers."""
    n, temperature, max_tokens = (
        body.get("n", 1),
        body.get("temperature", 1),
        body.get("max_tokens", 1),
    )
    characters = sum(len(message["content"]) for message in body["messages"])
    checks = (
        (
            not body["messages"],
            None,
            "Cannot apply chat template to an empty conversation. Provide at least one message.",
        ),
        (
            max_tokens > context,
            "max_tokens",
            f"max_tokens={max_tokens} cannot be greater than max_model_len={context}. Please request fewer output tokens. (parameter=max_tokens, value={max_tokens})",
        ),
        (
            max_tokens < 1,
            "max_tokens",
            f"max_tokens must be at least 1, got {max_tokens}. (parameter=max_tokens, value={max_tokens})",
        ),
        (
            temperature < 0,
            "temperature",
            f"temperature must be non-negative, got {temperature}. (parameter=temperature, value={temperature})",
        ),
        (
            temperature > 2,
            "temperature",
            f"temperature must be in [0, 2], got {temperature}. (parameter=temperature, value={temperature})",
        ),
        (n > 1 and temperature == 0, None, f"n must be 1 when using greedy sampling, got {n}."),
        (
            characters > CHARACTERS_PER_TOKEN * context,
            "input_text",
            f"This model's maximum context length is {context} tokens. However, your prompt contains {characters} characters (more than {CHARACTERS_PER_TOKEN * context} characters, which is the upper bound for {context} input tokens). Please reduce the length of the input prompt. (parameter=input_text, value={characters})",
        ),
        (
            _prompt_tokens(body) > context,
            "input_tokens",
            f"This model's maximum context length is {context} tokens. However, your prompt contains at least {context + 1} input tokens, which exceeds this limit even without any output tokens. Please reduce the length of the input prompt. (parameter=input_tokens, value={context + 1})",
        ),
    )
    return next(
        (
            _error(400, "BadRequestError", message, param)
            for wrong, param, message in checks
            if wrong
        ),
        None,
    )


def _prompt_tokens(body: dict[str, Any]) -> int:
    return sum(len(_tokens(message["content"])) + 4 for message in body["messages"])


def _tokens(text: str) -> list[str]:
    return re.findall(r"\S+\s*|\s+", text)


def outcome(mode: str, body: dict[str, Any]) -> tuple[int, Any, dict[str, str]]:
    name, _, seconds = mode.rpartition("-") if mode.startswith("throttled-") else (mode, "", "")
    if name in STATUS:
        status, kind, message = STATUS[name]
        return *_error(status, kind, message), {"Retry-After": seconds} if seconds else {}
    if mode == "garbled":
        return 200, b"<html>Welcome to nginx!</html>", {}
    completion = _completion(mode, body)
    return 200, completion | ({"choices": []} if mode == "no-choices" else {}), {}


def _completion(mode: str, body: dict[str, Any]) -> dict[str, Any]:
    seed = body.get("seed", 0)
    choices = [
        _choice(index, *_cut(*answer(mode, body, seed + index), body))
        for index in range(body.get("n", 1))
    ]
    prompt, made = (
        _prompt_tokens(body),
        sum(len(_tokens(choice["message"]["content"])) for choice in choices),
    )
    return {
        **dict.fromkeys(UNUSED),
        "id": "chatcmpl-stand-in",
        "object": "chat.completion",
        "created": 0,
        "model": body.get("model", MODEL),
        "choices": choices,
        "usage": {
            "prompt_tokens": prompt,
            "total_tokens": prompt + made,
            "completion_tokens": made,
            "prompt_tokens_details": None,
            "completion_tokens_details": None,
        },
    }


def _cut(text: str, finish_reason: str, body: dict[str, Any]) -> tuple[str, str]:
    tokens, limit = _tokens(text), body.get("max_tokens", len(text))
    return ("".join(tokens[:limit]), "length") if len(tokens) > limit else (text, finish_reason)


def _choice(index: int, text: str, finish_reason: str) -> dict[str, Any]:
    message = {**dict.fromkeys(UNUSED_IN_MESSAGE), "role": "assistant", "content": text}
    return {
        **dict.fromkeys(UNUSED_IN_CHOICE),
        "index": index,
        "message": message,
        "finish_reason": finish_reason,
    }
