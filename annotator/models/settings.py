"""The settings of a project, chapter by chapter; `Project` inherits them.

What stands in a chapter's FROZEN reaches people only as a Wave.
"""

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from annotator.models.worded import validate_criteria, validate_reasons


class FormatSettings(models.Model):
    """What is asked about the responses, and how a conversation goes."""

    class TaskFormat(models.TextChoices):
        BEST_OF_K = "best_of_k", _("choose the best of several responses")
        PAIRWISE = "pairwise", _("compare two responses")
        RANKING = "ranking", _("rank several responses")
        TWO_PROMPTS = "two_prompts", _("compare two responses to two different prompts")

    class WithoutWinner(models.TextChoices):
        """How a conversation goes on after an answer without a winner."""

        END = "end", _("it ends")
        DRAW = "draw", _("it goes on from a response that is drawn")

    class WayOut(models.TextChoices):
        """Answers without a winner. They are kept apart everywhere: none of them means another."""

        BOTH_GOOD = "both_good", _("both good (pairs)")
        NO_DIFFERENCE = "no_difference", _("no difference (pairs)")
        BOTH_BAD = "both_bad", _("both bad (pairs)")
        ALL_BAD = "all_bad", _("all bad (best of several)")
        NONE = "none", _("none represents me (best of several)")

    task_format = models.CharField(
        _("format"), max_length=16, choices=TaskFormat.choices, default=TaskFormat.BEST_OF_K
    )
    ways_out = ArrayField(
        models.CharField(max_length=13, choices=WayOut.choices),
        verbose_name=_("answers without a winner"),
        default=list,
        blank=True,
    )
    strength_asked = models.BooleanField(
        _("ask for strength"),
        default=True,
        help_text=_("For comparisons of two: slightly, clearly or much better."),
    )
    ranking_top = models.PositiveSmallIntegerField(
        _("places to rank"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(8)],
        help_text=_("For rankings: only the first so many are asked for. Empty: all of them."),
    )
    veto_asked = models.BooleanField(
        _("ask for what is unacceptable"),
        default=False,
        help_text=_("Each response can be marked as unacceptable, beside the choice."),
    )
    general_asked = models.BooleanField(
        _("ask for people in general"),
        default=False,
        help_text=_("A second question: which is best for people in general?"),
    )
    criteria = models.JSONField(
        _("criteria"),
        default=list,
        blank=True,
        validators=[validate_criteria],
        help_text=_(
            'Asked beside the choice: [{"slug": "helpful", "kind": "choice" or "rating", "required": false, "texts": {"en": "…"}}].'
        ),
    )
    reasons = models.JSONField(
        _("reasons"),
        default=list,
        blank=True,
        validators=[validate_reasons],
        help_text=_('Tags to give with an answer: [{"slug": "polite", "texts": {"en": "…"}}].'),
    )
    turns = models.PositiveSmallIntegerField(
        _("turns"),
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(20)],
        help_text=_("How long a conversation may become: 1 is a single comparison."),
    )
    turns_min = models.PositiveSmallIntegerField(
        _("turns at least"),
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(20)],
        help_text=_("Before this turn is answered, “finish here” is not offered."),
    )
    without_winner = models.CharField(
        _("after an answer without a winner"),
        max_length=4,
        choices=WithoutWinner.choices,
        default=WithoutWinner.END,
    )
    own_prompt_share = models.FloatField(
        _("share of own prompts"),
        default=0.0,
        validators=[MinValueValidator(0), MaxValueValidator(1)],
        help_text=_(
            "0 to 1: how many conversations begin with the annotator's own prompt, drawn beforehand."
        ),
    )
    topic_hints = models.JSONField(
        _("topics for own prompts"),
        default=dict,
        blank=True,
        help_text=_('Hints per language: {"en": ["…", "…"]}.'),
    )
    explanation_share = models.FloatField(
        _("share asked to explain"),
        default=1.0,
        validators=[MinValueValidator(0), MaxValueValidator(1)],
        help_text=_(
            "0 to 1: how often a person is invited to explain the choice, drawn before the task is shown."
        ),
    )
    explanation_required_share = models.FloatField(
        _("share required to explain"),
        default=0.0,
        validators=[MinValueValidator(0), MaxValueValidator(1)],
        help_text=_(
            "0 to 1: how often the explanation is required. It counts within the share above."
        ),
    )
    explanation_min_length = models.PositiveSmallIntegerField(
        _("shortest explanation"),
        default=0,
        validators=[MaxValueValidator(1000)],
        help_text=_("Characters that an explanation must have where one is given or required."),
    )
    FROZEN: tuple[str, ...] = (
        "task_format",
        "ways_out",
        "strength_asked",
        "ranking_top",
        "veto_asked",
        "general_asked",
        "criteria",
        "reasons",
        "turns",
        "turns_min",
        "without_winner",
        "own_prompt_share",
        "topic_hints",
        "explanation_share",
        "explanation_required_share",
        "explanation_min_length",
    )

    class Meta:
        abstract = True
