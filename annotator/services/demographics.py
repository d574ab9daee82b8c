"""What people say of themselves: append-only revisions, the newest of which judgments refer to."""

from collections.abc import Mapping

from django.db import transaction
from django.utils.translation import gettext as _

from annotator.errors import Missing, Refused
from annotator.models import Change, Participation, ProfileRevision, Wave
from annotator.selectors.demographics import Asked, list_questions, list_skills
from annotator.services.assignments import give_back_held
from annotator.services.changes import share_changes
from annotator.services.strata import answers_of, place_of
from annotator.services.withdrawal import tell_of_all

COUNTRY = "country"


@transaction.atomic
def save_profile(
    *,
    participation: Participation,
    wave: Wave,
    answers: Mapping[str, str],
    language_skills: Mapping[str, str],
    version: str = "",
) -> bool:
    """Store what the person said of themselves; tell whether their country was among it and opens more questions.

    1. Lock the person: revisions are numbered in the order in which they were given. Nothing is kept of somebody
       who has left meanwhile.
    2. An empty answer is none. What this person is not asked, or is no option, is refused.
    3. A country said for the first time is theirs from now on, and increments of exports tell so; their stratum and
       target follow what they said.
    4. Nothing new makes no new revision.

    `version` is that of the questions the person saw: after others, those of the wave are still to be asked.
    """
    share_changes(project_id=participation.project_id)
    present = Participation.objects.select_for_update().filter(
        pk=participation.pk, withdrawn_at=None
    )
    if present.first() is None:
        raise Missing(_("You have left this project, so it has no tasks for you."))
    questions = list_questions(participation=participation, wave=wave)
    said = _check(answers, questions)
    skills = _check(language_skills, list_skills(participation=participation))
    country = said.pop(COUNTRY, "")
    sensitive = {asked.slug for asked in questions if asked.is_sensitive}
    old = participation.profile
    revision = ProfileRevision(
        participation=participation,
        number=old.number + 1 if old else 1,
        answers={slug: value for slug, value in said.items() if slug not in sensitive},
        sensitive_answers={slug: value for slug, value in said.items() if slug in sensitive},
        language_skills=skills,
    )
    if old is None or _contents(old) != _contents(revision):
        revision.save()
        participation.profile = revision
    # Whoever saw other questions is asked again.
    if version in ("", wave.demographics_version):
        participation.profile_version = wave.demographics_version
    participation.country = country or participation.country
    place = place_of(project=participation.project, answers=answers_of(participation))
    has_moved = (participation.stratum, participation.target_id) != tuple(place.values())
    participation.stratum, participation.target_id = place["stratum"], place["target_id"]
    participation.save(update_fields=["profile", "profile_version", "country", "stratum", "target"])
    if country:
        tell_of_all(participation=participation, kind=Change.Kind.MARKED)
    if has_moved:  # what they hold was reserved for who they seemed to be
        give_back_held(participation=participation)
    return bool(country) and any(
        entry.get("by_country", {}).get(country)
        and (not entry.get("sensitive") or participation.allows_sensitive)
        for entry in wave.setting("demographics")
    )


def _check(answers: Mapping[str, str], questions: list[Asked]) -> dict[str, str]:
    options = {asked.slug: asked.values for asked in questions}
    wrong = [
        slug for slug, value in answers.items() if value and value not in options.get(slug, ())
    ]
    if wrong:
        sentence = _("Choose one of the answers, or leave it open.")
        raise Refused("profile", sentence, fields=dict.fromkeys(wrong, sentence))
    return {slug: value for slug, value in answers.items() if value}


def _contents(revision: ProfileRevision) -> tuple[object, ...]:
    return revision.answers, revision.sensitive_answers, revision.language_skills
