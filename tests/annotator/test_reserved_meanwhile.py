"""Late answers where the place is another's by now: moved to another language, or reserved for another stratum."""

import pytest

from annotator.models import Assignment, Judgment, Offer, Participation, Project, PromptGroup
from annotator.services.demographics import save_profile
from annotator.services.flags import flag_response
from annotator.services.judgments import Answer, Submitted, submit_judgment
from annotator.services.projects import ensure_wave, open_project
from annotator.services.quotas import set_overlap
from tests.factories import (
    hold,
    hold_too_long,
    make_annotator,
    make_judgment,
    make_participation,
    make_project,
    make_prompt,
    make_set,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _search_at_once(settings: object) -> None:
    settings.LAST_SEARCH_SECONDS = 0  # type: ignore[attr-defined]


def person(
    project: Project, name: str, country: str, languages: tuple[str, ...] = ("en",)
) -> Participation:
    return make_participation(project, make_annotator(name), country=country, languages=languages)


def answer(judge: Participation, held: Assignment, choice: str = "b") -> Submitted:
    """Send the page that was opened."""
    assert held.token is not None
    return submit_judgment(
        participation=judge,
        assignment_id=held.pk,
        submission_id=held.token,
        answer=Answer(choice=choice),
    )


# Places of a group, which move to whoever reads another of its languages


@pytest.fixture
def aligned() -> Project:
    """One prompt in two languages, of which one judgment from India is wanted."""
    project = make_project(
        overlap=1, languages=["en", "hi"], stratum_by="country", group_quotas={"IN": 1}
    )
    group = PromptGroup.objects.create(project=project, key="g", kind="translation")
    for language in ("en", "hi"):
        make_set(project, make_prompt(project, language=language, group=group))
    Assignment.objects.filter(group=None).update(state="closed")
    return project


def test_what_was_shown_is_answered_although_its_place_has_moved(aligned: Project) -> None:
    asha = person(aligned, "asha", "IN")
    held = hold_too_long(asha)
    shown = held.comparison.options.get(position=held.display_order[1]).response_id
    bina = person(aligned, "bina", "IN", languages=("hi",))
    moved = hold(bina)
    assert (held.language, moved.language) == ("en", "hi")

    flag_response(participation=asha, assignment_id=held.pk, letter="b")
    assert answer(asha, held).outcome == "surplus"
    judgment = Judgment.objects.get()
    assert (judgment.comparison_id, judgment.choice_response_id) == (held.comparison_id, shown)
    assert judgment.display_order == held.display_order
    assert asha.harm_flags.get().response_id == shown
    assert answer(bina, moved).outcome == "counted"
    assert Assignment.objects.get(state="judged").group is not None


def test_a_place_that_nobody_was_shown_moves_as_it_is(aligned: Project) -> None:
    place = Assignment.objects.get(group__isnull=False)
    held = hold(person(aligned, "bina", "IN", languages=("hi",)))
    assert (held.pk, held.language) == (place.pk, "hi")


def test_a_place_that_stayed_behind_is_never_handed_out_again(aligned: Project) -> None:
    left = hold_too_long(person(aligned, "asha", "IN"))
    make_judgment(person(aligned, "bina", "IN", languages=("hi",)))
    set_overlap(project=aligned, overlap=2)
    left.refresh_from_db()
    assert (left.state, left.stratum, left.group) == ("closed", "", None)
    shared = Assignment.objects.filter(comparison=left.comparison_id, group=None).exclude(
        pk=left.pk
    )
    assert sorted(shared.values_list("number", "state")) == [(0, "open"), (1, "open")]


# Reserved places


def wanted_from(**quotas: int) -> Project:
    project = make_project(overlap=sum(quotas.values()), stratum_by="country", quotas=quotas)
    make_set(project)
    return project


def test_a_late_answer_fills_no_place_that_is_reserved_for_others_by_now() -> None:
    project = wanted_from(FR=1)
    fleur = person(project, "fleur", "FR")
    held = hold_too_long(fleur)
    project.quotas = {"IN": 1}
    project.save()
    open_project(project=project)
    assert answer(fleur, held).outcome == "surplus"
    place = Assignment.objects.get()
    assert (place.state, place.stratum) == ("open", "IN")
    make_judgment(person(project, "asha", "IN"))
    place.refresh_from_db()
    assert place.state == "judged"


def test_room_of_a_target_is_not_taken_by_what_fills_no_place() -> None:
    project = make_project(
        overlap=1, stratum_by="country", quotas={"FR": 1}, target_by="country", targets={"FR": 5}
    )
    make_set(project)
    fleur = person(project, "fleur", "FR")
    held = hold_too_long(fleur)
    Assignment.objects.update(stratum="IN")
    assert answer(fleur, held).outcome == "surplus"
    assert fleur.target is not None
    fleur.target.refresh_from_db()
    assert fleur.target.taken == 0


def test_who_turns_out_to_belong_elsewhere_gives_back_what_is_reserved() -> None:
    project = wanted_from(unknown=1, FR=1)
    fleur = person(project, "fleur", "")
    held = hold(fleur)
    assert held.stratum == "unknown"
    project.demographics = [{"slug": "country", "kind": "country", "options": ["FR", "IN"]}]
    project.save()
    save_profile(
        participation=fleur,
        wave=ensure_wave(project=project),
        answers={"country": "FR"},
        language_skills={},
    )
    place = Assignment.objects.get(pk=held.pk)
    assert (fleur.stratum, place.state) == ("FR", "open")
    assert Offer.objects.get().outcome == "expired"
    assert answer(fleur, held).outcome == "surplus"
    make_judgment(person(project, "nobody", ""))
    place.refresh_from_db()
    assert place.state == "judged"
