"""The chapter of a project's settings about who is needed: strata, reserved places, targets, blocks."""

from collections.abc import Sequence

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

UNKNOWN = "unknown"
"""The stratum of those who did not say."""
OTHERS = "*"
"""In targets: everybody whom no other line names."""
SEPARATOR = " · "
LONGEST_STRATUM = 200
MOST_PLACES = 1_000_000
QUESTION_NAMES = RegexValidator(
    r"^[a-z][a-z0-9_]*(\+[a-z][a-z0-9_]*)*\Z",
    gettext_lazy("Name questions by their slugs, joined by +, for example country or age+gender."),
)


def stratum_name(values: Sequence[str]) -> str:
    """Return the name of the stratum of people with these answers, one for each question; empty ones are unknown."""
    return SEPARATOR.join(value or UNKNOWN for value in values)[:LONGEST_STRATUM]


def validate_counts(value: object) -> None:
    """Refuse what is not an object of whole numbers from 0 on."""
    if not isinstance(value, dict) or any(
        not isinstance(count, int) or isinstance(count, bool) or not 0 <= count <= MOST_PLACES
        for count in value.values()
    ):
        raise ValidationError(
            _("Each group of people needs a whole number, such as FR: 1."), code="counts"
        )
    if any(not name.strip() or len(name) > LONGEST_STRATUM for name in value):
        raise ValidationError(_("A stratum has a name of at most 200 characters."), code="counts")


class WorkSettings(models.Model):
    """Who is needed, how often, for what."""

    stratum_by = models.CharField(
        gettext_lazy("strata"),
        max_length=100,
        default="",
        blank=True,
        validators=[QUESTION_NAMES],
        help_text=gettext_lazy(
            "What divides people: country, or questions about them joined by +, such as country+gender. Their country comes from the invitation or the panel, or they say it. Whoever did not say is “unknown”. Empty: everyone together."
        ),
    )
    quotas = models.JSONField(
        gettext_lazy("reserved places"),
        default=dict,
        blank=True,
        validators=[validate_counts],
        help_text=gettext_lazy(
            "How many people of which group judge each comparison, one group a line: FR: 1. With country+gender: FR + female: 1. What the overlap leaves is for everyone."
        ),
    )
    group_quotas = models.JSONField(
        gettext_lazy("places of each group of prompts"),
        default=dict,
        blank=True,
        validators=[validate_counts],
        help_text=gettext_lazy(
            "Further places over all the languages of a group of prompts, one group of people a line: FR: 2 asks two people in France, in whichever of its languages they read."
        ),
    )
    target_by = models.CharField(
        gettext_lazy("targets by"),
        max_length=100,
        default="",
        blank=True,
        validators=[QUESTION_NAMES],
        help_text=gettext_lazy("Questions about people, joined by +, for example age+gender."),
    )
    targets = models.JSONField(
        gettext_lazy("targets of the whole project"),
        default=dict,
        blank=True,
        validators=[validate_counts],
        help_text=gettext_lazy(
            "How many judgments are wanted from whom in all, one group a line: 18-34 + female: 500. The group * is everybody else. Whom no line names is not limited."
        ),
    )
    block_size = models.PositiveSmallIntegerField(
        gettext_lazy("comparisons in a block"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(1000)],
        help_text=gettext_lazy(
            "Each person gets so many of the comparisons in their language, all equally often, as in a survey; places are then not shared. Empty: no blocks."
        ),
    )
    FROZEN: tuple[str, ...] = (
        "stratum_by",
        "quotas",
        "group_quotas",
        "target_by",
        "targets",
        "block_size",
    )

    class Meta:
        abstract = True
