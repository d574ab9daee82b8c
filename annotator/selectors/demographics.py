"""The questions a wave asks people about themselves, in words they read.

Answers are stored as the options of the setting, in the words of the published dataset; what people read is
the setting's own words in their language, else the translation of those known here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from annotator.models import Participation, Wave
from annotator.selectors.exports.countries import COUNTRIES

QUESTIONS = {
    "country": _("Where do you live?"),
    "age": _("How old are you?"),
    "gender": _("What is your gender?"),
    "education_level": _("What is the highest education you have completed?"),
    "political": _("How do you see yourself politically?"),
    "ethnicity": _("Which group do you feel you belong to?"),
}
OPTIONS = {
    "male": _("Male"),
    "female": _("Female"),
    "other": _("Other"),
    "Other": _("Other"),
    "(At most) Complete Secondary": _("Secondary school or less"),
    "Some post-secondary": _("Some education after secondary school"),
    "Post-secondary graduate": _("A degree or diploma after secondary school"),
    "Some or complete graduate degree": _("A graduate degree, complete or not"),
    "Very left-leaning": _("Very left-leaning"),
    "Somewhat left-leaning": _("Somewhat left-leaning"),
    "Middle-of-the-road, centrist": _("Middle of the road, centrist"),
    "Somewhat right-leaning": _("Somewhat right-leaning"),
    "Very right-leaning": _("Very right-leaning"),
    "I don't think of myself in this way": _("I don’t think of myself in this way"),
    "Prefer not to say": _("Prefer not to say"),
    "White": _("White"),
    "Black or African American": _("Black or African American"),
    "Hispanic or Latino": _("Hispanic or Latino"),
    "Asian": _("Asian"),
    "Non immigrant": _("Not an immigrant"),
    "Immigrant": _("Immigrant"),
    "Italian": _("Italian"),
    "Foreign national": _("Foreign national"),
    "Indo-Aryan": _("Indo-Aryan"),
    "Dravidian": _("Dravidian"),
    "Brown/Mixed": _("Brown or mixed"),
    "US": _("United States"),
    "FR": _("France"),
    "IT": _("Italy"),
    "IN": _("India"),
    "BR": _("Brazil"),
}
SKILLS = {
    "native": _("like a native speaker"),
    "fluent": _("fluently"),
    "basic": _("well enough to compare texts"),
}


@dataclass(frozen=True)
class Option:
    """One answer: what is stored and what is read."""

    value: str
    label: str


@dataclass(frozen=True)
class Asked:
    """One question as it is asked of one person."""

    slug: str
    label: str
    options: Sequence[Option]
    is_sensitive: bool = False
    answer: str = ""
    values: frozenset[str] = field(default=frozenset())


def list_questions(*, participation: Participation, wave: Wave) -> list[Asked]:
    """Return what this person is asked, with the answers they gave last.

    Sensitive questions are there only for those who agreed to them; the country only until it is known, since
    their places are reserved by it; questions by country only where it is known. One query.
    """
    profile = participation.profile
    given = {**profile.answers, **profile.sensitive_answers} if profile else {}
    return [
        _asked(entry, options, given)
        for entry in wave.setting("demographics")
        if (options := _options(entry, participation))
    ]


def list_skills(*, participation: Participation) -> list[Asked]:
    """Return the question how well the person reads each of the languages they judge in."""
    given = participation.profile.language_skills if participation.profile else {}
    options = [Option(value, str(label)) for value, label in SKILLS.items()]
    return [
        Asked(tag, tag, options, answer=given.get(tag, ""), values=frozenset(SKILLS))
        for tag in participation.languages
    ]


def _options(entry: Mapping[str, Any], participation: Participation) -> list[str]:
    if entry.get("sensitive") and not participation.allows_sensitive:
        return []
    if entry.get("kind") == "country" and participation.country:
        return []
    by_country: Mapping[str, list[str]] = entry.get("by_country", {})
    return by_country.get(participation.country, entry.get("options", []))


def _asked(entry: Mapping[str, Any], values: Sequence[str], given: Mapping[str, str]) -> Asked:
    labels: Mapping[str, Mapping[str, str]] = entry.get("labels", {})
    slug = entry["slug"]
    return Asked(
        slug=slug,
        label=_words(entry.get("texts", {})) or str(QUESTIONS.get(slug, slug)),
        options=[
            Option(value, _words(labels.get(value, {})) or _known(value, slug)) for value in values
        ],
        is_sensitive=bool(entry.get("sensitive")),
        answer=given.get(slug, ""),
        values=frozenset(values),
    )


def _known(value: str, slug: str) -> str:
    if value in OPTIONS:
        return str(OPTIONS[value])
    return COUNTRIES.get(value, value).title() if slug == "country" else value


def _words(texts: Mapping[str, str]) -> str:
    """Return the words in the person's language, its base language, English, or whatever there is."""
    language = get_language() or "en"
    for tag in (language, language.split("-")[0], "en", *texts):
        if texts.get(tag):
            return texts[tag]
    return ""
