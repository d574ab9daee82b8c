"""The chapter of a project's settings about what is released of it. Nothing here reaches annotators."""

from collections.abc import Mapping

from django.core.exceptions import ValidationError
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
    """On which terms the data may be passed on."""

    model_licences = models.JSONField(
        gettext_lazy("licences of the models' texts"),
        default=dict,
        blank=True,
        validators=[validate_model_licences],
        help_text=gettext_lazy(
            "Under which licence each model's responses may be passed on: {“model”: “CC-BY-NC-4.0”}. A release stands under one that keeps them all."
        ),
    )
    FROZEN: tuple[str, ...] = ()

    class Meta:
        abstract = True
