"""Who is needed: reserved places, places of groups, targets of the project; changed while people work."""

from collections import Counter
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from annotator.errors import Refused
from annotator.models import (
    Assignment,
    AuditEvent,
    CandidateSet,
    Participation,
    Project,
    PromptGroup,
    Target,
    Wave,
)
from annotator.services.assignments import claim_next, give_back_overdue, skip
from annotator.services.judgments import Answer, submit_judgment
from annotator.services.projects import open_project
from annotator.services.quotas import set_overlap
from tests.factories import (
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
    project: Project, name: str, country: str = "", languages: tuple[str, ...] = ("en",)
) -> Participation:
    return make_participation(project, make_annotator(name), country=country, languages=languages)


def labels(project: Project) -> Counter[str]:
    places = Assignment.objects.filter(project=project).exclude(state="closed")
    return Counter(places.values_list("stratum", flat=True))


def change(project: Project, **settings: object) -> None:
    for name, value in settings.items():
        setattr(project, name, value)
    project.save()
    open_project(project=project)


def expire(place: int) -> None:
    Assignment.objects.filter(pk=place).update(lease_until=timezone.now() - timedelta(seconds=1))


# Reserved places


def test_unknown_is_a_stratum_of_its_own_and_combinations_are_named_by_their_answers() -> None:
    project = make_project(stratum_by="country+gender", quotas={"FR · unknown": 1})
    assert person(project, "alice", "FR").stratum == "FR · unknown"
    assert person(project, "bob").stratum == "unknown · unknown"


def test_a_change_of_quotas_opens_a_wave_and_cuts_the_open_places_anew() -> None:
    project = make_project(overlap=3, stratum_by="country", quotas={"FR": 1})
    for _number in range(4):
        make_set(project)
    alice = person(project, "alice", "FR")
    assert labels(project) == {"FR": 4, "": 8}

    change(project, quotas={"IN": 1, "IT": 1})

    assert labels(project) == {"IN": 4, "IT": 4, "": 4}
    assert Wave.objects.filter(project=project).count() == 2
    assert claim_next(participation=alice) is not None  # from the rest
    assert AuditEvent.objects.filter(action="wave").get().details["places"] >= 8


def test_what_is_taken_counts_for_whoever_took_it() -> None:
    project = make_project(overlap=3)
    make_set(project)
    make_judgment(person(project, "alice", "FR"))
    claim_next(participation=person(project, "bob", "IN"))

    change(project, stratum_by="country", quotas={"FR": 1, "IN": 1, "IT": 1})

    taken = {
        place.participation_id: place.stratum for place in Assignment.objects.exclude(state="open")
    }
    assert sorted(taken.values()) == ["FR", "IN"]
    assert Assignment.objects.get(state="open").stratum == "IT"


def test_a_second_cut_changes_nothing() -> None:
    project = make_project(overlap=3, stratum_by="country", quotas={"FR": 1})
    make_set(project)
    change(project, quotas={"IN": 2})
    before = list(Assignment.objects.order_by("pk").values("stratum", "key"))
    open_project(project=project)
    assert list(Assignment.objects.order_by("pk").values("stratum", "key")) == before


def test_whoever_has_come_far_finds_what_the_cut_moved() -> None:
    project = make_project(overlap=1)
    for _number in range(3):
        make_set(project)
    alice = person(project, "alice", "FR")
    make_judgment(alice)
    change(project, stratum_by="country", quotas={"FR": 1})
    alice.refresh_from_db()
    assert (alice.stratum, labels(project)["FR"]) == ("FR", 3)
    make_judgment(alice)
    make_judgment(alice)


# More or fewer places


def test_a_lower_overlap_closes_what_is_open_and_never_what_is_judged() -> None:
    project = make_project(overlap=3)
    make_set(project)
    for name in ("alice", "bob"):
        make_judgment(person(project, name))
    set_overlap(project=project, overlap=1)
    assert Counter(Assignment.objects.values_list("state", flat=True)) == {"judged": 2, "closed": 1}
    assert claim_next(participation=person(project, "carol")) is None


def test_what_somebody_works_on_when_its_place_closes_is_kept_as_surplus() -> None:
    project = make_project(overlap=2)
    make_set(project)
    make_judgment(person(project, "alice"))
    bob = person(project, "bob")
    held = Assignment.objects.get(pk=claim_next(participation=bob) or 0)
    set_overlap(project=project, overlap=1)
    assert held.token is not None
    submitted = submit_judgment(
        participation=bob,
        assignment_id=held.pk,
        submission_id=held.token,
        answer=Answer(choice="a"),
    )
    assert submitted.outcome == "surplus"
    set_overlap(project=project, overlap=2)  # wanted again: the answer that is there fills it
    assert Assignment.objects.filter(state="judged").count() == 2


def test_a_higher_overlap_adds_places_whose_orders_stay_balanced() -> None:
    project = make_project(overlap=4)
    make_set(project)
    set_overlap(project=project, overlap=8)
    places = Assignment.objects.order_by("number")
    assert [place.number for place in places] == list(range(8))
    for position in range(4):
        assert set(Counter(place.display_order[position] for place in places).values()) == {2}
    set_overlap(project=project, overlap=5)
    set_overlap(project=project, overlap=8)
    assert Assignment.objects.exclude(state="closed").count() == 8 == Assignment.objects.count()
    first = AuditEvent.objects.filter(action="overlap").earliest("pk")
    assert first.details == {"before": 4, "after": 8}


def test_a_changed_overlap_keeps_the_reserved_places() -> None:
    project = make_project(overlap=2, stratum_by="country", quotas={"FR": 1})
    make_set(project)
    set_overlap(project=project, overlap=1)
    assert labels(project) == {"FR": 1}
    set_overlap(project=project, overlap=4)
    assert labels(project) == {"FR": 1, "": 3}


def test_an_overlap_that_is_none_is_refused() -> None:
    with pytest.raises(Exception, match="greater than or equal to 1"):
        set_overlap(project=make_project(), overlap=0)
    with pytest.raises(Refused, match="blocks"):
        set_overlap(project=make_project("b", block_size=3), overlap=4)


# Groups of prompts


@pytest.fixture
def aligned() -> Project:
    """Three languages of one prompt; two people of India and one of France are wanted over all of them."""
    return make_project(
        overlap=1,
        languages=["en", "hi", "fr"],
        stratum_by="country",
        group_quotas={"IN": 2, "FR": 1},
    )


def add_language(project: Project, language: str) -> CandidateSet:
    group, _made = PromptGroup.objects.get_or_create(project=project, key="g", kind="translation")
    return make_set(project, make_prompt(project, language=language, group=group))


def test_a_group_has_its_places_once_over_all_languages(aligned: Project) -> None:
    for language in ("en", "hi", "fr"):
        add_language(aligned, language)
    shared = Assignment.objects.filter(group__isnull=False)
    assert Counter(shared.values_list("stratum", flat=True)) == {"IN": 2, "FR": 1}
    assert set(shared.filter(stratum="IN").values_list("language", flat=True)) == {"en", "hi"}
    make_set(aligned)  # without a group: none
    assert shared.count() == 3


def test_a_groups_place_comes_to_whoever_reads_another_of_its_languages(aligned: Project) -> None:
    for language in ("en", "hi", "fr"):
        add_language(aligned, language)
    Assignment.objects.filter(group=None).update(state="closed")
    for number, name in enumerate(("asha", "bina", "carla")):
        judge = person(aligned, name, "IN", languages=("hi",))
        claimed = claim_next(participation=judge)
        assert (claimed is not None) == (number < 2)
        if claimed:
            place = Assignment.objects.get(pk=claimed)
            assert (place.language, place.comparison.language) == ("hi", "hi")
            submit(judge, place)
    fleur = person(aligned, "fleur", "FR", languages=("fr",))
    assert claim_next(participation=fleur) is not None
    assert not Assignment.objects.filter(group__isnull=False, state="open").exists()


def submit(judge: Participation, place: Assignment) -> None:
    assert place.token is not None
    answer = Answer(choice="a")
    submit_judgment(
        participation=judge, assignment_id=place.pk, submission_id=place.token, answer=answer
    )


def test_nobody_fills_two_places_of_a_group(aligned: Project) -> None:
    for language in ("en", "hi"):
        add_language(aligned, language)
    Assignment.objects.filter(group=None).update(state="closed")
    asha = person(aligned, "asha", "IN", languages=("hi", "en"))
    make_judgment(asha)
    assert claim_next(participation=asha) is None


def test_the_database_refuses_one_place_too_many(aligned: Project) -> None:
    add_language(aligned, "en")
    place = Assignment.objects.filter(stratum="FR").get()
    place.pk, place.number = None, -1
    with pytest.raises(IntegrityError, match="one_place_per_group"), transaction.atomic():
        place.save()


def test_a_change_closes_open_places_of_groups_and_opens_those_wanted_now(aligned: Project) -> None:
    for language in ("en", "hi"):
        add_language(aligned, language)
    Assignment.objects.filter(group=None).update(state="closed")
    make_judgment(person(aligned, "asha", "IN", languages=("hi", "en")))
    change(aligned, group_quotas={"IN": 1, "US": 2})
    live = Assignment.objects.filter(group__isnull=False).exclude(state="closed")
    by_state = Counter(live.values_list("stratum", "state"))
    assert by_state[("US", "open")] == 2
    assert by_state[("IN", "judged")] == 1
    assert ("FR", "open") not in by_state


# Targets of the whole project


@pytest.fixture
def targeted() -> Project:
    project = make_project(overlap=3, target_by="country", targets={"FR": 2, "*": 1})
    for _number in range(5):
        make_set(project)
    return project


def taken() -> dict[str, int]:
    held = Counter(
        Assignment.objects.filter(target__isnull=False).values_list("target__name", flat=True)
    )
    rows = dict(Target.objects.values_list("name", "taken"))
    assert {name: held[name] for name in rows} == rows
    return rows


def test_a_target_is_filled_exactly(targeted: Project) -> None:
    people = [
        person(targeted, name, country)
        for name, country in (("a", "FR"), ("b", "FR"), ("c", "IN"), ("d", ""))
    ]
    given = 0
    for judge in [*people, *people, *people]:
        if claim_next(participation=judge):
            make_judgment(judge)
            given += 1
    assert (given, taken()) == (3, {"FR": 2, "*": 1})


def test_a_place_given_back_gives_its_room_back(targeted: Project) -> None:
    alice, bob = person(targeted, "alice", "IN"), person(targeted, "bob", "IT")
    held = claim_next(participation=alice)
    assert held is not None
    assert claim_next(participation=bob) is None
    skip(assignment_id=held, participation=alice, reason="unclear")
    assert taken()["*"] == 0
    held = claim_next(participation=bob)
    assert held is not None
    expire(held)
    give_back_overdue()
    assert taken()["*"] == 0
    make_judgment(alice)
    assert taken()["*"] == 1
    late = Assignment.objects.get(pk=held)
    submitted = submit_judgment(
        participation=bob,
        assignment_id=late.pk,
        submission_id=uuid4(),
        answer=Answer(choice="a"),
    )
    assert (submitted.outcome, taken()["*"]) == ("surplus", 1)


def test_late_work_takes_room_that_is_left(targeted: Project) -> None:
    alice = person(targeted, "alice", "FR")
    held = claim_next(participation=alice)
    assert held is not None
    token = Assignment.objects.get(pk=held).token
    expire(held)
    give_back_overdue()
    assert token is not None
    submitted = submit_judgment(
        participation=alice, assignment_id=held, submission_id=token, answer=Answer(choice="a")
    )
    assert (submitted.outcome, taken()["FR"]) == ("counted", 1)


def test_a_changed_target_moves_people_and_keeps_what_is_counted(targeted: Project) -> None:
    alice = person(targeted, "alice", "IN")
    make_judgment(alice)
    assert claim_next(participation=alice) is None
    change(targeted, targets={"IN": 1, "*": 5})
    alice.refresh_from_db()
    assert alice.target is not None
    assert (alice.target.name, Target.objects.get(name="*").wanted) == ("IN", 5)
    make_judgment(alice)
    assert claim_next(participation=alice) is None


def test_without_the_trigger_room_is_lost(targeted: Project) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "DROP TRIGGER a_place_given_back_gives_its_target_room ON annotator_assignment"
        )
    alice = person(targeted, "alice", "IN")
    held = claim_next(participation=alice)
    assert held is not None
    skip(assignment_id=held, participation=alice, reason="unclear")
    assert Target.objects.get(name="*").taken == 1


def test_what_people_say_of_themselves_puts_them_into_their_stratum_and_target() -> None:
    from annotator.models.demographics import default_demographics
    from annotator.services.demographics import save_profile

    project = make_project(
        overlap=1,
        stratum_by="country+gender",
        target_by="age",
        targets={"18-34": 1, "unknown": 0},
        demographics=default_demographics(),
    )
    make_set(project)
    alice = person(project, "alice", "FR")
    assert (alice.stratum, claim_next(participation=alice)) == ("FR · unknown", None)
    wave = Wave.objects.get()
    answers = {"gender": "female", "age": "18-34"}
    save_profile(participation=alice, wave=wave, answers=answers, language_skills={})
    alice.refresh_from_db()
    assert alice.target is not None
    assert (alice.stratum, alice.target.name) == ("FR · female", "18-34")
    make_judgment(alice)
