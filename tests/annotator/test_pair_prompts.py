"""Sets of different prompts meet; each response stands beside its own prompt, and is judged with it."""

from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client
from django.urls import reverse

from annotator.errors import Refused
from annotator.models import (
    Assignment,
    CandidateSet,
    Comparison,
    GenerationRun,
    Judgment,
    Participation,
    Project,
)
from annotator.services.joint import count_waiting, open_joint_comparisons
from tests.factories import (
    make_admin,
    make_annotator,
    make_participation,
    make_project,
    make_prompt,
    make_set,
)
from tests.pages import sent, task_url

pytestmark = pytest.mark.django_db


@pytest.fixture
def project() -> Project:
    return make_project(
        task_format="two_prompts",
        languages=["en", "fr"],
        overlap=3,
        pairs_per_set=1,
        ways_out=["both_good", "both_bad"],
    )


def fill(project: Project, *languages: str) -> list[CandidateSet]:
    return [
        make_set(
            project,
            make_prompt(project, f"Question {number}?", language=language),
            texts=[f"Answer {number}.", f"Other {number}."],
        )
        for number, language in enumerate(languages)
    ]


def prompts_of(comparison: Comparison) -> set[int | None]:
    return set(comparison.options.values_list("response__candidate_set__prompt_id", flat=True))


def test_a_set_alone_opens_nothing(project: Project) -> None:
    fill(project, "en", "en")
    assert not Comparison.objects.exists()
    assert count_waiting(project=project) == 2


def test_two_prompts_of_the_same_language_meet(project: Project) -> None:
    fill(project, "en", "fr", "en", "fr", "en")
    assert open_joint_comparisons(project=project) == 2
    for comparison in Comparison.objects.all():
        assert comparison.candidate_set is None
        assert len(prompts_of(comparison)) == 2
        languages = comparison.options.values_list("response__candidate_set__language", flat=True)
        assert set(languages) == {comparison.language}
    assert count_waiting(project=project) == 1
    places = Assignment.objects.filter(comparison=Comparison.objects.first())
    assert places.count() == 3
    assert {tuple(place.display_order) for place in places} == {(0, 1), (1, 0)}


def test_sets_of_a_trial_are_paired_with_nothing(project: Project) -> None:
    trial = GenerationRun.objects.create(
        project=project,
        purpose=GenerationRun.Purpose.TRIAL,
        strategy="independent",
        candidates=2,
    )
    for _number in range(2):
        make_set(project, make_prompt(project), texts=["One.", "Two."], run=trial)
    fill(project, "en")
    assert open_joint_comparisons(project=project) == 0
    assert count_waiting(project=project) == 1


def test_pairing_again_pairs_only_what_waits(project: Project) -> None:
    fill(project, "en", "en", "en")
    assert open_joint_comparisons(project=project) == 1
    assert open_joint_comparisons(project=project) == 0
    fill(project, "en")
    assert open_joint_comparisons(project=project) == 1
    assert count_waiting(project=project) == 0


def test_sets_of_the_same_prompt_never_meet(project: Project) -> None:
    prompt = make_prompt(project)
    for _number in range(2):
        make_set(project, prompt, texts=["One.", "Two."])
    assert open_joint_comparisons(project=project) == 0
    fill(project, "en", "en")
    assert open_joint_comparisons(project=project) == 2
    assert all(len(prompts_of(comparison)) == 2 for comparison in Comparison.objects.all())


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize(("of_one_prompt", "of_others"), [(3, 1), (2, 2), (2, 3), (3, 4)])
def test_as_many_sets_meet_as_can(
    project: Project, seed: int, of_one_prompt: int, of_others: int
) -> None:
    Project.objects.update(seed=seed)
    project.refresh_from_db()
    prompt = make_prompt(project)
    for _number in range(of_one_prompt):
        make_set(project, prompt, texts=["One.", "Two."])
    fill(project, *["en"] * of_others)
    possible = min((of_one_prompt + of_others) // 2, of_others)
    assert open_joint_comparisons(project=project) == possible
    assert all(len(prompts_of(comparison)) == 2 for comparison in Comparison.objects.all())


def test_two_sets_may_give_several_comparisons_of_different_responses(project: Project) -> None:
    Project.objects.update(pairs_per_set=2)
    project.refresh_from_db()
    fill(project, "en", "en")
    assert open_joint_comparisons(project=project) == 2
    used = [
        response
        for comparison in Comparison.objects.all()
        for response in comparison.options.values_list("response_id", flat=True)
    ]
    assert len(set(used)) == 4


def test_other_formats_pair_nothing(project: Project) -> None:
    other = make_project("other")
    with pytest.raises(Refused):
        open_joint_comparisons(project=other)
    with pytest.raises(CommandError):
        call_command("pair_prompts", "other")
    with pytest.raises(CommandError):
        call_command("pair_prompts", "nothing")


def test_the_command_tells_what_it_did(project: Project) -> None:
    fill(project, "en", "en", "en")
    out = StringIO()
    call_command("pair_prompts", project.slug, stdout=out)
    assert out.getvalue() == "1 comparisons opened; 1 sets still wait for a partner.\n"


def test_an_admin_pairs_them_with_a_button(project: Project, client: Client) -> None:
    fill(project, "en", "en")
    client.force_login(make_admin())
    page = reverse("admin:annotator_project_change", args=[project.pk])
    pair = reverse("admin:annotator_project_pair", args=[project.pk])
    assert pair in client.get(page).content.decode()
    assert client.get(pair).status_code == 405
    assert client.post(pair)["Location"] == page
    assert Comparison.objects.count() == 1


@pytest.fixture
def alice(project: Project, client: Client) -> Participation:
    fill(project, "en", "en")
    open_joint_comparisons(project=project)
    annotator = make_annotator("alice")
    client.force_login(annotator)
    return make_participation(project, annotator)


def test_each_response_stands_below_its_own_prompt(client: Client, alice: Participation) -> None:
    html = client.get(task_url()).content.decode()
    assert "Two questions, each with an answer" in html
    assert "Someone asked" not in html
    first, second = html.split('data-card="b"')
    for card, text in ((first, "0"), (second, "1")):
        number = text if f"Question {text}?" in card else str(1 - int(text))
        assert card.index(f"Question {number}?") < card.index(f" {number}.</p>")


def test_it_is_judged_as_a_pair(client: Client, alice: Participation) -> None:
    assert sent(client, choice="b").status_code == 422
    assert sent(client, choice="b", strength="2").status_code == 302
    judgment = Judgment.objects.get()
    assert (judgment.choice_kind, judgment.strength) == ("response", 2)
    assert judgment.turn.conversation.prompt is None
    page = client.get("/projects/everyday/history/").content.decode()
    assert judgment.choice_response is not None
    assert judgment.choice_response.text in page
