"""What people have been paid: periods that were closed, each with what it pays to whom. Append-only."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from annotator.models.people import Annotator, Participation
from annotator.models.projects import Project


class PayPeriod(models.Model):
    """That everything earned up to a moment was listed, to be paid by this list and no other."""

    project = models.ForeignKey(
        Project, on_delete=models.PROTECT, db_index=False, related_name="pay_periods"
    )
    key = models.UUIDField(help_text=_("Of the page that closed it: sent twice, it is one period."))
    closed_at = models.DateTimeField(auto_now_add=True)
    closed_by = models.ForeignKey(
        Annotator, on_delete=models.PROTECT, db_index=False, null=True, related_name="+"
    )

    class Meta:
        constraints = (
            models.UniqueConstraint(
                name="one_pay_period_per_project_and_page", fields=("project", "key")
            ),
        )

    def __str__(self) -> str:
        return f"#{self.pk}"


class PayLine(models.Model):
    """What a period pays to one person in one currency, in hundredths.

    `before` is all that earlier periods paid them: two periods that counted from the same sum would pay the same
    work twice, so that is a key. Whom it names is copied as it was when the period closed: a list that is closed
    stays the same, and people are paid by it though they correct their country or delete their account.
    """

    period = models.ForeignKey(PayPeriod, on_delete=models.PROTECT, related_name="lines")
    participation = models.ForeignKey(
        Participation, on_delete=models.PROTECT, db_index=False, related_name="pay_lines"
    )
    panel = models.CharField(max_length=40, blank=True)
    external_id = models.CharField(max_length=200, blank=True)
    country = models.CharField(max_length=2, blank=True)
    currency = models.CharField(max_length=3)
    answers = models.PositiveIntegerField(help_text=_("Since the period before."))
    before = models.PositiveBigIntegerField()
    amount = models.PositiveBigIntegerField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                name="nothing_is_paid_twice", fields=("participation", "currency", "before")
            ),
            models.CheckConstraint(
                name="a_payment_is_of_something", condition=models.Q(amount__gt=0)
            ),
        )

    def __str__(self) -> str:
        return f"{self.period} · {self.participation}"
