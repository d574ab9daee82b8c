"""What people answered. Judgments and changes are append-only: the database refuses the rest."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from annotator.models.comparisons import Assignment, Comparison
from annotator.models.generation import Response
from annotator.models.people import Participation, ProfileRevision
from annotator.models.projects import Project, Wave
from annotator.models.prompts import Prompt


class Conversation(models.Model):
    """One person's path: prompt, comparison, choice, next message, …"""

    class Opening(models.TextChoices):
        GIVEN = "given", _("a given prompt")
        OWN = "own", _("the annotator's own prompt")
        FALLBACK = "fallback", _("a given prompt, because nothing answered their own")

    project = models.ForeignKey(
        Project, on_delete=models.PROTECT, db_index=False, related_name="conversations"
    )
    participation = models.ForeignKey(
        Participation, on_delete=models.PROTECT, db_index=False, related_name="conversations"
    )
    prompt = models.ForeignKey(
        Prompt,
        on_delete=models.PROTECT,
        db_index=False,
        null=True,
        blank=True,
        related_name="conversations",
        help_text=_("Empty in the two-prompt format."),
    )
    opening = models.CharField(
        max_length=8,
        choices=Opening.choices,
        default=Opening.GIVEN,
        help_text=_("Which prompt was drawn for its beginning, and whether it came to that."),
    )
    started_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = (
            models.Index(name="conversation_by_person", fields=("participation", "-id")),
            models.Index(
                name="conversation_unfinished",
                fields=("participation", "-id"),
                condition=Q(finished_at__isnull=True),
            ),
        )

    def __str__(self) -> str:
        return f"#{self.pk}"


class Turn(models.Model):
    """One step of a conversation: a user message, then the comparison of the answers to it."""

    conversation = models.ForeignKey(
        Conversation, on_delete=models.PROTECT, db_index=False, related_name="turns"
    )
    number = models.PositiveSmallIntegerField(help_text=_("From 1."))
    message = models.TextField(
        blank=True,
        help_text=_("The annotator's message; empty in turn 1, where the prompt speaks."),
    )
    comparison = models.ForeignKey(
        Comparison,
        on_delete=models.PROTECT,
        db_index=False,
        null=True,
        blank=True,
        related_name="turns",
        help_text=_("Empty while candidates are being made."),
    )
    continues = models.ForeignKey(
        Response,
        on_delete=models.PROTECT,
        db_index=False,
        null=True,
        blank=True,
        related_name="+",
        help_text=_("The response of the turn before that this message answers."),
    )
    is_drawn = models.BooleanField(
        default=False,
        help_text=_("Whether that response was drawn, because the turn before had no winner."),
    )

    class Meta:
        constraints = (
            models.UniqueConstraint(
                name="one_turn_per_conversation_and_number", fields=("conversation", "number")
            ),
            models.CheckConstraint(
                name="later_turns_have_a_message",
                condition=Q(number=1, message="") | (Q(number__gt=1) & ~Q(message="")),
            ),
            models.CheckConstraint(
                name="later_turns_go_on_from_a_response",
                condition=Q(number=1, continues__isnull=True, is_drawn=False)
                | Q(number__gt=1, continues__isnull=False),
            ),
        )

    def __str__(self) -> str:
        return f"{self.conversation} · {self.number}"


class Judgment(models.Model):
    """One person's answer to one comparison. Never changed: a correction is the next revision."""

    class ChoiceKind(models.TextChoices):
        RESPONSE = "response", _("a response")
        BOTH_GOOD = "both_good", _("both good")
        NO_DIFFERENCE = "no_difference", _("no difference")
        BOTH_BAD = "both_bad", _("both bad")
        ALL_BAD = "all_bad", _("all bad")
        NONE = "none", _("none represents me")
        RANKING = "ranking", _("a ranking")

    submission_id = models.UUIDField(
        help_text=_("Names the page that was submitted: the same page counts once.")
    )
    project = models.ForeignKey(
        Project, on_delete=models.PROTECT, db_index=False, related_name="judgments"
    )
    wave = models.ForeignKey(
        Wave, on_delete=models.PROTECT, db_index=False, related_name="judgments"
    )
    participation = models.ForeignKey(
        Participation, on_delete=models.PROTECT, db_index=False, related_name="judgments"
    )
    profile = models.ForeignKey(
        ProfileRevision,
        on_delete=models.PROTECT,
        db_index=False,
        null=True,
        blank=True,
        related_name="judgments",
        help_text=_("What the person had said of themselves by then; empty: nothing."),
    )
    comparison = models.ForeignKey(Comparison, on_delete=models.PROTECT, related_name="judgments")
    assignment = models.ForeignKey(
        Assignment,
        on_delete=models.PROTECT,
        db_index=False,
        null=True,
        blank=True,
        related_name="judgments",
        help_text=_("The place it was given for, whether or not it counts there."),
    )
    turn = models.ForeignKey(Turn, on_delete=models.PROTECT, related_name="judgments")
    revision = models.PositiveSmallIntegerField(default=1)
    choice_kind = models.CharField(max_length=13, choices=ChoiceKind.choices)
    choice_response = models.ForeignKey(
        Response, on_delete=models.PROTECT, db_index=False, null=True, blank=True, related_name="+"
    )
    strength = models.PositiveSmallIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(3)]
    )
    ranks = ArrayField(
        models.PositiveSmallIntegerField(null=True),
        null=True,
        blank=True,
        help_text=_(
            "Per option position, from 1, equal where tied, empty where not ranked; rankings only."
        ),
    )
    vetoes = ArrayField(
        models.PositiveSmallIntegerField(),
        default=list,
        blank=True,
        help_text=_("Option positions marked as unacceptable."),
    )
    general_kind = models.CharField(
        max_length=13,
        blank=True,
        choices=ChoiceKind.choices,
        help_text=_("The choice for people in general; empty where not asked or not answered."),
    )
    general_response = models.ForeignKey(
        Response, on_delete=models.PROTECT, db_index=False, null=True, blank=True, related_name="+"
    )
    criteria = models.JSONField(
        default=list,
        blank=True,
        help_text=_(
            'Answers by criterion: [{"criterion": "helpful", "kind": "response", "position": 2}] or with "ratings" per option position.'
        ),
    )
    reasons = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    explanation = models.TextField(blank=True)
    explanation_asked = models.CharField(max_length=8, choices=Assignment.ExplanationAsked.choices)
    place_kind = models.CharField(max_length=8, choices=Assignment.PlaceKind.choices)
    display_order = ArrayField(
        models.PositiveSmallIntegerField(), help_text=_("Option positions in the order shown.")
    )
    ui_language = models.CharField(max_length=35, blank=True)
    device = models.CharField(max_length=8, blank=True, help_text=_("phone, tablet or desktop."))
    shown_at = models.DateTimeField()
    submitted_at = models.DateTimeField()
    active_ms = models.PositiveIntegerField(
        null=True, blank=True, help_text=_("Time the page was visible; empty without JavaScript.")
    )

    class Meta:
        constraints = (
            models.UniqueConstraint(name="one_judgment_per_submission", fields=("submission_id",)),
            models.UniqueConstraint(
                name="one_judgment_per_participation_comparison_and_revision",
                fields=("participation", "comparison", "revision"),
            ),
            models.CheckConstraint(
                name="a_choice_names_a_response_or_a_way_out",
                condition=Q(choice_kind="response", choice_response__isnull=False)
                | Q(choice_kind="ranking")
                | (~Q(choice_kind__in=("response", "ranking")) & Q(choice_response__isnull=True)),
            ),
            models.CheckConstraint(
                name="a_ranking_has_ranks_and_nothing_else_has",
                condition=Q(choice_kind="ranking", ranks__isnull=False)
                | (~Q(choice_kind="ranking") & Q(ranks__isnull=True)),
            ),
            models.CheckConstraint(
                name="a_general_choice_names_a_response_or_a_way_out",
                condition=Q(general_kind="response", general_response__isnull=False)
                | (~Q(general_kind="response") & Q(general_response__isnull=True)),
            ),
            models.CheckConstraint(
                name="strength_is_1_to_3_and_needs_a_winner",
                condition=Q(strength__isnull=True)
                | Q(strength__gte=1, strength__lte=3, choice_kind="response"),
            ),
            models.CheckConstraint(name="revisions_count_from_1", condition=Q(revision__gte=1)),
        )
        indexes = (
            models.Index(name="judgment_by_project", fields=("project", "id")),
            BrinIndex(name="judgment_by_time", fields=("submitted_at",), autosummarize=True),
            models.Index(
                name="judgment_without_winner",
                fields=("project", "choice_kind", "-id"),
                condition=~Q(choice_kind__in=("response", "ranking")),
            ),
        )

    def __str__(self) -> str:
        return f"#{self.pk}"


class Change(models.Model):
    """What happened to the data, in order: gives exports their exact increments.

    Writers hold the advisory lock (ADVISORY_LOCK, project) shared until they commit, so that an export,
    which takes it exclusively for a moment, knows that no lower id is still to appear.
    """

    ADVISORY_LOCK = 7351

    class Kind(models.TextChoices):
        JUDGED = "judged", _("judged")
        REVISED = "revised", _("revised")
        MARKED = "marked", _("marked")
        WITHDRAWN = "withdrawn", _("withdrawn")

    project = models.ForeignKey(
        Project, on_delete=models.PROTECT, db_index=False, related_name="changes"
    )
    kind = models.CharField(max_length=9, choices=Kind.choices)
    judgment = models.ForeignKey(
        Judgment, on_delete=models.PROTECT, db_index=False, related_name="changes"
    )
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = (
            models.Index(name="change_by_project", fields=("project", "id")),
            models.Index(
                name="change_of_what_was_there",
                fields=("project", "kind", "-id"),
                condition=~Q(kind="judged"),
            ),
        )

    def __str__(self) -> str:
        return f"#{self.pk} {self.kind}"
