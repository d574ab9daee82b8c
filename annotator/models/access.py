"""Ways in: invitations for annotators, tokens for researchers. Secrets are stored hashed."""

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from annotator.models.fields import LanguageField
from annotator.models.people import Annotator
from annotator.models.projects import Project


class Invitation(models.Model):
    """A link into a project."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="invitations")
    digest = models.CharField(
        max_length=64,
        unique=True,
        editable=False,
        help_text=_("HMAC-SHA-256 of the secret in the link."),
    )
    language = LanguageField(
        blank=True, help_text=_("The language the person will judge in; empty: they choose.")
    )
    country = models.CharField(
        max_length=2, blank=True, help_text=_("ISO 3166-1 alpha-2, where known.")
    )
    max_uses = models.PositiveIntegerField(default=1, validators=[MinValueValidator(1)])
    uses = models.PositiveIntegerField(default=0, editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    created_by = models.ForeignKey(
        Annotator, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                name="invitations_are_not_used_too_often", condition=Q(uses__lte=F("max_uses"))
            ),
        )

    def __str__(self) -> str:
        return f"{self.project} · {self.digest[:8]}"


class Scope(models.TextChoices):
    """What a token may do."""

    READ_PROJECT = "read:project", _("read projects")
    READ_PROMPTS = "read:prompts", _("read prompts")
    READ_GENERATION = "read:generation", _("read generation runs and candidates")
    READ_JUDGMENTS = "read:judgments", _("read and export judgments")
    READ_DEMOGRAPHICS = "read:demographics", _("read demographics")
    READ_STATISTICS = "read:statistics", _("read statistics")
    WRITE_PROMPTS = "write:prompts", _("add prompts")
    WRITE_GENERATION = "write:generation", _("start and steer generation")
    MANAGE = "manage", _("manage projects")


class ApiToken(models.Model):
    """A researcher's key: `plv_<prefix>_<secret>`, shown once."""

    name = models.CharField(max_length=100, help_text=_("Who uses it and what for."))
    prefix = models.CharField(max_length=8, unique=True, editable=False)
    digest = models.CharField(max_length=64, editable=False)
    owner = models.ForeignKey(Annotator, on_delete=models.PROTECT, related_name="api_tokens")
    scopes = ArrayField(models.CharField(max_length=17, choices=Scope.choices))
    projects = models.ManyToManyField(Project, related_name="api_tokens")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text=_("To the hour.")
    )

    def __str__(self) -> str:
        return f"plv_{self.prefix}_…"
