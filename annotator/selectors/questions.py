"""What a wave asks about the responses, in a form that the page and the check of an answer share."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from annotator.models import Project, Wave
from annotator.models.worded import pick_text

Format = Project.TaskFormat
RATINGS = ("1", "2", "3", "4", "5")
"""How a rating is given, the best last."""
WAYS_OUT: Mapping[str, tuple[str, ...]] = {
    Format.BEST_OF_K: (Project.WayOut.ALL_BAD, Project.WayOut.NONE),
    Format.PAIRWISE: (
        Project.WayOut.BOTH_GOOD,
        Project.WayOut.NO_DIFFERENCE,
        Project.WayOut.BOTH_BAD,
    ),
    Format.TWO_PROMPTS: (
        Project.WayOut.BOTH_GOOD,
        Project.WayOut.NO_DIFFERENCE,
        Project.WayOut.BOTH_BAD,
    ),
    Format.RANKING: (),
}
"""The answers without a winner that a format knows."""


@dataclass(frozen=True)
class Worded:
    """Something to choose, with its words per language."""

    slug: str
    texts: tuple[tuple[str, str], ...]

    def words(self, language: str) -> tuple[str, str]:
        """Return the words and their language: the one wished for, or the next best."""
        text, tag = pick_text(dict(self.texts), language)
        return text or self.slug, tag


@dataclass(frozen=True)
class Criterion(Worded):
    """One question beside the choice: a choice between the responses, or a rating of each."""

    kind: str
    required: bool

    @property
    def is_rating(self) -> bool:
        """Whether each response gets its own answer."""
        return self.kind == "rating"


@dataclass(frozen=True)
class Questions:
    """What is asked beside the prompt and the responses; the same for every task of a wave."""

    task_format: str = Format.BEST_OF_K
    ways_out: tuple[str, ...] = ()
    strength_asked: bool = False
    ranking_top: int | None = None
    veto_asked: bool = False
    general_asked: bool = False
    criteria: tuple[Criterion, ...] = ()
    reasons: tuple[Worded, ...] = ()
    explanation_min_length: int = 0

    @property
    def is_pair(self) -> bool:
        """Whether two responses are compared."""
        return self.task_format in (Format.PAIRWISE, Format.TWO_PROMPTS)

    @property
    def is_ranking(self) -> bool:
        """Whether responses get places instead of one being chosen."""
        return self.task_format == Format.RANKING

    @property
    def is_joint(self) -> bool:
        """Whether each response comes with a prompt of its own."""
        return self.task_format == Format.TWO_PROMPTS

    @property
    def asks_more(self) -> bool:
        """Whether anything is asked after the choice beside the explanation."""
        return self.general_asked or bool(self.criteria or self.reasons)

    def places(self, k: int) -> range:
        """Return the places of a ranking of k responses that are asked for; none in other formats."""
        return range(1, min(self.ranking_top or k, k) + 1) if self.is_ranking else range(0)


@lru_cache(maxsize=256)
def get_wave(pk: int) -> Wave:
    """Return a wave; the database refuses every change of one."""
    return Wave.objects.get(pk=pk)


@lru_cache(maxsize=256)
def get_questions(wave_id: int) -> Questions:
    """Return what a wave asks; a process reads each of them once."""
    return questions_of(get_wave(wave_id).setting)


def questions_of(setting: Any) -> Questions:
    """Return what settings ask, given a function from a setting's name to its value."""
    task_format = setting("task_format")
    known = WAYS_OUT[task_format]
    return Questions(
        task_format=task_format,
        ways_out=tuple(way for way in setting("ways_out") if way in known),
        strength_asked=task_format in (Format.PAIRWISE, Format.TWO_PROMPTS)
        and setting("strength_asked"),
        ranking_top=setting("ranking_top"),
        veto_asked=setting("veto_asked"),
        general_asked=setting("general_asked"),
        criteria=tuple(
            Criterion(
                each["slug"], _texts(each), each.get("kind", "choice"), bool(each.get("required"))
            )
            for each in setting("criteria")
        ),
        reasons=tuple(Worded(each["slug"], _texts(each)) for each in setting("reasons")),
        explanation_min_length=setting("explanation_min_length"),
    )


def _texts(entry: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    texts: Iterable[tuple[str, str]] = entry.get("texts", {}).items()
    return tuple(texts)


def plain(questions: Questions) -> Questions:
    """Return the choice alone, without all that is asked beside it: what training asks."""
    task_format = Format.PAIRWISE if questions.is_pair else Format.BEST_OF_K
    return Questions(task_format=task_format)
