"""Column types shared by several tables."""

import re
import secrets
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

LANGUAGE_TAG = re.compile(
    r"[A-Za-z]{2,3}(-[A-Za-z]{4})?(-([A-Za-z]{2}|[0-9]{3}))?(-([A-Za-z0-9]{5,8}|[0-9][A-Za-z0-9]{3}))*(-x(-[A-Za-z0-9]{1,8})+)?"
)
"""The part of BCP 47 (RFC 5646) that is used for texts: language, script, region, variants, private use."""

LARGEST_ID = 2**63 - 1
"""The largest number that a column of ids takes; PostgreSQL answers a larger one with an error."""


def validate_language_tag(value: str) -> None:
    """Refuse what is not a BCP-47 language tag."""
    if len(value) > 35 or not LANGUAGE_TAG.fullmatch(value):
        raise ValidationError(
            _("“%(value)s” is not a language tag such as en, pt-BR or zh-Hant."),
            params={"value": value},
            code="language",
        )


class LanguageField(models.CharField):  # type: ignore[type-arg]
    """A BCP-47 language tag."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 35)
        super().__init__(*args, **kwargs)
        self.validators = [*self.validators, validate_language_tag]


def new_seed() -> int:
    """Return a seed from the system's entropy: the start of every later, repeatable draw."""
    return secrets.randbits(63)


def new_key() -> bytes:
    """Return 32 random bytes."""
    return secrets.token_bytes(32)
