"""How unlike the responses of a set are, by each way of measuring."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from annotator.models.generation import CandidateSet, Response
from annotator.models.projects import Project


class Diversity(models.Model):
    """The figures of one set under one similarity; `pluralism.diversity` defines them."""

    candidate_set = models.ForeignKey(
        CandidateSet, on_delete=models.PROTECT, db_index=False, related_name="diversities"
    )
    similarity = models.CharField(
        max_length=200, help_text=_("char_ngrams-1, or embeddings: and the model's name.")
    )
    mean_dissimilarity = models.FloatField(
        help_text=_("Mean of 1 − similarity over all pairs, 0 to 1.")
    )
    log_determinant = models.FloatField(
        help_text=_("Of the similarity matrix; 0 where nothing is alike.")
    )
    distinct = models.PositiveSmallIntegerField(
        help_text=_("How many of the responses are different answers.")
    )
    length_spread = models.FloatField(help_text=_("Longest over shortest response, in characters."))

    class Meta:
        verbose_name_plural = _("diversities")
        constraints = (
            models.UniqueConstraint(
                name="one_diversity_per_set_and_similarity",
                fields=("candidate_set", "similarity"),
            ),
            models.CheckConstraint(
                name="dissimilarity_lies_between_0_and_1",
                condition=Q(mean_dissimilarity__gte=0, mean_dissimilarity__lte=1),
            ),
        )

    def __str__(self) -> str:
        return f"{self.candidate_set} {self.similarity}"


class BoardCount(models.Model):
    """A project's places, people, hours, skips and figures as they were counted last: what the board shows without counting."""

    project = models.OneToOneField(
        Project, on_delete=models.CASCADE, primary_key=True, related_name="board_count"
    )
    fills = models.JSONField(
        help_text=_("Language, stratum, of a group, judged, leased and wanted places.")
    )
    people = models.PositiveIntegerField(default=0, help_text=_("Who takes part and has not left."))
    hours = models.JSONField(
        default=dict,
        help_text=_('Judgments by hour of the last two days, in UTC: {"2026-01-31T09": 12}.'),
    )
    skips = models.JSONField(help_text=_("Skips by reason."))
    flags = models.JSONField(default=dict, help_text=_("What is to be looked at, by kind."))
    counted_at = models.DateTimeField()
    figures = models.JSONField(
        default=dict,
        help_text=_(
            "Agreement, positions, pay: what looks at every judgment, measured less often."
        ),
    )
    figures_at = models.DateTimeField(null=True)
    figures_seconds = models.FloatField(default=0.0, help_text=_("How long measuring took."))

    def __str__(self) -> str:
        return f"{self.project_id}"


class Verdict(models.Model):
    """What a judge model says of one response: which values it stands for, and whether it answers the prompt."""

    response = models.ForeignKey(
        Response, on_delete=models.PROTECT, db_index=False, related_name="verdicts"
    )
    model = models.CharField(max_length=200)
    template_version = models.CharField(max_length=32)
    values = models.JSONField(
        default=dict, help_text=_("By dimension, the pole the response leans to, or null.")
    )
    relevant = models.BooleanField()
    request = models.JSONField(help_text=_("The body as sent."))
    answer = models.JSONField(help_text=_("The body as received."))
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                name="one_verdict_per_response_model_and_template",
                fields=("response", "model", "template_version"),
            ),
        )

    def __str__(self) -> str:
        return f"{self.response} {self.model}"


class MeasuringFault(models.Model):
    """A set that could not be measured, and when to try again: ever more rarely, never in the way of others."""

    candidate_set = models.ForeignKey(
        CandidateSet, on_delete=models.PROTECT, db_index=False, related_name="measuring_faults"
    )
    measure = models.CharField(
        max_length=240, help_text=_("embeddings: or the judge's template, and the model's name.")
    )
    faults = models.PositiveSmallIntegerField(default=1)
    not_before = models.DateTimeField()
    detail = models.TextField(help_text=_("What went wrong the last time."))

    class Meta:
        constraints = (
            models.UniqueConstraint(
                name="one_fault_per_set_and_measure", fields=("candidate_set", "measure")
            ),
        )

    def __str__(self) -> str:
        return f"{self.candidate_set} {self.measure}"
