"""Which stratum and which target a person belongs to."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from annotator.models import Participation, Project, Target, Wave
from annotator.models.work_settings import OTHERS, stratum_name

BATCH = 1000


@dataclass(frozen=True)
class Division:
    """How a wave divides people."""

    stratum_by: str
    target_by: str
    targets: Mapping[str, int]
    """The id of the target of each name."""

    def place(self, answers: Mapping[str, str]) -> tuple[str, int | None]:
        """Return the stratum and the target of somebody with these answers."""
        target = self.targets.get(_name(self.target_by, answers), self.targets.get(OTHERS))
        return _name(self.stratum_by, answers), target


def place_of(*, project: Project, answers: Mapping[str, str]) -> dict[str, Any]:
    """Return the columns `stratum` and `target_id` of a person who gave these answers.

    `answers` maps questions to what was said, `country` among them; what is not there is “unknown”. What
    counts is the newest wave, or the project before there is one.
    """
    stratum, target = _division(project).place(answers)
    return {"stratum": stratum, "target_id": target}


def divide_anew(*, project: Project) -> int:
    """Put everybody of the project into their stratum and target; return for how many either changed."""
    division = _division(project)
    changed = 0
    people = Participation.objects.filter(project=project).select_related("profile").order_by("pk")
    batch: list[Participation] = []
    for person in people.iterator(chunk_size=BATCH):
        place = division.place(answers_of(person))
        if place != (person.stratum, person.target_id):
            person.stratum, person.target_id = place
            batch.append(person)
        if len(batch) == BATCH:
            changed += Participation.objects.bulk_update(batch, ["stratum", "target"])
            batch = []
    return changed + Participation.objects.bulk_update(batch, ["stratum", "target"])


def answers_of(person: Participation) -> dict[str, str]:
    """Return what is known of a person, by question: their newest answers, and their country."""
    profile = person.profile
    told = {**profile.answers, **profile.sensitive_answers} if profile else {}
    return {**told, "country": person.country}


def _name(by: str, answers: Mapping[str, str]) -> str:
    return stratum_name([answers.get(slug, "") for slug in by.split("+")]) if by else ""


def _division(project: Project) -> Division:
    wave = Wave.objects.filter(project=project).order_by("-number").first()
    names = ("stratum_by", "target_by", "targets")
    by, target_by, wanted = (
        wave.setting(name) if wave else getattr(project, name) for name in names
    )
    rows = Target.objects.filter(project=project, name__in=list(wanted)) if wanted else ()
    return Division(by, target_by, {row.name: row.pk for row in rows})
