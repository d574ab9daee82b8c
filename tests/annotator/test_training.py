"""Training before the first task: feedback after each item, a threshold at the end."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from annotator.errors import Refused
from annotator.models import CheckItem, Comparison, Judgment, Participation, Project, QualityFlag
from annotator.services.checks import import_checks
from tests.factories import make_annotator, make_participation, make_project, make_set
from tests.pages import hidden, task_url

pytestmark = pytest.mark.django_db
URL = "/projects/everyday/training/"
ITEM: dict[str, Any] = {
    "kind": "training",
    "text": "Which answer is polite?",
    "language": "en",
    "responses": ["Please, sit down.", "Sit!"],
    "right": [0],
    "feedback": {"en": "Politeness asks, it does not order."},
}


def make_items(project: Project, count: int = 2, **row: Any) -> None:
    import_checks(project=project, rows=[{**ITEM, **row} for _number in range(count)])


def come_in(client: Client, **settings: Any) -> Participation:
    project = make_project(**{"training_items": 2, **settings})
    make_items(project)
    make_set(project)
    alice = make_annotator()
    client.force_login(alice)
    return make_participation(project, alice)


def answer(client: Client, *, right: bool) -> str:
    """Answer the item that is shown; return the feedback."""
    html = client.get(URL).content.decode()
    assert '<form id="training" method="post"' in html
    polite = html.index('data-response="a"') < html.index("Please")
    first = html.index("Please") < html.index("Sit!")
    letter = "a" if (first and polite) == right else "b"
    following = client.post(URL, {**hidden(html), "action": "submit", "choice": letter})
    return client.get(following["Location"]).content.decode()


def test_who_gets_enough_right_goes_on_to_the_tasks(client: Client) -> None:
    person = come_in(client)
    assert client.get(task_url())["Location"] == URL
    assert "Right" in answer(client, right=True)
    assert "Politeness asks" in answer(client, right=True)
    assert client.get(URL)["Location"] == task_url()
    assert 'id="judgment"' in client.get(task_url()).content.decode()
    person.refresh_from_db()
    assert person.trained_at is not None
    kinds = Judgment.objects.values_list("comparison__kind", flat=True)
    assert set(kinds) == {"training"}


def test_a_wrong_answer_shows_what_was_right(client: Client) -> None:
    come_in(client)
    html = answer(client, right=False)
    assert "This would have been right:" in html
    assert "Please, sit down." in html


def test_who_misses_the_threshold_does_not_go_on_and_is_told(client: Client) -> None:
    come_in(client)
    answer(client, right=True)
    answer(client, right=False)
    assert "Not enough of the training answers" in client.get(URL).content.decode()
    assert client.get(task_url())["Location"] == URL
    assert [flag.kind for flag in QualityFlag.objects.all()] == ["training"]


def test_training_asks_for_the_choice_alone(client: Client) -> None:
    come_in(
        client,
        task_format="pairwise",
        ways_out=[],
        strength_asked=True,
        training_threshold=0,
        explanation_required_share=1.0,
    )
    answer(client, right=True)
    assert Judgment.objects.get().strength is None


def test_without_items_in_their_languages_nobody_waits(client: Client) -> None:
    project = make_project(training_items=3)
    make_items(project, language="fr")
    make_set(project)
    alice = make_annotator()
    client.force_login(alice)
    make_participation(project, alice)
    assert client.get(URL)["Location"] == task_url()
    assert client.get(task_url()).status_code == 200


@pytest.mark.parametrize("choice", ["", "z", "none"])
def test_no_choice_is_asked_for_again(client: Client, choice: str) -> None:
    come_in(client)
    fields = hidden(client.get(URL).content.decode())
    again = client.post(URL, {**fields, "action": "submit", "choice": choice})
    assert again.status_code == 422
    assert 'id="training"' in again.content.decode()


def test_feedback_of_others_and_of_tasks_is_not_shown(client: Client) -> None:
    come_in(client)
    answer(client, right=True)
    theirs = Judgment.objects.get()
    bob = make_annotator("bob")
    make_participation(Project.objects.get(), bob)
    elsewhere = Client()
    elsewhere.force_login(bob)
    html = elsewhere.get(f"{URL}?answered={theirs.pk}").content.decode()
    assert "Politeness" not in html


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"kind": "collect"}, "kind is one of"),
        ({"text": " "}, "text is missing"),
        ({"responses": ["one"]}, "2 to 8"),
        ({"right": [2]}, "right names"),
        ({"right": [0, 1]}, "right names"),
        ({"kind": "gold"}, "A question of value has no right answer"),
    ],
)
def test_an_item_that_makes_no_sense_keeps_the_file_out(
    change: dict[str, Any], sentence: str
) -> None:
    project = make_project()
    with pytest.raises(Refused, match=sentence):
        import_checks(project=project, rows=[ITEM, {**ITEM, **change}])
    assert not CheckItem.objects.exists()


def test_items_come_from_a_file(tmp_path: Path) -> None:
    make_project()
    file = tmp_path / "checks.jsonl"
    gold = {**ITEM, "kind": "gold", "factual": True}
    file.write_text("\n".join(json.dumps(row) for row in (ITEM, gold)))
    call_command("import_checks", "everyday", str(file))
    assert set(Comparison.objects.values_list("kind", flat=True)) == {"training", "gold"}
    file.write_text("{")
    with pytest.raises(CommandError):
        call_command("import_checks", "everyday", str(file))
