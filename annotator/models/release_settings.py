"""The chapter of a project's settings about what is released of it. Nothing here reaches annotators."""

from collections.abc import Mapping

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

LICENCES: dict[str, frozenset[str]] = {
    "CC0-1.0": frozenset(),
    "MIT": frozenset({"by"}),
    "Apache-2.0": frozenset({"by"}),
    "ODC-By-1.0": frozenset({"by"}),
    "CC-BY-3.0": frozenset({"by"}),
    "CC-BY-4.0": frozenset({"by"}),
    "CC-BY-SA-4.0": frozenset({"by", "sa"}),
    "CC-BY-NC-4.0": frozenset({"by", "nc"}),
    "CC-BY-NC-SA-4.0": frozenset({"by", "nc", "sa"}),
}
"""What each asks of whoever passes the data on, by SPDX identifier: to name the author, to keep the same
licence, to make no commerce of it. Licences that forbid changed copies can't be in a release at all."""


def validate_model_licences(value: object) -> None:
    """Refuse what is not a licence by model."""
    if not isinstance(value, Mapping):
        raise ValidationError(_("Write {“model”: “licence”}."))
    for model, licence in value.items():
        if licence not in LICENCES:
            raise ValidationError(
                _("“%(model)s”: the licence must be one of: %(licences)s.")
                % {"model": model, "licences": ", ".join(LICENCES)}
            )


class ReleaseSettings(models.Model):
    """On which terms the data may be passed on, and what is told of people."""

    class RareGroups(models.TextChoices):
        """What a release does with a combination of answers that too few people share."""

        HIDE = "hide", gettext_lazy("answers are hidden until no group is too small")
        COARSEN = (
            "coarsen",
            gettext_lazy("answers are told more coarsely, and hidden where that is not enough"),
        )
        REPORT = "report", gettext_lazy("they are released, and reported")

    class UnreviewedTexts(models.TextChoices):
        """What a release does with texts that may say who wrote them, as long as nobody has decided."""

        REFUSE = "refuse", gettext_lazy("there is no release before they are decided")
        WITHHOLD = (
            "withhold",
            gettext_lazy("they are withheld; in responses, what was found is redacted"),
        )

    model_licences = models.JSONField(
        gettext_lazy("licences of the models' texts"),
        default=dict,
        blank=True,
        validators=[validate_model_licences],
        help_text=gettext_lazy(
            "Under which licence each model's responses may be passed on: {“model”: “CC-BY-NC-4.0”}. A release stands under one that keeps them all."
        ),
    )
    smallest_group = models.PositiveSmallIntegerField(
        gettext_lazy("smallest group"),
        default=10,
        validators=[MinValueValidator(1), MaxValueValidator(1000)],
        help_text=gettext_lazy(
            "How many people must share a combination of country and other answers in a release (k-anonymity)."
        ),
    )
    rare_groups = models.CharField(
        gettext_lazy("smaller groups"),
        max_length=7,
        choices=RareGroups.choices,
        default=RareGroups.HIDE,
    )
    unreviewed_texts = models.CharField(
        gettext_lazy("undecided texts"),
        max_length=8,
        choices=UnreviewedTexts.choices,
        default=UnreviewedTexts.REFUSE,
        help_text=gettext_lazy(
            "Texts people wrote, and the responses they judged, are searched for e-mail addresses, phone numbers, national ids and people's own names. Somebody decides what becomes of each finding."
        ),
    )
    FROZEN: tuple[str, ...] = ()

    class Meta:
        abstract = True
