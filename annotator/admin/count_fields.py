"""Boxes that say how many are wanted of whom: a line for each stratum."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from annotator.admin.fields import ObjectField
from annotator.models.work_settings import OTHERS, SEPARATOR, UNKNOWN, validate_counts

LINE = re.compile(r"(.+?)\s*[:=]\s*([0-9]{1,9})")
BETWEEN = re.compile(r"\s+\+\s+|\s*·\s*")
COUNTRY = re.compile("[A-Z]{2}")


class CountsField(ObjectField):
    """`FR: 1`, or `FR + female: 1`, one a line; the same as a JSON object is read too."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(blank={}, validators=[validate_counts], **kwargs)
        self.widget = forms.Textarea(attrs={"rows": 6, "spellcheck": "false", "dir": "ltr"})

    def to_python(self, value: Any) -> Any:
        """Read the lines."""
        if value in self.empty_values or value.lstrip().startswith(("{", "[")):
            return super().to_python(value)
        counts: dict[str, int] = {}
        for line in filter(None, map(str.strip, value.splitlines())):
            read = LINE.fullmatch(line)
            if read is None:
                raise ValidationError(
                    _("“%(line)s” is no group of people with a number, such as FR: 1.")
                    % {"line": line[:60]},
                    code="invalid",
                )
            name = SEPARATOR.join(BETWEEN.split(read[1]))
            if name in counts:
                raise ValidationError(_("“%(name)s” stands twice.") % {"name": name})
            counts[name] = int(read[2])
        return counts

    def prepare_value(self, value: Any) -> Any:
        """Show a line for each; what was sent is shown as it was sent."""
        if not isinstance(value, Mapping):
            return value or ""
        return "\n".join(
            f"{name.replace(SEPARATOR, ' + ')}: {count}" for name, count in sorted(value.items())
        )


def find_impossible(
    *, by: str, names: Sequence[str], questions: Sequence[Mapping[str, Any]]
) -> str:
    """Return why nobody can be in one of the strata, or nothing: a place reserved for nobody is never filled."""
    asked = {entry["slug"]: entry for entry in questions}
    slugs = by.split("+")
    for name in names:
        parts = name.split(SEPARATOR)
        if name == OTHERS:
            continue
        if len(parts) != len(slugs):
            return _("“%(name)s” needs an answer for each of %(by)s, with + between.") % {
                "name": name,
                "by": by,
            }
        for slug, part in zip(slugs, parts, strict=True):
            sentence = _why_impossible(slug, part, asked.get(slug))
            if sentence:
                return sentence
    return ""


def _why_impossible(slug: str, answer: str, entry: Mapping[str, Any] | None) -> str:
    if answer == UNKNOWN:
        return ""
    if slug == "country":
        sentence = _("“%(answer)s” is no country: two capital letters, such as FR.")
        return "" if COUNTRY.fullmatch(answer) else sentence % {"answer": answer}
    if entry is None:
        return _(
            "People are not asked about “%(slug)s”: ask it under the questions about people."
        ) % {"slug": slug}
    lists = [entry.get("options", []), *entry.get("by_country", {}).values()]
    options = list(dict.fromkeys(option for options in lists for option in options))
    if answer in options:
        return ""
    return _("“%(slug)s” has no answer “%(answer)s”. It has: %(options)s.") % {
        "slug": slug,
        "answer": answer,
        "options": ", ".join(options),
    }
