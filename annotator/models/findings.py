"""What the check of free texts found, and what people decided about it. The texts themselves never change."""

from functools import reduce
from operator import or_

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from annotator.models.generation import Response
from annotator.models.judgments import Judgment, Turn
from annotator.models.people import Annotator, Participation
from annotator.models.projects import Project
from annotator.models.prompts import Prompt


class TextCheck(models.Model):
    """How far a project's texts are checked, and by which version of the check."""

    project = models.OneToOneField(
        Project, on_delete=models.PROTECT, primary_key=True, related_name="text_check"
    )
    version = models.PositiveSmallIntegerField()
    cursor = models.BigIntegerField(
        default=0,
        help_text=_("The last Change whose texts are checked: a judgment brings its own."),
    )
    response_cursor = models.BigIntegerField(
        default=0,
        help_text=_("The last Change whose responses are checked: the first judgment brings them."),
    )

    def __str__(self) -> str:
        return f"{self.project_id} · {self.version}"


PLACES = ("judgment", "turn", "prompt", "response")
"""Where a finding may stand: in an explanation, a message, a prompt of somebody's own, a response."""


def _only(place: str) -> Q:
    return Q(**{f"{one}__isnull": one != place for one in PLACES})


class Finding(models.Model):
    """Some characters of a text that may say who somebody is, and what is to become of them.

    It names the text and the place in it, and copies nothing: a text that is erased is gone.
    """

    class Kind(models.TextChoices):
        EMAIL = "email", _("e-mail address")
        PHONE = "phone", _("phone number")
        NATIONAL_ID = "national_id", _("national id")
        NAME = "name", _("own name")

    class Decision(models.TextChoices):
        OPEN = "", _("not decided")
        RELEASE = "release", _("release as it is")
        REDACT = "redact", _("redact what is marked")
        WITHHOLD = "withhold", _("withhold the whole text")

    project = models.ForeignKey(
        Project, on_delete=models.PROTECT, db_index=False, related_name="findings"
    )
    participation = models.ForeignKey(
        Participation,
        on_delete=models.PROTECT,
        null=True,
        related_name="findings",
        help_text=_(
            "Who wrote it, or whose message the response answers; empty for other responses."
        ),
    )
    judgment = models.ForeignKey(
        Judgment,
        on_delete=models.PROTECT,
        db_index=False,
        null=True,
        related_name="findings",
        help_text=_("Where it stands in an explanation."),
    )
    turn = models.ForeignKey(
        Turn,
        on_delete=models.PROTECT,
        db_index=False,
        null=True,
        related_name="findings",
        help_text=_("Where it stands in a message."),
    )
    prompt = models.ForeignKey(
        Prompt,
        on_delete=models.PROTECT,
        db_index=False,
        null=True,
        related_name="findings",
        help_text=_("Where it stands in a prompt of somebody's own."),
    )
    response = models.ForeignKey(
        Response,
        on_delete=models.PROTECT,
        db_index=False,
        null=True,
        related_name="findings",
        help_text=_("Where it stands in what a model answered."),
    )
    kind = models.CharField(max_length=11, choices=Kind.choices)
    start = models.PositiveIntegerField(help_text=_("First character, from 0."))
    end = models.PositiveIntegerField(help_text=_("The character behind the last one."))
    version = models.PositiveSmallIntegerField(help_text=_("Of the check that found it last."))
    found_at = models.DateTimeField(auto_now_add=True)
    decision = models.CharField(
        max_length=8, choices=Decision.choices, default=Decision.OPEN, blank=True
    )
    decided_by = models.ForeignKey(
        Annotator, on_delete=models.PROTECT, db_index=False, null=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("finding in a text")
        verbose_name_plural = _("findings in texts")
        constraints = (
            models.CheckConstraint(
                name="a_finding_stands_in_one_text",
                condition=reduce(or_, map(_only, PLACES)),
            ),
            models.CheckConstraint(
                name="a_text_that_somebody_wrote_has_its_author",
                condition=Q(participation__isnull=False) | Q(response__isnull=False),
            ),
            models.CheckConstraint(
                name="no_response_is_withheld",
                condition=Q(response__isnull=True) | ~Q(decision="withhold"),
            ),
            models.CheckConstraint(
                name="a_finding_has_characters", condition=Q(start__lt=F("end"))
            ),
            models.CheckConstraint(
                name="a_decision_says_when",
                condition=Q(decision="", decided_at__isnull=True)
                | (~Q(decision="") & Q(decided_at__isnull=False)),
            ),
            models.UniqueConstraint(
                name="one_finding_per_place_in_a_text",
                fields=(*PLACES, "start", "end", "kind"),
                nulls_distinct=False,
            ),
        )
        indexes = (models.Index(name="finding_by_project", fields=("project", "decision", "id")),)

    def __str__(self) -> str:
        return f"#{self.pk} {self.kind}"
