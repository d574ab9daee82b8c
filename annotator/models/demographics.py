"""Which questions a project asks about people, and the check of that setting.

The default is the Community Alignment set (arXiv 2507.09650) with exactly its options, which are stored and
exported as they stand here. `selectors.demographics` has the words that people read.
"""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from annotator.models.worded import check_entries, check_words

KINDS = ("choice", "country")
MOST_OPTIONS = 60
LONGEST_OPTION = 100

EDUCATION = (
    "(At most) Complete Secondary",
    "Some post-secondary",
    "Post-secondary graduate",
    "Some or complete graduate degree",
    "Other",
)
POLITICAL = (
    "Very left-leaning",
    "Somewhat left-leaning",
    "Middle-of-the-road, centrist",
    "Somewhat right-leaning",
    "Very right-leaning",
    "I don't think of myself in this way",
    "Prefer not to say",
)
ETHNICITY = {
    "US": (
        "White",
        "Black or African American",
        "Hispanic or Latino",
        "Asian",
        "Other",
        "Prefer not to say",
    ),
    "FR": ("Non immigrant", "Immigrant"),
    "IT": ("Italian", "Foreign national"),
    "IN": ("Indo-Aryan", "Dravidian"),
    "BR": ("White", "Brown/Mixed"),
}
"""What is known of the published options; those of India and Brazil may be incomplete."""


def default_demographics() -> list[dict[str, Any]]:
    """Return the Community Alignment questions."""
    return [
        {"slug": "country", "kind": "country", "options": list(ETHNICITY)},
        {"slug": "age", "options": ["18-34", "35-45", "46-54", "55+"]},
        {"slug": "gender", "options": ["male", "female", "other"]},
        {"slug": "education_level", "options": list(EDUCATION)},
        {"slug": "political", "options": list(POLITICAL), "sensitive": True},
        {
            "slug": "ethnicity",
            "by_country": {country: list(options) for country, options in ETHNICITY.items()},
            "sensitive": True,
        },
    ]


def validate_demographics(value: object) -> None:
    """Refuse what is not a list of questions, with a sentence that names the entry."""
    keys = {"slug", "kind", "texts", "options", "by_country", "sensitive", "labels"}
    for entry in check_entries(value, keys=keys):
        _check_kind(entry)
        lists = _option_lists(entry)
        if not lists:
            raise ValidationError(
                _("“%(slug)s” needs its options: “options”: [“…”] or “by_country”: {“FR”: [“…”]}.")
                % {"slug": entry["slug"]}
            )
        for options in lists:
            _check_options(entry["slug"], options)


def _check_kind(entry: Mapping[str, Any]) -> None:
    slug = entry["slug"]
    if entry.get("kind", "choice") not in KINDS or (entry.get("kind") == "country") != (
        slug == "country"
    ):
        raise ValidationError(
            _("“%(slug)s”: kind is “choice”, or “country” for the question named country.")
            % {"slug": slug}
        )
    if not isinstance(entry.get("sensitive", False), bool):
        raise ValidationError(_("“%(slug)s”: sensitive is true or false.") % {"slug": slug})
    if "texts" in entry:
        check_words(slug, entry["texts"])
    labels = entry.get("labels", {})
    if not isinstance(labels, Mapping):
        raise ValidationError(
            _("“%(slug)s”: labels say each option's words: {“male”: {“en”: “…”}}.") % {"slug": slug}
        )
    for texts in labels.values():
        check_words(slug, texts)


def _option_lists(entry: Mapping[str, Any]) -> list[Any]:
    by_country = entry.get("by_country", {})
    if not isinstance(by_country, Mapping) or not all(
        isinstance(country, str) and len(country) == 2 and country.isupper()
        for country in by_country
    ):
        raise ValidationError(
            _("“%(slug)s”: by_country has a list for each country, such as {“FR”: [“…”]}.")
            % {"slug": entry["slug"]}
        )
    return [*by_country.values(), *([entry["options"]] if "options" in entry else [])]


def _check_options(slug: str, options: object) -> None:
    if (
        not isinstance(options, list)
        or not 1 <= len(options) <= MOST_OPTIONS
        or len(set(map(str, options))) < len(options)
        or not all(isinstance(o, str) and 0 < len(o.strip()) <= LONGEST_OPTION for o in options)
    ):
        raise ValidationError(
            _("“%(slug)s”: options are 1 to %(most)d different texts, each at most %(long)d long.")
            % {"slug": slug, "most": MOST_OPTIONS, "long": LONGEST_OPTION}
        )
