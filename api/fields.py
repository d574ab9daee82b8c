"""Serializer fields and bases that take nothing they would have to guess at."""

import re
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from annotator.models.fields import LARGEST_ID, validate_language_tag

ASCII_INTEGER = re.compile(r"-?[0-9]{1,19}", re.ASCII)


class StrictInteger(serializers.IntegerField):
    """An integer in ASCII digits; no 1.0, no other script's digits, nothing beyond 64 bits."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("max_value", LARGEST_ID)
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> int:
        """Return the number."""
        if isinstance(data, bool | float) or not ASCII_INTEGER.fullmatch(str(data)):
            self.fail("invalid")
        return super().to_internal_value(data)


class LanguageTag(serializers.CharField):
    """A BCP-47 tag."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=35, validators=[validate_language_tag], **kwargs)


class StrictSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """Refuses names it doesn't know: a misspelt filter must not pass for no filter."""

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Name each unknown key."""
        unknown = sorted(set(self.initial_data) - set(self.fields))
        if unknown:
            known = ", ".join(self.fields)
            raise serializers.ValidationError(
                {
                    str(name)[:100]: _("Unknown here. Known are: %(known)s.") % {"known": known}
                    for name in unknown[:20]
                }
            )
        return attrs
