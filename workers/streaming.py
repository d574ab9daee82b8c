"""A streamed chat completion, put together again as the one that would have come without streaming."""

import json
from collections.abc import Mapping
from typing import Any

STREAMED = {
    "stream": True,
    # Tokens in every chunk, not only in the last: a chunk may hold several.
    "stream_options": {"include_usage": True, "continuous_usage_stats": True},
}
"""What is added to a request; the one that is kept is without it, so that it can be sent again as any other."""


class Assembly:
    """Takes the lines of a stream of server-sent events, one after the other.

    Attributes
    ----------
    tokens
        How many tokens have come; where the server does not tell, how many pieces of text.
    error
        What the server sent in the place of a chunk, when it failed in the middle.
    """

    def __init__(self) -> None:
        self.tokens = 0
        self.error: Mapping[str, Any] | None = None
        self._first: Mapping[str, Any] = {}
        self._parts: list[str] = []
        self._finish_reason: str | None = None
        self._usage: Mapping[str, Any] | None = None

    def take(self, line: str) -> None:
        """Take a line; those that carry no data are passed over.

        Raises
        ------
        ValueError, KeyError, TypeError, AttributeError
            For data that is no chunk of a chat completion.
        """
        name, _colon, data = line.partition(":")
        if name != "data" or data.strip() == "[DONE]":
            return
        chunk = json.loads(data)
        if "error" in chunk:
            self.error = chunk
            return
        self._first = self._first or chunk
        for choice in chunk["choices"]:
            if text := choice["delta"].get("content"):
                self._parts.append(text)
                self.tokens += 1
            self._finish_reason = choice.get("finish_reason") or self._finish_reason
        if usage := chunk.get("usage"):
            self._usage = usage
            self.tokens = int(usage["completion_tokens"])

    @property
    def is_whole(self) -> bool:
        """Whether the model came to its end; that alone counts, not how the stream was closed."""
        return self._finish_reason is not None

    def body(self) -> dict[str, Any] | None:
        """Return the completion as far as it has come, marked as streamed; None before its first chunk."""
        if not self._first:
            return None
        message = {"role": "assistant", "content": "".join(self._parts)}
        return {
            **{name: self._first.get(name) for name in ("id", "created", "model")},
            "object": "chat.completion",
            "choices": [{"index": 0, "message": message, "finish_reason": self._finish_reason}],
            "usage": self._usage,
            "streamed": True,
        }
