"""A collection of judgments and the frozen configurations it went through."""

import hashlib
import json
from typing import Any, Self, cast

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from annotator.models.fields import LanguageField, new_key, new_seed
from annotator.models.people import Annotator
from annotator.models.people_settings import PeopleSettings
from annotator.models.release_settings import ReleaseSettings
from annotator.models.roles import Right, roles_with
from annotator.models.settings import FormatSettings
from annotator.models.value_settings import ValueSettings
from annotator.models.worded import pick_text
from annotator.models.work_settings import LONGEST_STRATUM, WorkSettings


class ProjectQuerySet(models.QuerySet["Project"]):
    """Every look-up of a project starts here."""

    def visible_to(self, user: Annotator, *, to: str = Right.SEE) -> Self:
        """Return the projects in which a member of the staff has a right; nobody else sees any."""
        if not (user.is_active and user.is_staff):
            return self.none()
        if user.is_superuser:
            return self
        return self.filter(memberships__annotator=user, memberships__role__in=roles_with(to))


class Project(FormatSettings, PeopleSettings, ReleaseSettings, ValueSettings, WorkSettings):
    """One collection. The settings marked frozen reach people only as a Wave."""

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        OPEN = "open", _("open")
        PAUSED = "paused", _("paused")
        CLOSED = "closed", _("closed")

    slug = models.SlugField(
        unique=True, help_text=_("Part of every address of the project; cannot hold spaces.")
    )
    name = models.CharField(
        _("name"), max_length=120, help_text=_("What annotators see at the top of each page.")
    )
    description = models.JSONField(
        _("description"),
        default=dict,
        blank=True,
        help_text=_("One or two sentences per language, for people who are asked to join."),
    )
    state = models.CharField(
        _("state"), max_length=8, choices=State.choices, default=State.DRAFT, editable=False
    )
    languages = ArrayField(
        LanguageField(),
        verbose_name=_("languages"),
        default=list,
        blank=True,
        help_text=_(
            "BCP-47 tags separated by commas, for example en, pt-BR. Imported prompts add theirs."
        ),
    )
    open_to_all = models.BooleanField(
        _("open to all"),
        default=False,
        help_text=_("Anyone with an account may join; otherwise only people with an invitation."),
    )

    overlap = models.PositiveSmallIntegerField(
        _("overlap"),
        default=3,
        validators=[MinValueValidator(1), MaxValueValidator(1000)],
        help_text=_("How many people judge each comparison."),
    )
    candidates = models.PositiveSmallIntegerField(
        _("candidates per prompt"),
        default=4,
        validators=[MinValueValidator(2), MaxValueValidator(8)],
        help_text=_("How many responses are made for each prompt: 2 to 8."),
    )
    pairs_per_set = models.PositiveSmallIntegerField(
        _("pairs per prompt"),
        default=2,
        validators=[MinValueValidator(1), MaxValueValidator(28)],
        help_text=_(
            "For comparisons of two: how many pairs are drawn from each set of candidates."
        ),
    )
    lease_minutes = models.PositiveSmallIntegerField(
        _("minutes per task"),
        default=30,
        validators=[MinValueValidator(1), MaxValueValidator(1440)],
        help_text=_(
            "After this time without an answer a task may go to somebody else. A late answer is kept."
        ),
    )
    target_per_person = models.PositiveSmallIntegerField(
        _("tasks per person"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_(
            "How many tasks one person is asked for; shown as their progress. Empty: as many as they like."
        ),
    )

    # Frozen, as are those of the chapters: a change of any of these opens the next wave (see services.projects).
    instructions = models.JSONField(
        _("instructions"),
        default=dict,
        blank=True,
        help_text=_('Markdown per language: {"en": "…", "fr": "…"}.'),
    )
    strategy = models.CharField(
        _("strategy"),
        max_length=32,
        default="nc_prompt",
        help_text=_("How candidates are made unless a run says otherwise."),
    )
    strategy_parameters = models.JSONField(_("strategy parameters"), default=dict, blank=True)
    seed = models.BigIntegerField(default=new_seed, editable=False)
    pseudonym_key = models.BinaryField(default=new_key, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    FROZEN = (
        *FormatSettings.FROZEN,
        *PeopleSettings.FROZEN,
        *WorkSettings.FROZEN,
        "instructions",
        "strategy",
        "strategy_parameters",
    )

    objects = ProjectQuerySet.as_manager()

    class Meta:
        ordering = ("name",)
        constraints = (
            models.CheckConstraint(
                name="project_overlap_is_between_1_and_1000",
                condition=Q(overlap__gte=1, overlap__lte=1000),
            ),
            models.CheckConstraint(
                name="project_has_2_to_8_candidates",
                condition=Q(candidates__gte=2, candidates__lte=8),
            ),
            models.CheckConstraint(
                name="project_shares_are_between_0_and_1",
                condition=Q(
                    explanation_share__gte=0,
                    explanation_share__lte=1,
                    explanation_required_share__gte=0,
                    explanation_required_share__lte=1,
                    own_prompt_share__gte=0,
                    own_prompt_share__lte=1,
                ),
            ),
            models.CheckConstraint(
                name="project_asks_for_no_more_turns_than_it_allows",
                condition=Q(turns__gte=1, turns_min__gte=1, turns_min__lte=F("turns")),
            ),
        )

    def __str__(self) -> str:
        return self.name


class Target(models.Model):
    """How many judgments are wanted from some of the people, and how many are given or being given.

    `taken` counts the places that name the target; it is kept in the statements that hand them out and
    take them back.
    """

    project = models.ForeignKey(
        Project, on_delete=models.PROTECT, db_index=False, related_name="target_rows"
    )
    name = models.CharField(max_length=LONGEST_STRATUM)
    wanted = models.PositiveIntegerField()
    taken = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ("project", "name")
        constraints = (
            models.UniqueConstraint(
                name="one_target_per_project_and_name", fields=("project", "name")
            ),
        )

    def __str__(self) -> str:
        return self.name


class BlockCounter(models.Model):
    """How many people of a language and stratum have been given a block."""

    project = models.ForeignKey(
        Project, on_delete=models.PROTECT, db_index=False, related_name="block_counters"
    )
    language = LanguageField()
    stratum = models.CharField(max_length=LONGEST_STRATUM, blank=True)
    given = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                name="one_block_counter_per_language_and_stratum",
                fields=("project", "language", "stratum"),
            ),
        )

    def __str__(self) -> str:
        return f"{self.project_id} {self.language} {self.stratum}"


class Wave(models.Model):
    """A frozen configuration of a project. The database refuses any change of a row."""

    project = models.ForeignKey(
        Project, on_delete=models.PROTECT, db_index=False, related_name="waves"
    )
    number = models.PositiveIntegerField()
    config = models.JSONField(help_text=_("The frozen settings, by name."))
    config_hash = models.CharField(
        max_length=64, help_text=_("SHA-256 of the canonical JSON of the settings.")
    )
    consent_version = models.CharField(
        max_length=64,
        help_text=_("SHA-256 of the consent texts and terms; empty where none is asked."),
        blank=True,
    )
    opened_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("project", "number")
        constraints = (
            models.UniqueConstraint(
                name="one_wave_per_project_and_number", fields=("project", "number")
            ),
        )

    def __str__(self) -> str:
        return f"{self.project} · {self.number}"

    def setting(self, name: str) -> Any:
        """Return one frozen setting; a wave from before there was such a setting has its default."""
        if name in self.config:
            return self.config[name]
        return cast("models.Field[Any, Any]", Project._meta.get_field(name)).get_default()

    @cached_property
    def demographics_version(self) -> str:
        """Name the questions about people, so that they are asked again when these change; empty: no questions."""
        questions = self.setting("demographics")
        canonical = json.dumps(questions, sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(canonical.encode()).hexdigest() if questions else ""

    def text(self, name: str, *wished: str) -> tuple[str, str]:
        """Return a frozen text in the first of the languages that there is, or the next best, and its language."""
        return pick_text(self.setting(name), *wished)
