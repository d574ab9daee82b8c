"""What the task page answers to what no person sends."""

import uuid

import pytest
from django.test import Client

from annotator.models import Judgment, Participation, Project
from tests.factories import make_annotator, make_participation, make_project, make_set
from tests.pages import open_task, task_url

pytestmark = pytest.mark.django_db

URL = task_url()


@pytest.fixture
def project() -> Project:
    return make_project()


@pytest.fixture
def alice(project: Project, client: Client) -> Participation:
    annotator = make_annotator("alice")
    client.force_login(annotator)
    return make_participation(project, annotator)


def test_a_foreign_task_and_an_absent_one_answer_alike(
    client: Client, project: Project, alice: Participation
) -> None:
    make_set(project)
    bob = make_participation(project, make_annotator("bob"))
    other = Client()
    other.force_login(bob.annotator)
    foreign = open_task(other)
    answers = [
        client.post(
            URL,
            {
                "assignment": assignment,
                "submission_id": str(uuid.uuid4()),
                "action": action,
                "choice": "a",
                "skip_reason": "unclear",
            },
        )
        for assignment in (foreign["assignment"], "999999999")
        for action in ("submit", "skip")
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1
    assert Judgment.objects.count() == 0


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("assignment", ""),
        ("assignment", "x"),
        ("assignment", "-1"),
        ("assignment", "9" * 19),
        ("assignment", "9" * 5000),
        ("assignment", "١"),
        ("assignment", "1\x00"),
        ("submission_id", ""),
        ("submission_id", "0"),
        ("submission_id", "\x00" * 36),
        ("submission_id", "g" * 36),
        ("action", "delete"),
        ("active_ms", "-5"),
        ("active_ms", "1e9"),
        ("device", "fridge"),
        ("choice", "i"),
        ("choice", "a\x00"),
        ("choice", "both_good"),
        ("explanation", "a\x00b"),
        ("explanation", "x" * 5001),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(
    client: Client, project: Project, alice: Participation, field: str, value: str
) -> None:
    make_set(project)
    answer = client.post(
        URL, {**open_task(client), "choice": "a", "action": "submit", field: value}
    )
    assert answer.status_code == 422
    html = answer.content.decode()
    assert f'data-field="{field}"' in html or "aria-invalid" in html
    assert Judgment.objects.count() == 0


def test_a_lone_surrogate_is_refused(
    client: Client, project: Project, alice: Participation
) -> None:
    make_set(project)
    body = "\r\n".join(
        f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}'
        for name, value in {
            **open_task(client),
            "choice": "a",
            "action": "submit",
            "explanation": "\\ud800",
        }.items()
    )
    answer = client.generic(
        "POST",
        URL,
        body + "\r\n--x--\r\n",
        content_type="multipart/form-data; boundary=x; charset=unicode_escape",
    )
    assert 400 <= answer.status_code < 500
    assert Judgment.objects.count() == 0


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("strength", "much"),
        ("strength", "4"),
        ("choice", ["a", "b"]),
        ("veto", "z"),
        ("veto", ["a", "a"]),
        ("veto", "a\x00"),
        ("general", "e"),
        ("general", ["a", "b"]),
        ("criteria-helpful", "e"),
        ("criteria-helpful", ["a", "a"]),
        ("criteria-true-a", "9"),
        ("criteria-true-a", "-1"),
        ("criteria-true-a", "٣"),
        ("criteria-true-h", "3"),
        ("criteria-true", "3"),
        ("criteria-", "a"),
        ("criteria-x\x00", "a"),
        ("reasons", "rude"),
        ("reasons", ["clear"] * 2),
        ("explanation", "short"),
    ],
)
def test_what_was_not_offered_is_refused_and_shown_again(
    client: Client, field: str, value: object
) -> None:
    project = make_project(
        veto_asked=True,
        general_asked=True,
        criteria=[
            {"slug": "helpful", "texts": {"en": "Helpful?"}},
            {"slug": "true", "kind": "rating", "texts": {"en": "True?"}},
        ],
        reasons=[{"slug": "clear", "texts": {"en": "Clear"}}],
        explanation_min_length=10,
    )
    annotator = make_annotator("bob")
    make_participation(project, annotator)
    client.force_login(annotator)
    make_set(project)
    answer = client.post(
        URL, {**open_task(client), "choice": "a", "action": "submit", field: value}
    )
    assert answer.status_code == 422
    assert 'class="error"' in answer.content.decode()
    assert Judgment.objects.count() == 0


@pytest.mark.parametrize(
    "ranks",
    [
        {},
        {"rank-a": "1"},
        {"rank-a": "1", "rank-b": "2", "rank-c": "x"},
        {"rank-a": "1", "rank-b": "2", "rank-c": "0"},
        {"rank-a": "1", "rank-b": "2", "rank-c": "4"},
        {"rank-a": "1", "rank-b": "2", "rank-c": ["3", "3"]},
        {"rank-a": "1", "rank-b": "2", "rank-c": "3", "rank-d": "1"},
        {"rank-a": "1", "rank-b": "2", "rank-": "3"},
    ],
)
def test_a_broken_ranking_is_refused_and_shown_again(
    client: Client, ranks: dict[str, object]
) -> None:
    project = make_project(task_format="ranking", ways_out=[])
    annotator = make_annotator("bob")
    make_participation(project, annotator)
    client.force_login(annotator)
    make_set(project, texts=["One.", "Two.", "Three."])
    answer = client.post(URL, {**open_task(client), "action": "submit", **ranks})
    html = answer.content.decode()
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in html
    assert Judgment.objects.count() == 0
    if ranks:
        assert 'name="rank-a" value="1" required checked' in html
