"""The chapter of a project's settings about populations: the margins to which scores of values are raked.

They weight a result and reach no annotator, so they may change at any time and are in no wave.
"""

from collections.abc import Mapping

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

MOST_MARGINS = 10
TOLERANCE = 0.005
"""Shares are often printed with two decimals: a sum may be so far from 1."""


def validate_margins(value: object) -> None:
    """Refuse what is not shares by country, question and option, with a sentence that names the place."""
    if not isinstance(value, Mapping):
        raise ValidationError(_("Write {“FR”: {“gender”: {“female”: 0.52, “male”: 0.48}}}."))
    for country, questions in value.items():
        if not (len(country) == 2 and country.isascii() and country.isupper()):
            raise ValidationError(
                _("“%(country)s” is no country: write its two capital letters, such as FR.")
                % {"country": country[:40]}
            )
        if not isinstance(questions, Mapping) or not 1 <= len(questions) <= MOST_MARGINS:
            raise ValidationError(
                _("%(country)s needs 1 to %(most)d questions with their shares.")
                % {"country": country, "most": MOST_MARGINS}
            )
        for question, shares in questions.items():
            _check_shares(f"{country}, {question}", shares)


def _check_shares(where: str, shares: object) -> None:
    if (
        not isinstance(shares, Mapping)
        or len(shares) < 2
        or any(
            isinstance(share, bool) or not isinstance(share, int | float) or not 0 < share <= 1
            for share in shares.values()
        )
    ):
        raise ValidationError(
            _("%(where)s: give two options or more a share above 0 and up to 1.") % {"where": where}
        )
    total = sum(float(share) for share in shares.values())
    if abs(total - 1) > TOLERANCE:
        raise ValidationError(
            _("%(where)s: the shares sum to %(total).3f, and should to 1.")
            % {"where": where, "total": total}
        )


class ValueSettings(models.Model):
    """Whom the people stand for."""

    margins = models.JSONField(
        gettext_lazy("shares of the population"),
        default=dict,
        blank=True,
        validators=[validate_margins],
        help_text=gettext_lazy(
            "By country, question about people and option: {“FR”: {“gender”: {“female”: 0.52, “male”: 0.48}}}. Scores of values are weighted so that a country's people have these shares (raking). Options without a share, and people who did not say, are left out of the weighted scores."
        ),
    )
    FROZEN: tuple[str, ...] = ()

    class Meta:
        abstract = True
