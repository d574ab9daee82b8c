"""What people say matters to them, in their own words, and the sets that are made with it."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from annotator.models.fields import LanguageField
from annotator.models.generation import CandidateSet
from annotator.models.people import Participation


class OwnWords(models.Model):
    """What a person said matters to them, once: append-only. The newest counts; an empty one takes them back."""

    participation = models.ForeignKey(
        Participation, on_delete=models.PROTECT, db_index=False, related_name="own_words"
    )
    number = models.PositiveSmallIntegerField(help_text=_("From 1."))
    language = LanguageField()
    text = models.TextField(blank=True)
    lent = models.BooleanField(
        default=False,
        help_text=_("Whether responses that other people compare may be made with them."),
    )
    given_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                name="one_revision_of_own_words_per_participation_and_number",
                fields=("participation", "number"),
            ),
            models.CheckConstraint(
                name="only_words_that_are_there_are_lent",
                condition=models.Q(lent=False) | ~models.Q(text=""),
            ),
        )

    def __str__(self) -> str:
        return f"{self.participation} · {self.number}"


class WordsUse(models.Model):
    """That a set is made with somebody's own words: drawn when it was queued, the same for all its attempts."""

    candidate_set = models.ForeignKey(
        CandidateSet, on_delete=models.PROTECT, db_index=False, related_name="words_uses"
    )
    words = models.ForeignKey(OwnWords, on_delete=models.PROTECT, related_name="uses")

    class Meta:
        constraints = (
            models.UniqueConstraint(
                name="one_use_per_set_and_words", fields=("candidate_set", "words")
            ),
        )

    def __str__(self) -> str:
        return f"{self.candidate_set_id} · {self.words}"
