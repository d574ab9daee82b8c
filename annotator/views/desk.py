"""The desk: the part of the task page that comes anew with every task.

Nearly all of it is the same for every task of a kind. So its template is rendered once per kind and
process, with markers where the tasks differ; a task is then shown by joining the pieces. The markers are
delimited by NUL, which no stored text can hold. A test holds the joined page against the template.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.http import HttpRequest
from django.middleware.csrf import get_token
from django.template.loader import get_template
from django.urls import reverse
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from annotator.markup import text_direction
from annotator.selectors.conversations import Exchange, Waiting
from annotator.selectors.questions import RATINGS, Questions
from annotator.selectors.tasks import Task
from annotator.services.assignments import SkipReason

LONG = 1800
"""Characters of HTML from which a response fills more than half a screen."""
MARK = "\x00"
SIMPLE = (
    "assignment_id",
    "submission_id",
    "lease_ends",
    "prompt_text",
    "prompt_language",
    "prompt_direction",
    "kept",
)
"""What differs from task to task, beside the responses."""


@dataclass(frozen=True)
class Kind:
    """What decides how a desk looks before a task lies on it."""

    language: str
    slug: str
    letters: str
    questions: Questions
    explanation_asked: str
    is_long: bool
    is_own: bool
    outcome: str


@dataclass(frozen=True)
class Shown:
    """One response in the template."""

    letter: str
    html: SafeString
    language: str
    direction: str
    prompt_text: str
    prompt_direction: str


def describe(task: Task, *, waiting: Waiting | None = None, slug: str = "") -> dict[str, Any]:
    """Return what the template needs to show a task."""
    responses = [
        Shown(
            each.letter,
            mark_safe(each.html),  # noqa: S308 - sanitised when stored
            each.language,
            text_direction(each.html),
            each.prompt,
            text_direction(each.prompt),
        )
        for each in task.responses
    ]
    return {
        "assignment_id": task.assignment_id,
        "submission_id": task.submission_id,
        "lease_ends": int(task.lease_until.timestamp()),
        "prompt_text": task.prompt_text,
        "prompt_language": task.prompt_language,
        "prompt_direction": text_direction(task.prompt_text),
        "kept": task.kept,
        "responses": responses,
        "questions": task.questions,
        "places": task.questions.places(len(responses)),
        "ratings": RATINGS,
        "explanation_asked": task.explanation_asked,
        "is_own": task.is_own,
        "is_late": task.is_late,
        "conversation": _note(waiting, slug)
        + render_conversation(task.earlier, task.prompt_language),
        "is_long": any(len(each.html) > LONG for each in responses),
        "skip_reasons": SkipReason.choices,
    }


def render_desk(
    request: HttpRequest,
    *,
    slug: str,
    given: int,
    target: int | None,
    task: Task,
    outcome: str,
    waiting: Waiting | None = None,
) -> str:
    """Return the progress and the desk with a task, as htmx puts them into the page."""
    shown = describe(task, waiting=waiting, slug=slug)
    kind = Kind(
        language=get_language() or "",
        slug=slug,
        letters="".join(each.letter for each in shown["responses"]),
        questions=task.questions,
        explanation_asked=task.explanation_asked,
        is_long=shown["is_long"],
        is_own=task.is_own,
        outcome=outcome,
    )
    values: dict[str, str] = {name: escape(shown[name]) for name in SIMPLE}
    values["csrf_token"] = get_token(request)
    values["conversation"] = shown["conversation"]
    for each in shown["responses"]:
        values[f"html-{each.letter}"] = each.html
        values[f"language-{each.letter}"] = escape(each.language)
        values[f"direction-{each.letter}"] = each.direction
        values[f"prompt-{each.letter}"] = escape(each.prompt_text)
        values[f"prompt-direction-{each.letter}"] = each.prompt_direction
    return _progress(kind.language, given, target) + _fill(_pieces(kind), values)


def render_conversation(earlier: Sequence[Exchange], language: str) -> SafeString:
    """Return what was said before as HTML; nothing where a conversation only begins."""
    if not earlier:
        return SafeString()
    *before, last = earlier
    context = {"before": before, "last": last, "language": language}
    return mark_safe(get_template("turns/conversation.html").render(context))  # noqa: S308 - a template's output


def _note(waiting: Waiting | None, slug: str) -> SafeString:
    """Return the line that leads to a message whose responses the person waits for."""
    if waiting is None:
        return SafeString()
    context = {"waiting": waiting, "slug": slug}
    return mark_safe(get_template("turns/note.html").render(context))  # noqa: S308 - a template's output


def _fill(pieces: tuple[str, ...], values: Mapping[str, str]) -> str:
    """Join the pieces: every second one is the name of a value."""
    return "".join(values[piece] if number % 2 else piece for number, piece in enumerate(pieces))


def _mark(name: str) -> SafeString:
    return mark_safe(f"{MARK}{name}{MARK}")  # noqa: S308 - names of this module


@lru_cache(maxsize=512)
def _pieces(kind: Kind) -> tuple[str, ...]:
    """Render the desk of this kind with markers, and cut it at them."""
    marks = {name: _mark(name) for name in ("csrf_token", "conversation", *SIMPLE)}
    responses = [
        Shown(
            letter,
            _mark(f"html-{letter}"),
            _mark(f"language-{letter}"),
            _mark(f"direction-{letter}"),
            _mark(f"prompt-{letter}"),
            _mark(f"prompt-direction-{letter}"),
        )
        for letter in kind.letters
    ]
    settings = {
        name: getattr(kind, name)
        for name in ("questions", "explanation_asked", "is_long", "is_own", "outcome")
    }
    context = {
        **marks,
        **settings,
        "places": kind.questions.places(len(responses)),
        "ratings": RATINGS,
        "responses": responses,
        "skip_reasons": SkipReason.choices,
        "state": "task",
        "url": reverse("task", args=[kind.slug]),
        "drafts": reverse("drafts", args=[kind.slug]),
    }
    return tuple(get_template("task/desk.html").render(context).split(MARK))


@lru_cache(maxsize=4096)
def _progress(_language: str, given: int, target: int | None) -> str:
    return get_template("task/progress.html").render(
        {"given": given, "target": target, "oob": True}
    )
