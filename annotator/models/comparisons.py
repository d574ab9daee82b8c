"""The questions put to people, the places in them, and who was shown what.

`Assignment` holds one row per wanted judgment, so "never more than n" is a key and not a count.
`Offer` remembers every showing for ever, so nobody meets a comparison twice. `QueueCursor` is only a
hint: it saves searching a person's own history again. `docs/architecture.md` explains the scheme.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from annotator.models.fields import LanguageField, new_seed
from annotator.models.generation import CandidateSet, Response
from annotator.models.people import Participation
from annotator.models.projects import Project, Target, Wave
from annotator.models.prompts import PromptGroup
from annotator.models.work_settings import LONGEST_STRATUM


class Comparison(models.Model):
    """A question: which of these 2 to 8 responses?"""

    class Kind(models.TextChoices):
        COLLECT = "collect", _("collect")
        GOLD = "gold", _("gold")
        TRAINING = "training", _("training")
        ATTENTION = "attention", _("attention")
        REPEAT = "repeat", _("repeat")

    project = models.ForeignKey(
        Project, on_delete=models.PROTECT, db_index=False, related_name="comparisons"
    )
    candidate_set = models.ForeignKey(
        CandidateSet,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="comparisons",
        help_text=_("The set the options share; empty in the two-prompt format."),
    )
    number = models.PositiveSmallIntegerField(
        default=0, help_text=_("Which comparison of the set: in pairwise a set gives several.")
    )
    kind = models.CharField(max_length=9, choices=Kind.choices, default=Kind.COLLECT)
    repeat_of = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        db_index=False,
        null=True,
        blank=True,
        related_name="repeats",
    )
    language = LanguageField()
    seed = models.BigIntegerField(
        default=new_seed, help_text=_("Display orders and explanation draws come from it.")
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                name="one_comparison_per_set_number_and_kind",
                fields=("candidate_set", "number"),
                condition=Q(kind="collect"),
            ),
            models.UniqueConstraint(
                name="one_repeat_per_comparison",
                fields=("repeat_of",),
                condition=Q(kind="repeat"),
            ),
            models.CheckConstraint(
                name="repeats_name_what_they_repeat",
                condition=Q(kind="repeat", repeat_of__isnull=False)
                | (~Q(kind="repeat") & Q(repeat_of__isnull=True)),
            ),
        )
        indexes = (
            models.Index(
                name="comparison_by_project", fields=("project", "-id"), include=("kind",)
            ),
            models.Index(
                name="comparison_not_collected",
                fields=("project", "kind", "-id"),
                condition=~Q(kind="collect"),
            ),
        )

    def __str__(self) -> str:
        return f"#{self.pk}"


class ComparisonOption(models.Model):
    """One of the responses to choose from, at a canonical position that no browser ever sees."""

    comparison = models.ForeignKey(
        Comparison, on_delete=models.PROTECT, db_index=False, related_name="options"
    )
    response = models.ForeignKey(Response, on_delete=models.PROTECT, related_name="options")
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ("comparison", "position")
        constraints = (
            models.UniqueConstraint(
                name="one_option_per_comparison_and_position", fields=("comparison", "position")
            ),
            models.UniqueConstraint(
                name="one_option_per_comparison_and_response", fields=("comparison", "response")
            ),
            models.CheckConstraint(
                name="option_position_is_between_0_and_7",
                condition=Q(position__gte=0, position__lte=7),
            ),
        )

    def __str__(self) -> str:
        return f"{self.comparison} · {self.position}"


class Assignment(models.Model):
    """One of the n places of a comparison."""

    class State(models.TextChoices):
        OPEN = "open", _("open")
        LEASED = "leased", _("leased")
        JUDGED = "judged", _("judged")
        CLOSED = "closed", _("closed: not wanted any more")

    class PlaceKind(models.TextChoices):
        PLANNED = "planned", _("planned")
        ADAPTIVE = "adaptive", _("adaptive")

    class ExplanationAsked(models.TextChoices):
        NO = "no", _("not asked")
        OPTIONAL = "optional", _("optional")
        REQUIRED = "required", _("required")

    RETURNED, FRESH = 0, 1  # tiers: places given back come before fresh ones
    LATER = 2  # a repeat whose time has not come: nobody is given it

    project = models.ForeignKey(
        Project, on_delete=models.PROTECT, db_index=False, related_name="assignments"
    )
    comparison = models.ForeignKey(
        Comparison, on_delete=models.PROTECT, db_index=False, related_name="assignments"
    )
    number = models.BigIntegerField(
        help_text=_(
            "Which place of the comparison, from 0; a further person's own is numbered by the person, a group's below 0."
        )
    )
    owner = models.ForeignKey(
        Participation,
        on_delete=models.PROTECT,
        db_index=False,
        null=True,
        blank=True,
        related_name="own_places",
        help_text=_("Whose place it is alone; empty where anybody may take it."),
    )
    group = models.ForeignKey(
        PromptGroup,
        on_delete=models.PROTECT,
        db_index=False,
        null=True,
        blank=True,
        related_name="places",
        help_text=_(
            "Whose place it is where a group of prompts shares it: it may move among them."
        ),
    )
    slot = models.PositiveIntegerField(
        null=True, blank=True, help_text=_("Which of the places of the group and stratum.")
    )
    target = models.ForeignKey(
        Target,
        on_delete=models.PROTECT,
        db_index=False,
        null=True,
        blank=True,
        related_name="+",
        help_text=_("The target that it counts for while it is leased or judged."),
    )
    language = LanguageField()
    stratum = models.CharField(max_length=LONGEST_STRATUM, default="", blank=True)
    tier = models.PositiveSmallIntegerField(default=FRESH)
    key = models.BigIntegerField(
        help_text=_(
            "Order in the queue, from the sequence annotator_assignment_key; of a repeat that waits, the answer at which it comes."
        )
    )
    state = models.CharField(max_length=6, choices=State.choices, default=State.OPEN)
    place_kind = models.CharField(
        max_length=8, choices=PlaceKind.choices, default=PlaceKind.PLANNED
    )
    display_order = ArrayField(
        models.PositiveSmallIntegerField(),
        help_text=_("Option positions in the order shown; counterbalanced over the places."),
    )
    explanation_asked = models.CharField(
        max_length=8, choices=ExplanationAsked.choices, default=ExplanationAsked.OPTIONAL
    )
    participation = models.ForeignKey(
        Participation,
        on_delete=models.PROTECT,
        db_index=False,
        null=True,
        blank=True,
        related_name="assignments",
        help_text=_("Who holds it, held it last, or judged it."),
    )
    lease_until = models.DateTimeField(null=True, blank=True)
    token = models.UUIDField(
        null=True, blank=True, help_text=_("Names this lease; also the submission id of its page.")
    )
    judgment = models.OneToOneField(
        "annotator.Judgment",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="place",
        help_text=_("The judgment that counts for this place."),
    )

    class Meta:
        constraints = (
            models.UniqueConstraint(
                name="one_assignment_per_comparison_and_number", fields=("comparison", "number")
            ),
            models.UniqueConstraint(
                name="one_place_per_group_stratum_and_slot", fields=("group", "stratum", "slot")
            ),
            models.CheckConstraint(
                name="places_of_a_group_have_a_slot",
                condition=Q(group__isnull=True, slot__isnull=True)
                | Q(group__isnull=False, slot__isnull=False),
            ),
            models.UniqueConstraint(
                name="one_lease_per_participation",
                fields=("participation",),
                condition=Q(state="leased"),
            ),
            models.UniqueConstraint(
                name="one_judged_place_per_comparison_and_participation",
                fields=("comparison", "participation"),
                condition=Q(state="judged"),
            ),
            models.CheckConstraint(
                name="leased_places_have_a_holder_a_token_and_an_end",
                condition=~Q(state="leased")
                | Q(participation__isnull=False, token__isnull=False, lease_until__isnull=False),
            ),
            models.CheckConstraint(
                name="a_place_is_judged_when_it_points_to_a_judgment",
                condition=Q(state="judged", judgment__isnull=False)
                | (~Q(state="judged") & Q(judgment__isnull=True)),
            ),
            models.CheckConstraint(
                name="only_places_of_ones_own_wait_for_later",
                condition=Q(tier__lt=2) | Q(owner__isnull=False),
            ),
            models.CheckConstraint(
                name="a_place_of_ones_own_is_held_by_its_owner_alone",
                condition=Q(owner__isnull=True)
                | Q(participation__isnull=True)
                | Q(participation=F("owner")),
            ),
        )
        indexes = (
            models.Index(
                name="assignment_queue",
                fields=("project", "language", "stratum", "tier", "key"),
                condition=Q(state="open", owner__isnull=True),
            ),
            models.Index(
                name="assignment_own_places",
                fields=("owner", "tier", "key"),
                condition=Q(state="open", owner__isnull=False),
            ),
            models.Index(
                name="assignment_of_groups",
                fields=("project", "stratum", "key"),
                condition=Q(state="open", group__isnull=False),
            ),
            models.Index(
                name="assignment_leases", fields=("lease_until",), condition=Q(state="leased")
            ),
            models.Index(name="assignment_by_project_state", fields=("project", "state")),
        )

    def __str__(self) -> str:
        return f"{self.comparison} · {self.number}"


class Offer(models.Model):
    """That a person was shown a comparison, and what came of it. Never deleted."""

    class Outcome(models.TextChoices):
        SHOWN = "shown", _("shown")
        JUDGED = "judged", _("judged")
        SKIPPED = "skipped", _("skipped")
        EXPIRED = "expired", _("expired")

    pk = models.CompositePrimaryKey("participation_id", "comparison_id")
    participation = models.ForeignKey(
        Participation, on_delete=models.PROTECT, db_index=False, related_name="offers"
    )
    comparison = models.ForeignKey(Comparison, on_delete=models.PROTECT, related_name="offers")
    assignment = models.ForeignKey(
        Assignment, on_delete=models.PROTECT, db_index=False, related_name="offers"
    )
    wave = models.ForeignKey(
        Wave,
        on_delete=models.PROTECT,
        db_index=False,
        related_name="+",
        help_text=_("The settings it was shown under; the judgment carries them."),
    )
    outcome = models.CharField(max_length=7, choices=Outcome.choices, default=Outcome.SHOWN)
    skip_reason = models.CharField(max_length=16, blank=True)
    shown_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                name="skipped_offers_have_a_reason",
                condition=~Q(outcome="skipped") | ~Q(skip_reason=""),
            ),
        )

    def __str__(self) -> str:
        return f"{self.participation_id} · {self.comparison_id}"


class QueueCursor(models.Model):
    """How far a person has come in one queue: a hint for the claim, never a rule."""

    pk = models.CompositePrimaryKey("participation_id", "language", "stratum", "tier")
    participation = models.ForeignKey(
        Participation, on_delete=models.PROTECT, db_index=False, related_name="cursors"
    )
    language = LanguageField()
    stratum = models.CharField(max_length=LONGEST_STRATUM, default="", blank=True)
    tier = models.PositiveSmallIntegerField()
    position = models.BigIntegerField(help_text=_("The key last claimed."))
    served_at = models.DateTimeField(help_text=_("The least recently served language comes first."))

    class Meta:
        constraints = (
            models.CheckConstraint(
                name="cursor_position_is_positive", condition=Q(position__gte=0)
            ),
        )

    def __str__(self) -> str:
        return f"{self.participation_id} {self.language} {self.tier}"
