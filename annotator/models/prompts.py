"""What opens a conversation."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from annotator.models.fields import LanguageField
from annotator.models.people import Participation
from annotator.models.projects import Project


class PromptGroup(models.Model):
    """Prompts that belong together: translations of one, or one question about several places."""

    class Kind(models.TextChoices):
        TRANSLATION = "translation", _("the same prompt in other languages")
        TEMPLATE = "template", _("the same question about another place")

    project = models.ForeignKey(
        Project, on_delete=models.PROTECT, db_index=False, related_name="prompt_groups"
    )
    key = models.CharField(max_length=200)
    kind = models.CharField(max_length=11, choices=Kind.choices)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                name="one_group_per_project_and_key", fields=("project", "key")
            ),
        )

    def __str__(self) -> str:
        return self.key


class Prompt(models.Model):
    """A user message that opens a conversation."""

    class Source(models.TextChoices):
        PREGENERATED = "pregenerated", _("given")
        OWN = "own", _("written by an annotator")
        TRIAL = "trial", _("for a trial, never shown to annotators")
        CHECK = "check", _("with a right answer that is known")

    project = models.ForeignKey(
        Project, on_delete=models.PROTECT, db_index=False, related_name="prompts"
    )
    external_id = models.CharField(max_length=200, null=True, blank=True)  # noqa: DJ001 - unique where present
    import_key = models.CharField(
        max_length=205,
        editable=False,
        help_text=_(
            "What makes a second import of the same row a repetition: see services.prompts."
        ),
    )
    group = models.ForeignKey(
        PromptGroup, on_delete=models.PROTECT, null=True, blank=True, related_name="prompts"
    )
    language = LanguageField()
    text = models.TextField()
    system = models.TextField(
        blank=True, help_text=_("A system message that every candidate is given.")
    )
    topic = models.CharField(max_length=200, blank=True)
    licence = models.CharField(max_length=100, blank=True)
    source = models.CharField(max_length=12, choices=Source.choices, default=Source.PREGENERATED)
    author = models.ForeignKey(
        Participation, on_delete=models.PROTECT, null=True, blank=True, related_name="prompts"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                name="one_prompt_per_project_and_external_id", fields=("project", "external_id")
            ),
            models.UniqueConstraint(
                name="one_prompt_per_project_and_import_key", fields=("project", "import_key")
            ),
            models.CheckConstraint(
                name="own_prompts_have_an_author",
                condition=Q(source="own", author__isnull=False)
                | Q(source__in=("pregenerated", "trial", "check"), author__isnull=True),
            ),
            models.CheckConstraint(name="prompts_have_a_text", condition=~Q(text="")),
        )
        indexes = (
            models.Index(name="prompt_by_project_language", fields=("project", "language", "id")),
            models.Index(name="prompt_by_project", fields=("project", "id")),
            models.Index(
                name="prompt_not_imported",
                fields=("project", "source", "-id"),
                condition=~Q(source="pregenerated"),
            ),
        )

    def __str__(self) -> str:
        return self.external_id or f"#{self.pk}"
