"""What somebody sends at the moment they leave is kept nowhere: their request had read them before."""

import uuid

import pytest

from annotator.errors import Missing
from annotator.models import (
    Draft,
    HarmFlag,
    Judgment,
    OwnWords,
    Participation,
    ProfileRevision,
    Project,
    Wave,
)
from annotator.services.answers import Answer
from annotator.services.assignments import claim_next
from annotator.services.demographics import save_profile
from annotator.services.drafts import save_draft
from annotator.services.flags import flag_response
from annotator.services.own_words import save_own_words
from annotator.services.revisions import revise_judgment
from annotator.services.withdrawal import withdraw
from tests.factories import (
    make_annotator,
    make_judgment,
    make_participation,
    make_project,
    make_set,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def project() -> Project:
    project = make_project()
    for _number in range(2):
        make_set(project)
    return project


@pytest.fixture
def alice(project: Project) -> Participation:
    return make_participation(project, make_annotator("alice"))


def leave(alice: Participation) -> None:
    """Withdraw as another request does: `alice` stays as she was read before."""
    withdraw(participation=Participation.objects.get(pk=alice.pk))


def test_their_own_words_are_not_kept(alice: Participation) -> None:
    leave(alice)
    with pytest.raises(Missing):
        save_own_words(participation=alice, text="My children.", language="en", lend=True)
    assert not OwnWords.objects.exists()


def test_what_they_say_of_themselves_is_not_kept(alice: Participation) -> None:
    leave(alice)
    with pytest.raises(Missing):
        save_profile(
            participation=alice, wave=Wave.objects.latest("pk"), answers={}, language_skills={}
        )
    assert not ProfileRevision.objects.exists()


def test_a_draft_is_not_kept(alice: Participation) -> None:
    leave(alice)
    with pytest.raises(Missing):
        save_draft(participation=alice, about="task-1", content={"explanation": ["Mine"]})
    assert not Draft.objects.exists()


def test_a_change_of_an_answer_is_not_kept(alice: Participation) -> None:
    judgment = make_judgment(alice, explanation="Mine")
    leave(alice)
    with pytest.raises(Missing):
        revise_judgment(
            participation=alice,
            judgment_id=judgment.pk,
            submission_id=uuid.uuid4(),
            answer=Answer(choice="b", explanation="Mine, too"),
        )
    assert Judgment.objects.get().explanation == ""


def test_a_report_is_not_kept(alice: Participation) -> None:
    place = claim_next(participation=alice)
    assert place is not None
    leave(alice)
    with pytest.raises(Missing):
        flag_response(participation=alice, assignment_id=place, letter="a", note="Mine")
    assert not HarmFlag.objects.exists()


def test_what_they_wrote_to_a_report_is_erased_and_the_report_stays(alice: Participation) -> None:
    place = claim_next(participation=alice)
    assert place is not None
    flag_response(participation=alice, assignment_id=place, letter="a", note="Mine")
    leave(alice)
    assert HarmFlag.objects.get().note == ""
