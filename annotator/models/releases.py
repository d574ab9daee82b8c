"""What is published: immutable, versioned, checksummed snapshots of a project's data."""

from django.contrib.postgres.fields import ArrayField
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from annotator.models.people import Annotator
from annotator.models.projects import Project


class Release(models.Model):
    """A snapshot of a project's data in files. Once published it is never rebuilt; it can be retracted."""

    class State(models.TextChoices):
        BUILDING = "building", _("being built")
        PUBLISHED = "published", _("published")
        FAILED = "failed", _("failed")
        RETRACTED = "retracted", _("retracted")

    project = models.ForeignKey(
        Project, on_delete=models.PROTECT, db_index=False, related_name="releases"
    )
    version = models.CharField(
        max_length=32,
        validators=[
            RegexValidator(
                r"\A[0-9]+\.[0-9]+(\.[0-9]+)?\Z",
                _("A version is two or three numbers: 1.0, 1.0.2."),
            )
        ],
    )
    formats = ArrayField(models.CharField(max_length=32))
    licence = models.CharField(max_length=100, help_text=_("SPDX identifier, such as CC-BY-4.0."))
    demographics = models.BooleanField(
        default=False,
        help_text=_("Whether it tells what people said of themselves, as far as they agreed."),
    )
    state = models.CharField(max_length=9, choices=State.choices, default=State.BUILDING)
    failure = models.TextField(blank=True)
    rows_written = models.PositiveBigIntegerField(default=0)
    manifest = models.JSONField(
        null=True, help_text=_("What it holds: every file with rows, bytes and SHA-256.")
    )
    created_by = models.ForeignKey(
        Annotator, on_delete=models.PROTECT, db_index=False, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    published_at = models.DateTimeField(null=True, blank=True)
    retracted_at = models.DateTimeField(null=True, blank=True)
    retraction_reason = models.TextField(blank=True)

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(
                name="one_release_per_project_and_version", fields=("project", "version")
            ),
            models.CheckConstraint(
                name="published_releases_have_a_manifest",
                condition=~Q(state__in=("published", "retracted"))
                | Q(manifest__isnull=False, published_at__isnull=False),
            ),
            models.CheckConstraint(
                name="retracted_releases_say_why",
                condition=~Q(state="retracted")
                | (Q(retracted_at__isnull=False) & ~Q(retraction_reason="")),
            ),
        )

    def __str__(self) -> str:
        return f"{self.project} {self.version}"

    @property
    def folder(self) -> str:
        """Where its files lie in the storage."""
        return f"releases/{self.project_id}/{self.version}"
