"""The chapter of a project's settings about people: what they agree to, what they are asked about themselves."""

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from annotator.models.demographics import default_demographics, validate_demographics
from annotator.models.panels import validate_panels


class Tick(models.TextChoices):
    """What a person may agree to beside taking part."""

    SENSITIVE = "sensitive", _("to be asked about ethnicity and politics")
    TEXTS = "texts", _("that texts they write are published")
    TRAINING = "training", _("that their answers train language models")


def all_ticks() -> list[str]:
    """Return every tick."""
    return list(Tick.values)


class PeopleSettings(models.Model):
    """Who people are, and on which terms they take part."""

    class AfterWithdrawal(models.TextChoices):
        """What becomes of what a person wrote, once they withdraw. No later export holds any of it."""

        ERASE = "erase", _("texts they wrote are erased")
        KEEP = "keep", _("everything is kept, under lock, for audits")

    consent_text = models.JSONField(
        _("consent text"),
        default=dict,
        blank=True,
        help_text=_('Markdown per language: {"en": "…"}. Without it nobody is asked for consent.'),
    )
    consent_ticks = ArrayField(
        models.CharField(max_length=9, choices=Tick.choices),
        verbose_name=_("asked separately"),
        default=all_ticks,
        blank=True,
        help_text=_(
            "People may say no to each of these and still take part. Sensitive questions are asked only of those who agreed."
        ),
    )
    after_withdrawal = models.CharField(
        _("after a withdrawal"),
        max_length=5,
        choices=AfterWithdrawal.choices,
        default=AfterWithdrawal.ERASE,
        help_text=_("The consent page says so."),
    )
    demographics = models.JSONField(
        _("questions about people"),
        default=default_demographics,
        blank=True,
        validators=[validate_demographics],
        help_text=_(
            'Each can be left out by the person: [{"slug": "age", "options": ["18-34", "…"], "sensitive": false, "texts": {"en": "…"}}]. [] asks nothing.'
        ),
    )
    own_words_asked = models.BooleanField(
        _("ask what matters to people"),
        default=False,
        help_text=_(
            "Each person may write it in their own words. Where candidates are made by “a value profile for each response”, one response to each message of theirs is made for somebody with these values; whoever agrees lends them to other people's candidates."
        ),
    )
    training_items = models.PositiveSmallIntegerField(
        _("training items"),
        default=0,
        help_text=_("How many of the training items each person does first. 0: no training."),
    )
    training_threshold = models.FloatField(
        _("share of training to get right"),
        default=0.8,
        validators=[MinValueValidator(0), MaxValueValidator(1)],
        help_text=_("0 to 1: who gets less right does not go on."),
    )
    check_share = models.FloatField(
        _("share of checks"),
        default=0.0,
        validators=[MinValueValidator(0), MaxValueValidator(0.5)],
        help_text=_(
            "0 to 0.5: how often an attention or gold item comes instead of a task, drawn beforehand."
        ),
    )
    pause_after_failed = models.PositiveSmallIntegerField(
        _("pause after failed checks"),
        default=0,
        help_text=_("So many failed checks pause a person. 0: they are flagged only."),
    )
    repeat_share = models.FloatField(
        _("share asked again"),
        default=0.0,
        validators=[MinValueValidator(0), MaxValueValidator(1)],
        help_text=_(
            "0 to 1: of how many answers the question comes again later, in another order, drawn when the answer is given. It shows how far a person agrees with themselves, and fills no place. 0 asks nothing again."
        ),
    )
    repeat_distance = models.PositiveSmallIntegerField(
        _("answers in between"),
        default=10,
        validators=[MinValueValidator(10), MaxValueValidator(1000)],
        help_text=_(
            "At least so many other answers lie between the first and the repeat, at most about twice as many. From 10 on: by then the first can't be changed any more."
        ),
    )
    repeat_minutes = models.PositiveIntegerField(
        _("minutes in between"),
        default=0,
        validators=[MaxValueValidator(525_600)],
        help_text=_("At least so many minutes, too: 1440 is a day. 0: only answers are counted."),
    )
    consistency_least = models.FloatField(
        _("flag below this share of same answers"),
        default=0.0,
        validators=[MinValueValidator(0), MaxValueValidator(1)],
        help_text=_(
            "0 to 1: who repeats their answer less often than this is flagged, for somebody to look at. Nothing is removed and nobody is paused: people may change their minds. 0 flags nobody."
        ),
    )
    consistency_after = models.PositiveSmallIntegerField(
        _("flag after so many repeats"),
        default=10,
        validators=[MinValueValidator(1), MaxValueValidator(1000)],
        help_text=_("Fewer tell little of a person."),
    )
    panels = models.JSONField(
        _("panels"),
        default=list,
        blank=True,
        validators=[validate_panels],
        help_text=_(
            'Who sends people: [{"slug": "prolific", "preset": "prolific", "codes": {"complete": "…"}}]. See docs/panels.md.'
        ),
    )
    pay_currency = models.CharField(
        _("currency of the pay"),
        max_length=3,
        blank=True,
        validators=[RegexValidator(r"^[A-Z]{3}\Z", _("Three letters, such as EUR."))],
        help_text=_("ISO 4217, such as EUR. Empty: nothing is said about pay."),
    )
    pay_per_answer = models.PositiveIntegerField(
        _("pay for an answer"),
        default=0,
        help_text=_("In hundredths of the currency: 25 is 0.25."),
    )
    pay_bonus = models.PositiveIntegerField(
        _("bonus"),
        default=0,
        help_text=_("In hundredths, once all the tasks asked of a person are answered."),
    )
    FROZEN: tuple[str, ...] = (
        "consent_text",
        "consent_ticks",
        "after_withdrawal",
        "demographics",
        "own_words_asked",
        "training_items",
        "training_threshold",
        "check_share",
        "pause_after_failed",
        "repeat_share",
        "repeat_distance",
        "repeat_minutes",
        "consistency_least",
        "consistency_after",
        "pay_currency",
        "pay_per_answer",
        "pay_bonus",
    )

    class Meta:
        abstract = True
