"""Simulated people on their way in: accounts, consent, what they say of themselves; with known values."""

from dataclasses import dataclass

import numpy as np
from django.utils.translation import gettext as _

from annotator.models import Annotator, Participation, Project, Wave
from annotator.selectors.demographics import list_questions, list_skills
from annotator.services.demographics import save_profile
from annotator.services.own_words import save_own_words
from annotator.services.people import give_consent, join_project

DIMENSIONS = ("traditional_secular", "survival_self_expression")
SAID = 0.9
"""How often they answer a question about themselves."""
ABOUT_THEM = 1
"""Sets these draws apart from those of their values."""


@dataclass(frozen=True)
class Simulated:
    """A simulated person: the participation, and a position of -1 or 1 on each of DIMENSIONS."""

    participation: Participation
    values: tuple[float, ...]


def simulated_values(*, seed: int, number: int) -> tuple[float, ...]:
    """Return where the simulated person of this number stands on each of DIMENSIONS: -1 or 1."""
    rng = np.random.default_rng([seed, number])
    return tuple(float(value) for value in rng.choice([-1.0, 1.0], size=len(DIMENSIONS)))


def enter(*, project: Project, wave: Wave, number: int, seed: int) -> Simulated:
    """Let the person of this number in, as far as training; who is in already stays as they are.

    Languages, and the countries that places are reserved for, go round.
    """
    account, _made = Annotator.objects.get_or_create(
        username=f"simulated-{project.pk}-{seed}-{number}"
    )
    known = Participation.objects.select_related("project", "profile")
    participation = known.filter(project=project, annotator=account).first() or join_project(
        project=project,
        annotator=account,
        languages=[project.languages[number % len(project.languages)]],
        country=_country(project, number),
    )
    rng = np.random.default_rng([seed, number, ABOUT_THEM])
    if wave.consent_version != participation.consent_version:
        give_consent(
            participation=participation,
            wave=wave,
            language=participation.languages[0],
            is_adult=True,
            ticks=wave.setting("consent_ticks"),
        )
    if wave.demographics_version != participation.profile_version:
        while _tell(participation, wave, rng):
            """Their country opens more questions."""
    if wave.setting("own_words_asked") and participation.words_id is None:
        save_own_words(
            participation=participation,
            text=_("A simulated person."),
            language=participation.languages[0],
            lend=False,
        )
    return Simulated(participation, simulated_values(seed=seed, number=number))


def _tell(participation: Participation, wave: Wave, rng: np.random.Generator) -> bool:
    """Answer most questions; say whether that opens more."""
    given = {
        asked.slug: str(rng.choice([option.value for option in asked.options]))
        for asked in list_questions(participation=participation, wave=wave)
        if asked.options and rng.random() < SAID
    }
    skills = {asked.slug: "native" for asked in list_skills(participation=participation)}
    return save_profile(
        participation=participation, wave=wave, answers=given, language_skills=skills
    )


def _country(project: Project, number: int) -> str:
    """Return a country from those among the strata, in turn; none where people are divided by something else."""
    strata = {**project.quotas, **project.group_quotas}
    named = [
        stratum.split(" ")[0] for stratum in strata if project.stratum_by.startswith("country")
    ]
    countries = sorted({name for name in named if len(name) == 2 and name.isupper()})
    return countries[number % len(countries)] if countries else ""
