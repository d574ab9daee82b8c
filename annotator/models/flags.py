"""What people report beside their answers."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from annotator.models.comparisons import Comparison
from annotator.models.generation import Response
from annotator.models.people import Participation
from annotator.models.projects import Project


class HarmFlag(models.Model):
    """That a person found a response harmful. It changes no judgment; staff look at it."""

    project = models.ForeignKey(
        Project, on_delete=models.PROTECT, db_index=False, related_name="harm_flags"
    )
    participation = models.ForeignKey(
        Participation, on_delete=models.PROTECT, db_index=False, related_name="harm_flags"
    )
    comparison = models.ForeignKey(
        Comparison, on_delete=models.PROTECT, db_index=False, related_name="harm_flags"
    )
    response = models.ForeignKey(
        Response, on_delete=models.PROTECT, db_index=False, related_name="harm_flags"
    )
    note = models.CharField(max_length=1000, blank=True)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("response reported as harmful")
        verbose_name_plural = _("responses reported as harmful")
        constraints = (
            models.UniqueConstraint(
                name="one_harm_flag_per_participation_and_response",
                fields=("participation", "response"),
            ),
        )
        indexes = (models.Index(name="harm_flag_by_project", fields=("project", "-id")),)

    def __str__(self) -> str:
        return f"#{self.pk}"
