"""People's accounts, and the person in one project."""

from django.contrib.auth.models import AbstractUser
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from annotator.models.fields import LanguageField
from annotator.models.roles import RIGHTS
from annotator.models.work_settings import LONGEST_STRATUM


class Annotator(AbstractUser):
    """A person's account. Staff are accounts with `is_staff`."""

    ui_language = models.CharField(_("interface language"), max_length=35, blank=True)

    class Meta:
        verbose_name = _("account")
        verbose_name_plural = _("accounts")

    @cached_property
    def roles(self) -> dict[int, str]:
        """What this member of the staff is in which project; read once per request."""
        return dict(self.memberships.values_list("project_id", "role"))

    def may(self, right: str, project_id: int | None = None) -> bool:
        """Tell whether this person has a right in the project; in any project where none is named."""
        if not (self.is_active and self.is_staff):
            return False
        if self.is_superuser:
            return True
        roles = self.roles.values() if project_id is None else [self.roles.get(project_id, "")]
        return any(right in RIGHTS.get(role, ()) for role in roles)


class Exclusion(models.TextChoices):
    """Why the staff left a person out."""

    QUALITY = "quality", _("answers that show no reading")
    TWICE = "twice", _("took part more than once")
    INELIGIBLE = "ineligible", _("does not belong to those asked")
    PANEL = "panel", _("rejected by the panel")
    OTHER = "other", _("another reason")


class Participation(models.Model):
    """A person in one project, known to researchers by a pseudonym."""

    annotator = models.ForeignKey(
        Annotator, on_delete=models.PROTECT, db_index=False, related_name="participations"
    )
    project = models.ForeignKey(
        "annotator.Project", on_delete=models.PROTECT, db_index=False, related_name="participations"
    )
    pseudonym = models.CharField(
        max_length=32,
        editable=False,
        help_text=_("HMAC of the account under the project's key, set at joining."),
    )
    languages = ArrayField(LanguageField(), help_text=_("Languages this person judges in."))
    country = models.CharField(
        max_length=2, blank=True, help_text=_("ISO 3166-1 alpha-2; empty where unknown.")
    )
    stratum = models.CharField(
        max_length=LONGEST_STRATUM,
        blank=True,
        editable=False,
        help_text=_("Which reserved places are this person's."),
    )
    target = models.ForeignKey(
        "annotator.Target",
        on_delete=models.PROTECT,
        db_index=False,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        help_text=_("The target their judgments count for; empty: they are not limited."),
    )
    block_number = models.PositiveIntegerField(
        null=True, blank=True, editable=False, help_text=_("Whose turn it was to get a block.")
    )
    invitation = models.ForeignKey(
        "annotator.Invitation",
        on_delete=models.PROTECT,
        db_index=False,
        null=True,
        blank=True,
        related_name="participations",
    )
    consent_version = models.CharField(
        max_length=64, blank=True, editable=False, help_text=_("The consent text last agreed to.")
    )
    allows_sensitive = models.BooleanField(
        default=False,
        editable=False,
        help_text=_("Whether they agreed to be asked about ethnicity and politics."),
    )
    allows_texts = models.BooleanField(
        null=True,
        editable=False,
        help_text=_("Whether texts they write may be published; empty where not asked."),
    )
    allows_training = models.BooleanField(
        null=True,
        editable=False,
        help_text=_("Whether their answers may train models; empty where not asked."),
    )
    profile = models.ForeignKey(
        "annotator.ProfileRevision",
        on_delete=models.PROTECT,
        db_index=False,
        null=True,
        editable=False,
        related_name="+",
        help_text=_("Their newest answers about themselves."),
    )
    profile_version = models.CharField(
        max_length=64,
        blank=True,
        editable=False,
        help_text=_("The questions about people that they were last asked."),
    )
    words = models.ForeignKey(
        "annotator.OwnWords",
        on_delete=models.PROTECT,
        db_index=False,
        null=True,
        editable=False,
        related_name="+",
        help_text=_("What they said last about what matters to them; empty: not asked yet."),
    )
    panel = models.CharField(
        max_length=40, blank=True, editable=False, help_text=_("The panel they came through.")
    )
    external_id = models.CharField(
        max_length=200, blank=True, editable=False, help_text=_("Their name there; never exported.")
    )
    outcome = models.CharField(
        max_length=10,
        blank=True,
        editable=False,
        help_text=_("How their visit through a panel ended; empty while it goes on."),
    )
    trained_at = models.DateTimeField(
        null=True, editable=False, help_text=_("When they passed the training.")
    )
    paused_at = models.DateTimeField(
        null=True,
        editable=False,
        help_text=_("Since when nothing is handed out to them, because checks failed."),
    )
    pause_lifted_at = models.DateTimeField(
        null=True,
        editable=False,
        help_text=_("When they were last let go on; checks that failed before count no more."),
    )
    excluded_at = models.DateTimeField(
        null=True,
        editable=False,
        help_text=_("Since when they are left out: what they answered is kept and does not count."),
    )
    excluded_for = models.CharField(
        max_length=10, choices=Exclusion.choices, default="", blank=True, editable=False
    )
    next_check = models.PositiveIntegerField(
        null=True, editable=False, help_text=_("At which answer their next check comes.")
    )
    next_repeat = models.PositiveIntegerField(
        null=True, editable=False, help_text=_("At which answer the next repeat comes.")
    )
    repeats_given = models.PositiveIntegerField(
        default=0, editable=False, help_text=_("Questions they answered a second time.")
    )
    repeats_same = models.PositiveIntegerField(
        default=0, editable=False, help_text=_("How often the answer was the same.")
    )
    judgments_given = models.PositiveIntegerField(
        default=0, editable=False, help_text=_("Kept in the statement that stores a judgment.")
    )
    conversations_begun = models.PositiveIntegerField(
        default=0,
        editable=False,
        help_text=_("Tasks taken: later turns belong to theirs. Kept in the same statement."),
    )
    fallbacks_due = models.PositiveSmallIntegerField(
        default=0,
        editable=False,
        help_text=_("Own prompts that nothing answered, for which a given one is still to come."),
    )
    searched_at = models.DateTimeField(
        null=True,
        editable=False,
        help_text=_("When all queues were last searched from their start."),
    )
    joined_at = models.DateTimeField(auto_now_add=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                name="one_participation_per_annotator_and_project", fields=("annotator", "project")
            ),
            models.CheckConstraint(
                name="no_more_repeats_are_the_same_than_were_given",
                condition=models.Q(repeats_same__lte=models.F("repeats_given")),
            ),
            models.UniqueConstraint(
                name="one_pseudonym_per_project", fields=("project", "pseudonym")
            ),
            models.UniqueConstraint(
                name="one_participation_per_project_and_person_of_a_panel",
                fields=("project", "panel", "external_id"),
                condition=~models.Q(external_id=""),
            ),
            models.CheckConstraint(
                name="an_exclusion_has_a_reason",
                condition=models.Q(excluded_at=None, excluded_for="")
                | (models.Q(excluded_at__isnull=False) & ~models.Q(excluded_for="")),
            ),
        )

    def __str__(self) -> str:
        return self.pseudonym

    @property
    def tasks_taken(self) -> int:
        """What counts as progress: later turns belong to their task, and what nothing answered was none."""
        return self.conversations_begun - self.fallbacks_due


class Consent(models.Model):
    """That a person agreed to a text, and to what else beside: append-only, the newest counts."""

    participation = models.ForeignKey(
        Participation, on_delete=models.PROTECT, db_index=False, related_name="consents"
    )
    wave = models.ForeignKey(
        "annotator.Wave", on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    version = models.CharField(
        max_length=64,
        help_text=_("SHA-256 of the consent texts in all languages, and of their terms."),
    )
    language = LanguageField()
    text_hash = models.CharField(
        max_length=64, blank=True, help_text=_("SHA-256 of the text as this person read it.")
    )
    is_adult = models.BooleanField(help_text=_("That they say they are 18 or older."))
    sensitive = models.BooleanField(
        null=True, help_text=_("Sensitive questions; empty: not asked.")
    )
    texts = models.BooleanField(null=True, help_text=_("Publishing texts; empty: not asked."))
    training = models.BooleanField(null=True, help_text=_("Use in training; empty: not asked."))
    given_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (
            models.CheckConstraint(name="only_adults_consent", condition=models.Q(is_adult=True)),
        )
        indexes = (models.Index(name="consent_by_person", fields=("participation", "-id")),)

    def __str__(self) -> str:
        return f"{self.participation} · {self.version[:8]}"


class ProfileRevision(models.Model):
    """What a person said of themselves, once: append-only; a judgment names the one it was given under.

    A question that is not among the answers was not answered: "unknown", a stratum of its own.
    """

    participation = models.ForeignKey(
        Participation, on_delete=models.PROTECT, db_index=False, related_name="profile_revisions"
    )
    number = models.PositiveSmallIntegerField(help_text=_("From 1."))
    answers = models.JSONField(default=dict, help_text=_('By question: {"age": "18-34"}.'))
    sensitive_answers = models.JSONField(
        default=dict,
        help_text=_("The same for questions that need their own consent."),
    )
    language_skills = models.JSONField(
        default=dict, help_text=_('How well they read each language: {"fr": "fluent"}.')
    )
    given_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                name="one_profile_revision_per_participation_and_number",
                fields=("participation", "number"),
            ),
        )

    def __str__(self) -> str:
        return f"{self.participation} · {self.number}"
