"""What a project still lacks before people can work in it."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Count, QuerySet
from django.utils.translation import gettext as _

from annotator.models import Assignment, Comparison, Project, Prompt
from annotator.selectors.endpoints import generating_endpoints
from pluralism.strategies import make_strategy


@dataclass(frozen=True)
class Lack:
    """One thing that is missing; without the necessary ones a project should not open."""

    sentence: str
    is_necessary: bool
    setting: str = ""
    """Where on the project's page it is mended; empty: elsewhere."""


@dataclass(frozen=True)
class LanguageState:
    """What a project holds in one language."""

    tag: str
    prompts: int
    open_places: int
    has_instructions: bool
    has_consent: bool


def list_language_states(*, project: Project) -> list[LanguageState]:
    """Return what there is in each of the project's languages: two statements, each along an index."""
    prompts = _count(
        Prompt.objects.filter(project=project).exclude(
            source__in=(Prompt.Source.TRIAL, Prompt.Source.CHECK)
        )
    )
    places = _count(
        Assignment.objects.filter(project=project, state=Assignment.State.OPEN, owner=None)
    )
    return [
        LanguageState(
            tag=tag,
            prompts=prompts.get(tag, 0),
            open_places=places.get(tag, 0),
            has_instructions=_has_text(project.instructions, tag),
            has_consent=_has_text(project.consent_text, tag),
        )
        for tag in project.languages
    ]


def _count(rows: QuerySet[Prompt] | QuerySet[Assignment]) -> dict[str, int]:
    return dict(rows.order_by().values_list("language").annotate(n=Count("*")))


def _has_text(texts: dict[str, str], tag: str) -> bool:
    """Tell whether a text stands in this language or its base language."""
    return bool(texts.get(tag) or texts.get(tag.split("-")[0]))


def list_lacks(*, project: Project, states: list[LanguageState]) -> list[Lack]:
    """Return what is missing before people can work, the necessary first."""
    necessary = [Lack(sentence, is_necessary=True) for sentence in _necessary(project, states)]
    return necessary + list(_advisable(project, states))


def _necessary(project: Project, states: list[LanguageState]) -> Iterator[str]:
    if not states:
        yield _("No languages yet. Upload prompts, or name the languages below.")
    if not any(state.prompts for state in states):
        yield _("No prompts yet. Upload a file of them.")
    elif not Comparison.objects.filter(project=project).exists():
        yield _(
            "No comparisons yet. Start generation: each prompt that has its candidates opens its comparisons."
        )


def _advisable(project: Project, states: list[LanguageState]) -> Iterator[Lack]:
    if any(state.prompts for state in states):
        yield from _missing_in(
            "", _("No prompts in: %(languages)s."), [s.tag for s in states if not s.prompts]
        )
    yield from _missing_in(
        "instructions",
        _("No instructions in: %(languages)s. People there see those of another language."),
        [s.tag for s in states if not s.has_instructions],
    )
    if not any(project.consent_text.values()):
        yield _advice("consent_text", _("No consent text: nobody will be asked for consent."))
    else:
        yield from _missing_in(
            "consent_text",
            _("No consent text in: %(languages)s. People there are asked in another language."),
            [s.tag for s in states if not s.has_consent],
        )
    if (project.turns > 1 or project.own_prompt_share) and not generating_endpoints():
        yield _advice(
            "",
            _("No model server: what people write would not be answered. Set VLLM_BASE_URL."),
        )
    if project.own_words_asked and not _uses_words(project):
        yield _advice(
            "",
            _(
                "People are asked what matters to them, and nothing is made of it: choose “a value profile for each response” below."
            ),
        )


def _advice(setting: str, sentence: str) -> Lack:
    return Lack(sentence, is_necessary=False, setting=setting)


def _uses_words(project: Project) -> bool:
    """Tell whether the project's strategy has a use for people's own words."""
    try:
        strategy = make_strategy(project.strategy, project.strategy_parameters)
    except (KeyError, ValueError):  # the settings are of an older version
        return False
    return strategy.words_per_set is not None


def _missing_in(setting: str, sentence: str, tags: list[str]) -> Iterator[Lack]:
    if tags:
        yield _advice(setting, sentence % {"languages": ", ".join(tags)})
