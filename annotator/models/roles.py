"""What members of the staff may do in a project: four roles, each a set of rights."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    """What a member of the staff is in one project."""

    OWNER = "owner", _("owner")
    MANAGER = "manager", _("manager")
    REVIEWER = "reviewer", _("reviewer")
    RESEARCHER = "researcher", _("researcher")


class Right(models.TextChoices):
    """What a role allows."""

    SEE = "see", _("see the project")
    REVIEW = "review", _("review translations, texts and flags")
    EXPORT = "export", _("make keys, exports and releases")
    MANAGE = "manage", _("change settings, prompts, people and the state")
    OWN = "own", _("decide who belongs to the team")


RIGHTS: dict[str, frozenset[str]] = {
    Role.OWNER: frozenset(Right.values),
    Role.MANAGER: frozenset({Right.SEE, Right.REVIEW, Right.EXPORT, Right.MANAGE}),
    Role.REVIEWER: frozenset({Right.SEE, Right.REVIEW}),
    Role.RESEARCHER: frozenset({Right.SEE, Right.EXPORT}),
}


def roles_with(right: str) -> list[str]:
    """Return the roles that have a right."""
    return [role for role, rights in RIGHTS.items() if right in rights]
