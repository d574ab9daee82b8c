"""The desk that is joined from pieces is the desk that the template renders."""

import re
import uuid
from dataclasses import replace
from typing import Any

import pytest
from django.template.loader import get_template
from django.test import RequestFactory
from django.urls import reverse
from django.utils import timezone, translation

from annotator.selectors.conversations import Exchange
from annotator.selectors.questions import Criterion, Questions, Worded
from annotator.selectors.tasks import ShownResponse, Task
from annotator.views.desk import describe, render_desk

TASK = Task(
    assignment_id=7,
    submission_id=uuid.UUID(int=5),
    lease_until=timezone.now(),
    prompt_text='Why <b>not</b> & "when"?',
    prompt_language="en",
    responses=[
        ShownResponse(letter, f"<p>Number {letter} {{{{ x }}}}</p>", "en") for letter in "abcd"
    ],
    questions=Questions(ways_out=("none", "all_bad")),
    explanation_asked="optional",
)
ARABIC = {
    "prompt_text": "ماذا أفعل؟",
    "prompt_language": "ar",
    "responses": [ShownResponse(letter, "<p>واحد هنا</p>", "ar") for letter in "ab"],
}


def without_token(html: str) -> str:
    """The token is masked anew each time."""
    return re.sub(r'(csrfmiddlewaretoken" value=")\w+', r"\1", html)


@pytest.mark.parametrize("language", ["en", "ar", "hi"])
@pytest.mark.parametrize("outcome", ["counted", "surplus", "repeated", "skipped", ""])
@pytest.mark.parametrize(
    "change",
    [
        {},
        {"assignment_id": 8, "prompt_text": "Another?"},
        {
            "questions": Questions(
                task_format="pairwise", strength_asked=True, ways_out=("both_good",)
            ),
            **ARABIC,
        },
        {"explanation_asked": "required", "questions": Questions()},
        {"explanation_asked": "no"},
        {
            "is_own": True,
            "earlier": [
                Exchange("Who decides?", "<p>You.</p>", is_own=False, is_drawn=False),
                Exchange("And <why>?", "<p>So.</p>", is_own=True, is_drawn=True),
            ],
        },
        {
            "questions": Questions(
                ways_out=("none",),
                veto_asked=True,
                general_asked=True,
                criteria=(
                    Criterion("helpful", (("en", "Helpful?"), ("ar", "مفيد؟")), "choice", True),
                    Criterion("true", (("hi", "सही?"),), "rating", False),
                ),
                reasons=(Worded("kind", (("en", "<b>Kind</b>"),)),),
            )
        },
        {"questions": Questions(task_format="ranking", veto_asked=True)},
        {"questions": Questions(task_format="ranking", ranking_top=2)},
        {
            "questions": Questions(task_format="two_prompts", strength_asked=True),
            "prompt_text": "",
            "responses": [
                ShownResponse(letter, "<p>Yes.</p>", "en", f'<i>{letter}</i> "when"?')
                for letter in "ab"
            ],
        },
        {
            "responses": [
                ShownResponse(letter, f"<p>{'long ' * 500}</p>", "en") for letter in "abcdefgh"
            ]
        },
    ],
)
def test_the_joined_desk_is_the_rendered_one(
    language: str, outcome: str, change: dict[str, Any]
) -> None:
    task = replace(TASK, **change)
    request = RequestFactory().get("/")
    with translation.override(language):
        joined = render_desk(
            request, slug="everyday", given=3, target=40, task=task, outcome=outcome
        )
        context = {
            **describe(task),
            "state": "task",
            "outcome": outcome,
            "oob": True,
            "given": 3,
            "target": 40,
            "url": reverse("task", args=["everyday"]),
            "drafts": reverse("drafts", args=["everyday"]),
        }
        rendered = get_template("task/desk.html").render(context, request)
    assert without_token(joined).split() == without_token(rendered).split()
    assert "\x00" not in joined


def test_every_page_carries_a_token_of_its_own() -> None:
    pages = [
        render_desk(
            RequestFactory().get("/"), slug="everyday", given=3, target=None, task=TASK, outcome=""
        )
        for _page in range(2)
    ]
    assert len({re.search(r'csrfmiddlewaretoken" value="(\w+)', page)[1] for page in pages}) == 2  # type: ignore[index]
