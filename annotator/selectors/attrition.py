"""What becomes of the attempts at sets, by strategy and language: what is lost before people see anything."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Count, F

from annotator.models import CandidateSet, Exchange, Project

State = CandidateSet.State


@dataclass(frozen=True)
class AttritionRow:
    """The attempts at the sets of one strategy in one language.

    `complete` and `failed` count sets: those that people, or a reviewer, can be shown, and those that were
    given up. `reasons` counts the attempts that made no set, by what they ended in, the most frequent first.
    """

    strategy: str
    language: str
    attempts: int
    complete: int
    failed: int
    reasons: Mapping[str, int]

    @property
    def lost(self) -> float:
        """Share of the attempts that made no set, 0 to 1."""
        return sum(self.reasons.values()) / self.attempts if self.attempts else 0.0

    @property
    def lost_percent(self) -> float:
        """The same in percent."""
        return 100 * self.lost


def attrition(project: Project) -> list[AttritionRow]:
    """Return a row for each strategy and language in which sets were asked for; two statements.

    An attempt counts when a model server was asked for all of it; one whose worker was lost leaves no
    trace but the set that failed in the end.
    """
    states: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    sets = CandidateSet.objects.filter(project=project, run__isnull=False).order_by()
    for strategy, language, state, count in sets.values_list(
        "strategy", "language", "state"
    ).annotate(count=Count("*")):
        states[strategy, language][state] = count
    outcomes: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    attempts = Exchange.objects.filter(
        candidate_set__project=project, candidate_set__run__isnull=False, number=0
    )
    for strategy, language, outcome, count in attempts.values_list(
        "candidate_set__strategy", "candidate_set__language", F("outcome")
    ).annotate(count=Count("*")):
        outcomes[strategy, language][outcome] = count
    return [_row(*key, states[key], outcomes[key]) for key in sorted(states)]


def _row(
    strategy: str, language: str, states: Counter[str], outcomes: Counter[str]
) -> AttritionRow:
    return AttritionRow(
        strategy=strategy,
        language=language,
        attempts=outcomes.total(),
        complete=states[State.COMPLETE] + states[State.REVIEW],
        failed=states[State.FAILED] + states[State.TRUNCATED],
        reasons={
            outcome: count
            for outcome, count in outcomes.most_common()
            if outcome not in (State.COMPLETE, State.REVIEW)
        },
    )
