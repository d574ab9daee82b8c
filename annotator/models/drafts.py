"""Unsent work."""

from django.db import models

from annotator.models.people import Participation


class Draft(models.Model):
    """What a person has entered in a form and not sent yet; gone once it is sent, or after a month."""

    participation = models.ForeignKey(
        Participation, on_delete=models.CASCADE, db_index=False, related_name="drafts"
    )
    about = models.CharField(
        max_length=32, help_text="What it belongs to: task-17, turn-4, own-2; the number is its id."
    )
    content = models.JSONField(
        help_text="The values of each field by its name, as they were entered."
    )
    saved_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                name="one_draft_per_participation_and_form", fields=("participation", "about")
            ),
        )
        indexes = (models.Index(name="draft_by_age", fields=("saved_at",)),)

    def __str__(self) -> str:
        return f"{self.participation} · {self.about}"
