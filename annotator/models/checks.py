"""Items whose right answer is known: for training, to see who reads, and where facts decide; and what they showed."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from annotator.models.comparisons import Comparison
from annotator.models.judgments import Judgment
from annotator.models.people import Annotator, Participation
from annotator.models.projects import Project


class CheckItem(models.Model):
    """A comparison of kind training, attention or gold, with its right answers."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="check_items")
    comparison = models.OneToOneField(
        Comparison, on_delete=models.PROTECT, related_name="check_item"
    )
    right = ArrayField(
        models.PositiveSmallIntegerField(), help_text=_("Option positions that are right.")
    )
    feedback = models.JSONField(
        default=dict, blank=True, help_text=_('Shown after training: {"en": "…"}.')
    )
    retired_at = models.DateTimeField(
        null=True, editable=False, help_text=_("Since when it is given to nobody any more.")
    )

    class Meta:
        verbose_name = _("check item")
        verbose_name_plural = _("check items")

    def __str__(self) -> str:
        return f"{self.comparison}"


class QualityFlag(models.Model):
    """That an answer showed something to look at, and what. A flag removes nothing."""

    class Kind(models.TextChoices):
        ATTENTION = "attention", _("an instruction was not followed")
        GOLD = "gold", _("a question of fact was answered wrongly")
        TRAINING = "training", _("the training was not passed")
        REPEAT = "repeat", _("the same question was answered differently too often")

    project = models.ForeignKey(
        Project, on_delete=models.PROTECT, db_index=False, related_name="quality_flags"
    )
    participation = models.ForeignKey(
        Participation, on_delete=models.PROTECT, related_name="quality_flags"
    )
    judgment = models.ForeignKey(Judgment, on_delete=models.PROTECT, related_name="quality_flags")
    kind = models.CharField(max_length=9, choices=Kind.choices)
    made_at = models.DateTimeField(auto_now_add=True)
    seen_at = models.DateTimeField(null=True, editable=False)
    seen_by = models.ForeignKey(
        Annotator,
        on_delete=models.PROTECT,
        db_index=False,
        null=True,
        editable=False,
        related_name="+",
        help_text=_("Who of the staff looked at it."),
    )

    class Meta:
        verbose_name = _("quality flag")
        verbose_name_plural = _("quality flags")
        constraints = (
            models.UniqueConstraint(
                name="one_flag_per_judgment_and_kind", fields=("judgment", "kind")
            ),
            models.CheckConstraint(
                name="a_flag_is_looked_at_by_somebody",
                condition=models.Q(seen_at=None, seen_by=None)
                | models.Q(seen_at__isnull=False, seen_by__isnull=False),
            ),
        )
        indexes = (
            models.Index(name="quality_flag_by_project", fields=("project", "-id")),
            models.Index(
                name="quality_flag_to_look_at",
                fields=("project", "-id"),
                condition=models.Q(seen_at=None),
            ),
            models.Index(
                name="quality_flag_looked_at",
                fields=("project", "-id"),
                condition=models.Q(seen_at__isnull=False),
            ),
            models.Index(name="quality_flag_by_kind", fields=("project", "kind", "-id")),
        )

    def __str__(self) -> str:
        return f"{self.judgment} {self.kind}"
