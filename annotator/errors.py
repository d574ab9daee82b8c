"""Refusals: a code for machines, a sentence for people that says what to do next."""

from collections.abc import Mapping


class Refused(Exception):
    """The request cannot be carried out as it stands; nothing was changed.

    `fields` names the parts that are at fault, each with its own sentence.
    """

    def __init__(
        self, code: str, sentence: str, *, fields: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence
        self.fields = dict(fields or {})


class Missing(Refused):
    """No such object among those the caller may see: absent and foreign are the same."""

    def __init__(self, sentence: str) -> None:
        super().__init__("not_found", sentence)


class Busy(Refused):
    """Too much is going on at this moment; it can be asked again, unchanged, after `retry_after` seconds."""

    def __init__(self, sentence: str, *, retry_after: int) -> None:
        super().__init__("busy", sentence)
        self.retry_after = retry_after
