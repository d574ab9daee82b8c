"""Who may do what: the team of a project, invitations, tokens, and the log of what was done. Secrets are stored hashed."""

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from annotator.models.fields import LanguageField
from annotator.models.people import Annotator
from annotator.models.projects import Project
from annotator.models.roles import Right, Role


class Membership(models.Model):
    """What a member of the staff is in one project; without one, nothing of the project is seen."""

    project = models.ForeignKey(
        Project, on_delete=models.PROTECT, db_index=False, related_name="memberships"
    )
    annotator = models.ForeignKey(Annotator, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role.choices)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                name="one_membership_per_project_and_account", fields=("project", "annotator")
            ),
        )

    def __str__(self) -> str:
        return f"{self.annotator} · {self.role}"


class AuditEvent(models.Model):
    """Who did what of weight, when: append-only."""

    class Action(models.TextChoices):
        OPEN = "open", _("opened")
        PAUSE = "pause", _("paused")
        CLOSE = "close", _("closed")
        SETTINGS = "settings", _("changed settings")
        WAVE = "wave", _("opened a wave")
        OVERLAP = "overlap", _("changed the number of places")
        EXCLUDE = "exclude", _("excluded a person")
        INCLUDE = "include", _("took an exclusion back")
        UNPAUSE = "unpause", _("let a paused person go on")
        PAY = "pay", _("closed a pay period")
        ERASE = "erase", _("erased a person's data")
        EXPORT = "export", _("exported data")
        RELEASE = "release", _("made a release")
        RETRACT = "retract", _("retracted a release")
        INVITE = "invite", _("made invitations")
        TOKEN = "token", _("made a key")
        REVOKE = "revoke", _("revoked a key")
        MEMBER = "member", _("changed the team")
        REVIEW = "review", _("decided about texts")

    project = models.ForeignKey(
        Project, on_delete=models.PROTECT, db_index=False, related_name="audit_events"
    )
    actor = models.ForeignKey(
        Annotator,
        on_delete=models.PROTECT,
        db_index=False,
        null=True,
        blank=True,
        related_name="+",
        help_text=_("Empty where a command or the system did it."),
    )
    action = models.CharField(max_length=10, choices=Action.choices)
    subject = models.CharField(
        max_length=200, blank=True, help_text=_("What it was done to; never a direct identifier.")
    )
    details = models.JSONField(default=dict, blank=True)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = (
            models.Index(name="audit_event_by_project", fields=("project", "-id")),
            models.Index(name="audit_event_by_action", fields=("project", "action", "-id")),
        )

    def __str__(self) -> str:
        return f"#{self.pk} {self.action}"


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


SCOPE_RIGHTS = {
    scope: Right.SEE
    if scope == Scope.READ_PROJECT
    else Right.EXPORT
    if scope.startswith("read:")
    else Right.MANAGE
    for scope in Scope.values
}
"""Which right the owner of a token needs in a project for the token to do there what its scope says."""


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
    requests_left = models.FloatField(
        default=0,
        editable=False,
        help_text=_("Requests it may make at once, as of the time beside."),
    )
    counted_at = models.DateTimeField(
        null=True, editable=False, help_text=_("When it last made a request; empty: never.")
    )

    def __str__(self) -> str:
        return f"plv_{self.prefix}_…"


class AnsweredCall(models.Model):
    """A call that was carried out under an idempotency key: sent again, it gets the same answer."""

    token = models.ForeignKey(
        ApiToken, on_delete=models.CASCADE, db_index=False, related_name="answered_calls"
    )
    key = models.CharField(max_length=255)
    digest = models.CharField(
        max_length=64, help_text=_("SHA-256 of the method, address and body.")
    )
    status = models.PositiveSmallIntegerField()
    answer = models.JSONField()
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                name="one_answer_per_token_and_idempotency_key", fields=("token", "key")
            ),
        )

    def __str__(self) -> str:
        return f"{self.token} · {self.key[:20]}"
