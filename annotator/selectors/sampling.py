"""How much of a large project its statistics look at: all of it up to a bound, beyond it a sample that says so.

What compares answers does so within comparisons, so a sample of comparisons, each with all of its answers, gives the same
figures with wider intervals. Which ones are drawn depends on their ids and a seed alone: asked again, the same.
"""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from annotator.models import Assignment, Project

SEED = 1971
"""Of all draws of the statistics: the same data give the same figures."""
MOST_ANSWERS = 50_000
"""About so many answers are looked at while somebody waits: a few seconds of work, however large the project."""

SAMPLED = f"(hashint8extended(place.comparison_id, {SEED}) & 1048575) < %(share)s * 1048576"
"""Keeps the share `share` of the comparisons; 1 keeps all."""


@dataclass(frozen=True)
class Sample:
    """`answers` fill places of the project; the comparisons that are looked at are the share `share` of all."""

    answers: int
    share: float

    @property
    def how(self) -> str:
        """Say how the comparisons were chosen; empty where all are looked at."""
        if self.share >= 1.0:
            return ""
        return _(
            "From a random sample of the comparisons with all their answers, about %(most)d of %(answers)d; the same ones each time."
        ) % {"most": MOST_ANSWERS, "answers": self.answers}


def draw_sample(*, project: Project) -> Sample:
    """Return which share of the comparisons to look at; one statement, along the index of the places by state."""
    judged = Assignment.objects.filter(project=project, state=Assignment.State.JUDGED)
    answers = judged.count()
    return Sample(answers, min(1.0, MOST_ANSWERS / max(answers, 1)))
