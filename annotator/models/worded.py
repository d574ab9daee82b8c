"""Checks of settings that are lists of things to choose, each with its words per language."""

import re
from collections.abc import Collection, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from annotator.models.fields import validate_language_tag

SLUG = re.compile(r"[a-z][a-z0-9_]{0,39}")
MOST = 20
LONGEST_WORDS = 300
KINDS = ("choice", "rating")


def pick_text(texts: Mapping[str, str], *wished: str) -> tuple[str, str]:
    """Return a text and its language: the first wished for that there is, or one of the same base, English, or any.

    Where there is none at all, both are empty.
    """
    filled = [tag for tag in texts if texts[tag]]
    for language in (*wished, "en"):
        base = language.split("-")[0]
        kin = (tag for tag in filled if tag.split("-")[0] == base)
        found = next((tag for tag in (language, base, *kin) if tag in filled), "")
        if found:
            return texts[found], found
    return (texts[filled[0]], filled[0]) if filled else ("", "")


def validate_criteria(value: object) -> None:
    """Refuse what is not a list of criteria, with a sentence that names the entry."""
    for entry in check_entries(value, keys={"slug", "kind", "required", "texts"}):
        check_words(entry["slug"], entry.get("texts"))
        if entry.get("kind", "choice") not in KINDS:
            raise ValidationError(
                _("“%(slug)s”: kind is “choice” (between the responses) or “rating” (of each).")
                % {"slug": entry["slug"]}
            )
        if not isinstance(entry.get("required", False), bool):
            raise ValidationError(
                _("“%(slug)s”: required is true or false.") % {"slug": entry["slug"]}
            )


def validate_reasons(value: object) -> None:
    """Refuse what is not a list of reasons, with a sentence that names the entry."""
    for entry in check_entries(value, keys={"slug", "texts"}):
        check_words(entry["slug"], entry.get("texts"))


def check_entries(value: object, *, keys: Collection[str]) -> list[Mapping[str, Any]]:
    """Return the entries of a list of objects with slugs of their own and no other keys than these."""
    if not isinstance(value, list) or not all(isinstance(entry, Mapping) for entry in value):
        raise ValidationError(
            _(
                "This must be a list of objects, such as [{“slug”: “helpful”, “texts”: {“en”: “…”}}]."
            )
        )
    if len(value) > MOST:
        raise ValidationError(_("These are more than %(most)d.") % {"most": MOST})
    slugs = [_checked(entry, number, keys) for number, entry in enumerate(value, start=1)]
    for slug in slugs:
        if slugs.count(slug) > 1:
            raise ValidationError(_("The slug “%(slug)s” stands twice.") % {"slug": slug})
    return list(value)


def _checked(entry: Mapping[str, Any], number: int, keys: Collection[str]) -> str:
    slug = entry.get("slug")
    if not isinstance(slug, str) or not SLUG.fullmatch(slug):
        raise ValidationError(
            _(
                "Entry %(number)d needs a slug: lower-case letters, digits and _, a letter first, at most 40."
            )
            % {"number": number}
        )
    unknown = sorted(str(key) for key in entry if key not in keys)
    if unknown:
        raise ValidationError(
            _("“%(slug)s”: there is no “%(key)s” here; it may have %(keys)s.")
            % {"slug": slug, "key": unknown[0][:40], "keys": ", ".join(sorted(keys))}
        )
    return slug


def check_words(slug: str, texts: object) -> None:
    """Refuse what is not words in at least one language."""
    if (
        not isinstance(texts, Mapping)
        or not texts
        or not all(isinstance(text, str) and text.strip() for text in texts.values())
    ):
        raise ValidationError(
            _("“%(slug)s” needs its words in at least one language: “texts”: {“en”: “…”}.")
            % {"slug": slug}
        )
    for tag, text in texts.items():
        validate_language_tag(tag)
        if len(text) > LONGEST_WORDS:
            raise ValidationError(
                _("“%(slug)s”: the words in %(language)s are longer than %(limit)d characters.")
                % {"slug": slug, "language": tag, "limit": LONGEST_WORDS}
            )
