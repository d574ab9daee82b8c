"""What candidates are made with and from: model servers, value profiles, translations before their review."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from annotator.models.fields import LanguageField
from annotator.models.generation import CandidateSet, Response
from annotator.models.projects import Project


class ModelEndpoint(models.Model):
    """What the workers last saw of a model server. The allowlist in the environment says which there are."""

    class State(models.TextChoices):
        UP = "up", _("answers")
        DOWN = "down", _("does not answer")
        REFUSED = "refused", _("refuses")

    name = models.CharField(max_length=64, primary_key=True)
    state = models.CharField(max_length=7, choices=State.choices)
    notice = models.TextField(blank=True, help_text=_("What is wrong, and what to do about it."))
    version = models.CharField(max_length=64, blank=True)
    served_models = ArrayField(models.CharField(max_length=200), default=list, blank=True)
    limit = models.PositiveIntegerField(
        default=0, help_text=_("Requests in flight that the worker that looked last allows itself.")
    )
    waiting = models.PositiveIntegerField(
        null=True, blank=True, help_text=_("Requests that wait inside the server.")
    )
    prefix_hit_rate = models.FloatField(
        null=True, blank=True, help_text=_("Share of prompt tokens found in its prefix cache.")
    )
    seen_at = models.DateTimeField()

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class ValueProfile(models.Model):
    """Values that one candidate is asked to speak from; the texts are system messages, one per language."""

    project = models.ForeignKey(
        Project,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="value_profiles",
        help_text=_("Empty: for every project."),
    )
    slug = models.SlugField(max_length=64)
    name = models.CharField(max_length=100)
    dimension = models.CharField(
        max_length=64, help_text=_("traditional–secular, survival–self-expression …")
    )
    texts = models.JSONField(
        default=dict, help_text=_("The system message in each language, by BCP-47 tag.")
    )
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ("dimension", "slug")
        constraints = (
            models.UniqueConstraint(
                name="one_profile_per_project_and_slug",
                fields=("project", "slug"),
                nulls_distinct=False,
            ),
        )

    def __str__(self) -> str:
        return self.name


class TranslationDraft(models.Model):
    """A response in another language, as the model gave it; a reviewer accepts or edits it."""

    candidate_set = models.ForeignKey(
        CandidateSet, on_delete=models.PROTECT, db_index=False, related_name="drafts"
    )
    attempt = models.PositiveSmallIntegerField(
        help_text=_("Of the set; the drafts of its last attempt are the ones to review.")
    )
    source_response = models.ForeignKey(Response, on_delete=models.PROTECT, related_name="drafts")
    slot = models.PositiveSmallIntegerField()
    language = LanguageField()
    text = models.TextField(help_text=_("As the model gave it."))
    model = models.CharField(max_length=200)
    seed = models.BigIntegerField(null=True)
    finish_reason = models.CharField(max_length=40, blank=True)
    prompt_tokens = models.PositiveIntegerField(null=True)
    completion_tokens = models.PositiveIntegerField(null=True)
    template_version = models.CharField(max_length=32)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                name="one_draft_per_set_attempt_and_slot",
                fields=("candidate_set", "attempt", "slot"),
            ),
        )

    def __str__(self) -> str:
        return f"{self.candidate_set} · {self.slot}"
