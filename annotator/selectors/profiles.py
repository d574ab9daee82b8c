"""Value profiles: which there are for a project, and as a strategy takes them."""

from collections.abc import Mapping, Sequence
from typing import TypedDict

from django.db.models import Q
from django.utils.translation import gettext as _

from annotator.errors import Refused
from annotator.models import Project, ValueProfile


class ProfileSnapshot(TypedDict):
    """A profile as it was when a run began: later edits don't reach it."""

    slug: str
    texts: dict[str, str]


def list_profiles(*, project: Project) -> list[ValueProfile]:
    """Return what an admin may choose from: the shared profiles and the project's own, which go first.

    A project's own profile takes the place of the shared one with its slug.
    """
    rows = ValueProfile.objects.filter(Q(project=project.pk) | Q(project=None), is_active=True)
    by_slug = {
        profile.slug: profile for profile in sorted(rows, key=lambda row: row.project_id or 0)
    }
    return sorted(by_slug.values(), key=lambda profile: (profile.dimension, profile.pk))


def snapshot_profiles(*, slugs: Sequence[str], project: Project) -> list[ProfileSnapshot]:
    """Return the chosen profiles in their order, with their texts as they are now.

    Raises
    ------
    Refused
        unknown_profile: one of the slugs is none of the project's or the shared ones.
    """
    known = {profile.slug: profile for profile in list_profiles(project=project)}
    unknown = [slug for slug in slugs if slug not in known]
    if unknown:
        sentence = _("There is no value profile %(unknown)s. Choose among: %(known)s.") % {
            "unknown": ", ".join(f"“{slug[:64]}”" for slug in unknown[:20]),
            "known": ", ".join(known),
        }
        raise Refused("unknown_profile", sentence, fields={"profiles": sentence})
    return [
        ProfileSnapshot(slug=slug, texts=dict(known[slug].texts)) for slug in dict.fromkeys(slugs)
    ]


def with_profiles(*, parameters: Mapping[str, object], project: Project) -> dict[str, object]:
    """Return a strategy's parameters with the profiles that they name by their slugs put in their place.

    Raises
    ------
    Refused
        unknown_profile, as `snapshot_profiles`.
    """
    named = dict(parameters)
    slugs = named.get("profiles")
    if isinstance(slugs, list) and slugs and all(isinstance(slug, str) for slug in slugs):
        named["profiles"] = snapshot_profiles(slugs=slugs, project=project)
    if isinstance(named.get("base_parameters"), Mapping):
        named["base_parameters"] = with_profiles(
            parameters=named["base_parameters"],  # type: ignore[arg-type]
            project=project,
        )
    return named
