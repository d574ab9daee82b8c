"""How everything people could choose reads in their languages: what the pages say, and what the project's waves say."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from django.utils import translation
from django.utils.translation import gettext

from annotator.models import Judgment, Wave
from annotator.models.projects import Project
from annotator.selectors.demographics import OPTIONS, QUESTIONS, SKILLS
from annotator.selectors.questions import RATINGS
from annotator.services.assignments import SkipReason
from annotator.services.releases.documents.tables import table

WAYS_OUT = {
    Judgment.ChoiceKind.BOTH_GOOD: "Both good",
    Judgment.ChoiceKind.NO_DIFFERENCE: "No difference",
    Judgment.ChoiceKind.BOTH_BAD: "Both bad",
    Judgment.ChoiceKind.ALL_BAD: "All bad",
    Judgment.ChoiceKind.NONE: "None represents me",
}
STRENGTHS = {"1": "slightly better", "2": "clearly better", "3": "much better"}
FIXED: tuple[tuple[str, Mapping[Any, Any]], ...] = (
    ("choice", WAYS_OUT),
    ("strength", STRENGTHS),
    ("vetoes", {"listed": "Unacceptable"}),
    ("skip_reason", dict(SkipReason.choices)),
    ("language_skill", SKILLS),
)
"""What is the same in every project, as the pages name it in English; their catalogues translate it."""
NO_WORDS = "–"

Entry = Mapping[str, Any]
Rows = Iterator[list[str]]


def write_wording(*, project: Project, waves: Sequence[Wave]) -> list[str]:
    """Return the parts: fixed answers, then criteria, reasons and questions about people as the waves worded them."""
    spoken = list(_spoken(project))
    fixed = [
        [column, f"`{value}`", *(_said(words, language) for language in spoken)]
        for column, options in FIXED
        for value, words in options.items()
    ]
    parts = ["## Answers and how they read", table(["column", "answer", *spoken], fixed)]
    worded = _tags(project, waves)
    for title, head, rows_of in (
        (
            f"Criteria (a choice between the responses, or a rating of each from {RATINGS[0]} to {RATINGS[-1]})",
            ["criterion", "asked as"],
            lambda wave: _criteria(wave, worded),
        ),
        ("Reasons", ["reason"], lambda wave: _reasons(wave, worded)),
        (
            "Questions about people",
            ["question", "answer"],
            lambda wave: _questions(wave, worded),
        ),
    ):
        rows = _by_wave(waves, rows_of)
        if rows:
            parts += [f"## {title}", table([*head, *worded, "waves"], rows)]
    return parts


def _criteria(wave: Wave, tags: Sequence[str]) -> Rows:
    for entry in wave.setting("criteria"):
        kind = entry.get("kind", "choice")
        needed = ", required" if entry.get("required") else ""
        yield [f"`{entry['slug']}`", kind + needed, *_words(entry.get("texts", {}), tags)]


def _reasons(wave: Wave, tags: Sequence[str]) -> Rows:
    for entry in wave.setting("reasons"):
        yield [f"`{entry['slug']}`", *_words(entry.get("texts", {}), tags)]


def _questions(wave: Wave, tags: Sequence[str]) -> Rows:
    """Yield each question, then each of its options; what the project has no words for reads as the pages know it."""
    for entry in wave.setting("demographics"):
        slug = f"`{entry['slug']}`"
        yield [slug, "", *_words(entry.get("texts", {}), tags, known=QUESTIONS.get(entry["slug"]))]
        labels: Mapping[str, Mapping[str, str]] = entry.get("labels", {})
        for option in _options(entry):
            words = _words(labels.get(option, {}), tags, known=OPTIONS.get(option))
            yield [slug, f"`{option}`", *words]


def _options(entry: Entry) -> Iterable[str]:
    """Return all options of a question, whatever country they are offered in, each once."""
    lists = [entry.get("options", []), *entry.get("by_country", {}).values()]
    return dict.fromkeys(option for options in lists for option in options)


def _words(texts: Mapping[str, str], tags: Sequence[str], known: Any = None) -> list[str]:
    """Return the words in each language; those of the pages only where the project has none of its own."""
    if not texts and known is not None:
        return [_said(known, tag) if _has_catalogue(tag) else NO_WORDS for tag in tags]
    return [texts.get(tag) or NO_WORDS for tag in tags]


def _by_wave(waves: Sequence[Wave], rows_of: Callable[[Wave], Rows]) -> list[list[str]]:
    """Return each row once, with the waves that have it."""
    found: dict[tuple[str, ...], list[str]] = {}
    for wave in waves:
        for row in rows_of(wave):
            found.setdefault(tuple(row), []).append(str(wave.number))
    return [[*row, ", ".join(numbers)] for row, numbers in found.items()]


def _tags(project: Project, waves: Sequence[Wave]) -> list[str]:
    """Return the languages in which anything is worded: English, the project's, then what else the waves know."""
    more = {
        tag
        for wave in waves
        for name in ("criteria", "reasons", "demographics")
        for entry in wave.setting(name)
        for texts in (entry.get("texts", {}), *entry.get("labels", {}).values())
        for tag in texts
    }
    return list(dict.fromkeys(["en", *project.languages, *sorted(more)]))


def _spoken(project: Project) -> Iterator[str]:
    """Yield the languages of the project's pages, English first: a language without a catalogue reads English."""
    yield from dict.fromkeys(
        ["en", *(tag.split("-")[0] for tag in project.languages if _has_catalogue(tag))]
    )


def _has_catalogue(tag: str) -> bool:
    return translation.check_for_language(tag.split("-")[0])


def _said(words: Any, language: str) -> str:
    """Return words of the pages in a language; lazy ones are translated as they are written."""
    with translation.override(language.split("-")[0]):
        return gettext(words) if isinstance(words, str) else str(words)
