"""Anything that can happen to the places of a study, in any order: after each step the invariants hold.

Hypothesis draws the steps: claim, renew, submit, submit again, skip, let a lease pass, withdraw, pause,
leave out, take in again, another number of places, other quotas and targets.
"""

from collections import Counter
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, Phase
from hypothesis import settings as checked_with
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from pytest_django import Settings

from annotator.errors import Missing
from annotator.models import Assignment, Judgment, Offer, Participation, Project, Target
from annotator.services.assignments import claim_next, give_back_overdue, renew, skip
from annotator.services.exclusion import exclude, include
from annotator.services.judgments import Answer, submit_judgment
from annotator.services.projects import open_project, pause_project
from annotator.services.quotas import set_overlap
from annotator.services.withdrawal import withdraw
from tests.factories import make_annotator, make_participation, make_project, make_set

pytestmark = pytest.mark.django_db

COUNTRIES = ["FR", "FR", "IN", "IN", ""]
PEOPLE = st.integers(0, len(COUNTRIES) - 1)
QUOTAS = st.sampled_from([{}, {"FR": 1}, {"IN": 1, "FR": 1}, {"unknown": 1}])
TARGETS = st.sampled_from([{}, {"FR": 2}, {"IN": 1, "*": 3}])


class Study(RuleBasedStateMachine):
    """Three comparisons, five people."""

    def __init__(self) -> None:
        super().__init__()
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        name = uuid4().hex[:12]
        self.project = make_project(
            name, overlap=2, stratum_by="country", quotas={"FR": 1}, target_by="country"
        )
        for _number in range(3):
            make_set(self.project)
        self.people = [
            make_participation(self.project, make_annotator(f"{name}{i}"), country=country)
            for i, country in enumerate(COUNTRIES)
        ]
        self.shown: dict[tuple[int, int], Assignment] = {}
        self.acknowledged: dict[tuple[int, int], int] = {}

    def person(self, number: int) -> Participation:
        return Participation.objects.select_related("project").get(pk=self.people[number].pk)

    @rule(number=PEOPLE)
    def claim(self, number: int) -> None:
        person = self.person(number)
        is_gone = person.withdrawn_at or person.excluded_at
        held = None if is_gone else claim_next(participation=person)
        if held is not None:
            place = Assignment.objects.get(pk=held)
            before = self.shown.setdefault((person.pk, place.comparison_id), place)
            assert before.token == place.token, "nobody meets a comparison twice"

    @rule(number=PEOPLE)
    def renew(self, number: int) -> None:
        person = self.person(number)
        for place in Assignment.objects.filter(participation=person, state="leased"):
            assert place.token is not None
            assert renew(assignment_id=place.pk, participation=person, token=place.token)

    @rule(number=PEOPLE, data=st.data())
    def submit(self, number: int, data: st.DataObject) -> None:
        """Answer anything this person was ever shown: in time, late, or once more."""
        person = self.person(number)
        seen = sorted(key for key in self.shown if key[0] == person.pk)
        if not seen:
            return
        key = data.draw(st.sampled_from(seen))
        place = self.shown[key]
        assert place.token is not None
        try:
            submitted = submit_judgment(
                participation=person,
                assignment_id=place.pk,
                submission_id=place.token,
                answer=Answer(choice=data.draw(st.sampled_from("abcd"))),
            )
        except Missing:
            assert person.withdrawn_at
            return
        first = self.acknowledged.setdefault(key, submitted.judgment_id)
        assert first == submitted.judgment_id, "the first answer stands"

    @rule(number=PEOPLE)
    def skip(self, number: int) -> None:
        person = self.person(number)
        for place in Assignment.objects.filter(participation=person, state="leased"):
            skip(assignment_id=place.pk, participation=person, reason="unclear")

    @rule(number=PEOPLE)
    def expire(self, number: int) -> None:
        past = timezone.now() - timedelta(seconds=1)
        leased = Assignment.objects.filter(participation=self.people[number], state="leased")
        leased.update(lease_until=past)
        give_back_overdue(project_id=self.project.pk)

    @rule(number=PEOPLE)
    def withdraw(self, number: int) -> None:
        person = self.person(number)
        if not person.withdrawn_at:
            withdraw(participation=person)

    @rule(number=PEOPLE)
    def leave_out_or_take_in(self, number: int) -> None:
        person = self.person(number)
        if person.withdrawn_at:
            return
        if person.excluded_at:
            include(participation=person, note="A mistake.", by=None)
        else:
            exclude(participation=person, reason="quality", by=None)

    @rule(overlap=st.integers(1, 4))
    def change_n(self, overlap: int) -> None:
        set_overlap(project=Project.objects.get(pk=self.project.pk), overlap=overlap)

    @rule()
    def pause_and_open(self) -> None:
        project = Project.objects.get(pk=self.project.pk)
        pause_project(project=project)
        before = Assignment.objects.filter(project=project, state="leased").count()
        for number in range(len(self.people)):
            claim_next(participation=self.person(number))
        assert Assignment.objects.filter(project=project, state="leased").count() == before
        open_project(project=project)

    @rule(quotas=QUOTAS, wanted=TARGETS)
    def begin_a_wave(self, quotas: dict[str, int], wanted: dict[str, int]) -> None:
        project = Project.objects.get(pk=self.project.pk)
        project.quotas, project.targets = quotas, wanted
        project.save()
        open_project(project=project)

    @invariant()
    def answers_are_stored_once(self) -> None:
        stored = Counter(
            Judgment.objects.filter(project=self.project).values_list(
                "participation", "comparison", "revision"
            )
        )
        assert set(stored.values()) <= {1}
        ids = Judgment.objects.filter(project=self.project).values_list("pk", flat=True)
        assert set(self.acknowledged.values()) == set(ids), "none lost, none besides"

    @invariant()
    def never_more_than_n_and_nobody_twice(self) -> None:
        places = Assignment.objects.filter(project=self.project)
        overlap = Project.objects.values_list("overlap", flat=True).get(pk=self.project.pk)
        for comparison in self.project.comparisons.all():
            own = places.filter(comparison=comparison)
            judged = list(own.filter(state="judged").values_list("participation", flat=True))
            assert len(judged) == len(set(judged))
            live = own.exclude(state="closed").count()
            least = max(overlap, len(judged))
            assert live == least, "exactly n places, never below what is done"
        assert not Judgment.objects.filter(
            place__state="judged", participation__withdrawn_at__isnull=False, project=self.project
        ).exists(), "who has left counts no more"
        assert not Judgment.objects.filter(
            place__state="judged", participation__excluded_at__isnull=False, project=self.project
        ).exists(), "nor does who was left out"

    @invariant()
    def reserved_places_are_those_that_are_wanted(self) -> None:
        project = Project.objects.get(pk=self.project.pk)
        for comparison in project.comparisons.all():
            live = comparison.assignments.exclude(state="closed")
            labels = Counter(live.values_list("stratum", flat=True))
            assert not set(labels) - {"", *project.quotas}
            for stratum, count in project.quotas.items():
                assert labels[stratum] <= count

    @invariant()
    def targets_count_what_names_them(self) -> None:
        for target in Target.objects.filter(project=self.project):
            held = Assignment.objects.filter(target=target)
            assert target.taken == held.count()
            assert not held.filter(state__in=("open", "closed")).exists()

    @invariant()
    def offers_tell_what_became_of_them(self) -> None:
        judged = Offer.objects.filter(comparison__project=self.project, outcome="judged").count()
        assert judged == Judgment.objects.filter(project=self.project).count()

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.atomic.__exit__(None, None, None)


def check(examples: int = 25, steps: int = 30) -> None:
    run_state_machine_as_test(
        Study,
        settings=checked_with(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.fixture(autouse=True)
def _search_at_once(settings: Settings) -> None:
    settings.LAST_SEARCH_SECONDS = 0


def test_after_every_step_the_invariants_hold() -> None:
    check()


def test_without_the_cut_of_a_new_wave_it_finds_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("annotator.services.projects.put_into_force", lambda **_kw: None)
    with pytest.raises(AssertionError):
        check()


def test_without_the_room_that_a_place_gives_back_it_finds_out() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "DROP TRIGGER a_place_given_back_gives_its_target_room ON annotator_assignment"
        )
    with pytest.raises(AssertionError):
        check()
