"""An admin sets what is asked about the responses, and reads how it will be asked."""

import json
from typing import Any

import pytest
from django.test import Client

from annotator.models import Project
from tests.annotator.test_admin_settings import SETTINGS, page
from tests.factories import make_project

pytestmark = pytest.mark.django_db

HELPFUL = {
    "slug": "helpful",
    "kind": "choice",
    "required": True,
    "texts": {"en": "Which is more helpful?", "ar": "أيهما أنفع؟"},
}
CLEAR = {"slug": "clear", "texts": {"en": "<b>Clear</b>"}}


@pytest.fixture
def project() -> Project:
    return make_project(opened=False)


def save(adam: Client, project: Project, **fields: Any) -> Any:
    return adam.post(page(project), {**SETTINGS, **fields})


def test_everything_can_be_set(adam: Client, project: Project) -> None:
    saved = save(
        adam,
        project,
        task_format="ranking",
        ranking_top="2",
        veto_asked="on",
        general_asked="on",
        criteria=json.dumps([HELPFUL]),
        reasons=json.dumps([CLEAR]),
        explanation_min_length="12",
    )
    assert saved.status_code == 302
    project.refresh_from_db()
    assert (project.ranking_top, project.veto_asked, project.general_asked) == (2, True, True)
    assert (project.criteria, project.reasons) == ([HELPFUL], [CLEAR])
    assert (project.explanation_min_length, project.ways_out) == (12, [])


def test_empty_boxes_ask_nothing(adam: Client, project: Project) -> None:
    project.criteria, project.reasons, project.explanation_min_length = [HELPFUL], [CLEAR], 5
    project.save()
    assert (
        save(adam, project, criteria="", reasons="", explanation_min_length="").status_code == 302
    )
    project.refresh_from_db()
    assert (project.criteria, project.reasons, project.explanation_min_length) == ([], [], 0)


def test_the_page_shows_what_people_will_read(adam: Client, project: Project) -> None:
    project.criteria, project.reasons = [HELPFUL], [CLEAR]
    project.save()
    html = adam.get(page(project)).content.decode()
    assert '<span lang="ar" dir="auto">أيهما أنفع؟</span>' in html
    assert "must be answered" in html
    assert "&lt;b&gt;Clear&lt;/b&gt;" in html


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("{", "This is not JSON."),
        ("[" * 5000, "This is not JSON."),
        ("{}", "must be a list of objects"),
        ('[{"slug": "a"}]', "needs its words"),
        ('[{"slug": "A", "texts": {"en": "x"}}]', "needs a slug"),
        ('[{"slug": "a", "texts": {"en": "x\\u0000"}}]', "stored"),
    ],
)
@pytest.mark.parametrize("name", ["criteria", "reasons"])
def test_what_nobody_could_answer_is_refused_with_a_sentence(
    adam: Client, project: Project, name: str, value: str, sentence: str
) -> None:
    refused = save(adam, project, **{name: value})
    assert refused.status_code == 422
    assert sentence in str(refused.context["adminform"].form.errors[name])
    project.refresh_from_db()
    assert getattr(project, name) == []
