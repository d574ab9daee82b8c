"""Candidates: who asked for them, what was sent and received, what came of it.

The row is the queue. A set is claimed by a lease and a token; a result is stored only where the token
still matches, so a worker that lost its lease cannot write.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from annotator.models.fields import LanguageField, new_seed
from annotator.models.people import Annotator
from annotator.models.projects import Project
from annotator.models.prompts import Prompt


class GenerationRun(models.Model):
    """One request of an admin: these prompts, this strategy, this model, these parameters."""

    class State(models.TextChoices):
        RUNNING = "running", _("running")
        PAUSED = "paused", _("paused")
        CANCELLED = "cancelled", _("cancelled")
        FINISHED = "finished", _("finished")

    class Purpose(models.TextChoices):
        COLLECT = "collect", _("for people to compare")
        TRIAL = "trial", _("a trial, never shown to annotators")
        LIVE = "live", _("while a person waits")
        ALIGN = "align", _("translated from another language, reviewed before it opens")

    class Queue(models.TextChoices):
        BULK = "bulk", _("in its turn")
        INTERACTIVE = "interactive", _("ahead of everything else")

    project = models.ForeignKey(
        Project, on_delete=models.PROTECT, db_index=False, related_name="runs"
    )
    purpose = models.CharField(max_length=7, choices=Purpose.choices, default=Purpose.COLLECT)
    queue = models.CharField(max_length=11, choices=Queue.choices, default=Queue.BULK)
    strategy = models.CharField(max_length=32)
    parameters = models.JSONField(
        default=dict,
        blank=True,
        help_text=_("The strategy's own parameters, complete with their defaults."),
    )
    model = models.CharField(
        max_length=200,
        blank=True,
        help_text=_("The model asked for; empty: the first one the server lists."),
    )
    endpoints = ArrayField(
        models.CharField(max_length=64),
        default=list,
        blank=True,
        help_text=_("Only these model servers, by name; empty: all that serve the model."),
    )
    server_version = models.CharField(
        max_length=64,
        blank=True,
        editable=False,
        help_text=_("Of the model server that answered first; another one pauses the run."),
    )
    served_model = models.CharField(
        max_length=200,
        blank=True,
        editable=False,
        help_text=_("The model that answered first where none was asked for."),
    )
    languages = ArrayField(
        LanguageField(),
        default=list,
        blank=True,
        help_text=_("Only prompts in these languages; empty: all."),
    )
    candidates = models.PositiveSmallIntegerField(help_text=_("Responses per set, k."))
    seed = models.BigIntegerField(default=new_seed)
    state = models.CharField(max_length=9, choices=State.choices, default=State.RUNNING)
    pause_reason = models.TextField(
        blank=True, help_text=_("Why the run stopped and what to do about it.")
    )
    created_by = models.ForeignKey(
        Annotator, on_delete=models.PROTECT, db_index=False, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(
                name="one_live_run_at_a_time_per_project",
                fields=("project",),
                condition=Q(purpose="live", state__in=("running", "paused")),
            ),
            models.CheckConstraint(
                name="live_runs_go_ahead_of_everything",
                condition=~Q(purpose="live") | Q(queue="interactive"),
            ),
        )
        indexes = (models.Index(name="run_by_project", fields=("project", "-id")),)

    def __str__(self) -> str:
        return f"#{self.pk} {self.strategy}"


class CandidateSet(models.Model):
    """The k responses to one prompt or one turn, made together. Immutable once complete."""

    class State(models.TextChoices):
        QUEUED = "queued", _("queued")
        RUNNING = "running", _("running")
        REVIEW = "review", _("waits for a reviewer")
        COMPLETE = "complete", _("complete")
        TRUNCATED = "truncated", _("truncated")
        FAILED = "failed", _("failed")
        CANCELLED = "cancelled", _("cancelled")

    project = models.ForeignKey(
        Project, on_delete=models.PROTECT, db_index=False, related_name="candidate_sets"
    )
    run = models.ForeignKey(
        GenerationRun,
        on_delete=models.PROTECT,
        db_index=False,
        null=True,
        blank=True,
        related_name="candidate_sets",
        help_text=_("Empty for sets made elsewhere."),
    )
    prompt = models.ForeignKey(
        Prompt, on_delete=models.PROTECT, null=True, blank=True, related_name="candidate_sets"
    )
    turn = models.ForeignKey(
        "annotator.Turn",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="candidate_sets",
    )
    source_set = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="aligned_sets",
        help_text=_("Of an aligned set: the set whose responses these are, in another language."),
    )
    reviewed_by = models.ForeignKey(
        Annotator, on_delete=models.PROTECT, db_index=False, null=True, blank=True, related_name="+"
    )
    reviewed_at = models.DateTimeField(null=True, blank=True)
    import_key = models.CharField(  # noqa: DJ001 - unique where present
        max_length=64,
        null=True,
        blank=True,
        editable=False,
        help_text=_("SHA-256 of a set made elsewhere: the same file again adds nothing."),
    )
    language = LanguageField()
    strategy = models.CharField(max_length=32)
    template_version = models.CharField(max_length=32, blank=True)
    seed = models.BigIntegerField(default=new_seed)
    state = models.CharField(max_length=9, choices=State.choices, default=State.QUEUED)
    attempt = models.PositiveSmallIntegerField(default=0, help_text=_("Attempts begun."))
    faults = models.PositiveSmallIntegerField(
        default=0,
        help_text=_(
            "Attempts that count against the set: unusable answers, timeouts, lost workers. An outage of the server does not."
        ),
    )
    lease_until = models.DateTimeField(null=True, blank=True)
    not_before = models.DateTimeField(
        null=True, blank=True, help_text=_("A retry waits until then.")
    )
    token = models.UUIDField(
        null=True, blank=True, help_text=_("Fencing: only the worker that holds it may store.")
    )
    failure = models.CharField(
        max_length=40,
        blank=True,
        help_text=_("Reason code of a failed set or of the attempt before."),
    )
    failure_detail = models.TextField(blank=True)
    progress = ArrayField(
        models.PositiveIntegerField(),
        null=True,
        blank=True,
        editable=False,
        help_text=_("While a person waits: the tokens of each request so far."),
    )
    prompt_tokens = models.PositiveIntegerField(
        null=True, help_text=_("Of the attempt that was stored last.")
    )
    completion_tokens = models.PositiveIntegerField(null=True)
    completed_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                name="set_answers_one_prompt_or_one_turn",
                condition=Q(prompt__isnull=False, turn__isnull=True)
                | Q(prompt__isnull=True, turn__isnull=False),
            ),
            models.UniqueConstraint(name="one_set_per_run_and_prompt", fields=("run", "prompt")),
            models.UniqueConstraint(
                name="one_set_per_project_and_import_key", fields=("project", "import_key")
            ),
            models.CheckConstraint(
                name="running_sets_have_a_lease_and_a_token",
                condition=~Q(state="running") | Q(lease_until__isnull=False, token__isnull=False),
            ),
            models.CheckConstraint(
                name="failed_sets_have_a_reason", condition=~Q(state="failed") | ~Q(failure="")
            ),
            models.UniqueConstraint(
                name="one_living_set_per_turn",
                fields=("turn",),
                condition=Q(state__in=("queued", "running", "complete")),
            ),
            models.UniqueConstraint(
                name="one_living_aligned_set_per_source_set_and_prompt",
                fields=("source_set", "prompt"),
                condition=Q(state__in=("queued", "running", "review", "complete")),
            ),
            models.CheckConstraint(
                name="aligned_sets_are_reviewed_before_they_are_complete",
                condition=~Q(state="complete", source_set__isnull=False)
                | Q(reviewed_by__isnull=False, reviewed_at__isnull=False),
            ),
        )
        indexes = (
            # With the id behind it, the sets that a run made last are found at once.
            models.Index(name="set_by_run_state", fields=("run", "state", "-id")),
            models.Index(name="set_queue", fields=("run", "id"), condition=Q(state="queued")),
            models.Index(name="set_leases", fields=("lease_until",), condition=Q(state="running")),
            models.Index(name="set_by_project", fields=("project", "-id")),
            models.Index(name="set_by_state", fields=("project", "state", "-id")),
            models.Index(name="set_by_language", fields=("project", "language", "-id")),
        )

    def __str__(self) -> str:
        return f"#{self.pk}"


class Exchange(models.Model):
    """One request to the model server and what came of it: enough to send it again."""

    candidate_set = models.ForeignKey(
        CandidateSet, on_delete=models.PROTECT, db_index=False, related_name="exchanges"
    )
    attempt = models.PositiveSmallIntegerField()
    number = models.PositiveSmallIntegerField(help_text=_("Which request of the attempt, from 0."))
    endpoint = models.CharField(
        max_length=64, blank=True, help_text=_("The model server asked, by its name.")
    )
    server_version = models.CharField(max_length=64, blank=True)
    request = models.JSONField(help_text=_("The body as sent."))
    answer = models.JSONField(
        null=True, help_text=_("The body as received; empty where none came.")
    )
    outcome = models.CharField(
        max_length=40,
        blank=True,
        help_text=_("What became of the attempt: complete, review, or the reason why neither."),
    )
    error = models.TextField(blank=True)
    duration_ms = models.PositiveIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                name="one_exchange_per_set_attempt_and_number",
                fields=("candidate_set", "attempt", "number"),
            ),
        )

    def __str__(self) -> str:
        return f"{self.candidate_set} {self.attempt}/{self.number}"


class Response(models.Model):
    """One candidate. The database refuses any change of its text or origin."""

    class LanguageCheck(models.TextChoices):
        SAME = "same", _("as asked")
        OTHER = "other", _("another language")
        UNCHECKED = "unchecked", _("can't be told")

    project = models.ForeignKey(Project, on_delete=models.PROTECT, db_index=False, related_name="+")
    candidate_set = models.ForeignKey(
        CandidateSet, on_delete=models.PROTECT, db_index=False, related_name="responses"
    )
    slot = models.PositiveSmallIntegerField(
        help_text=_("Place in the generation, from 0; never shown to annotators.")
    )
    text = models.TextField()
    html = models.TextField(
        editable=False, help_text=_("The text as safe HTML, rendered once when stored.")
    )
    strategy = models.CharField(max_length=32)
    template_version = models.CharField(max_length=32, blank=True)
    model = models.CharField(
        max_length=200,
        blank=True,
        help_text=_("As the server named it; empty for texts written by people."),
    )
    seed = models.BigIntegerField(null=True)
    finish_reason = models.CharField(max_length=40, blank=True)
    prompt_tokens = models.PositiveIntegerField(null=True)
    completion_tokens = models.PositiveIntegerField(null=True)
    codes = models.JSONField(
        default=dict,
        help_text=_("Values this response stands for, where known; hidden from annotators."),
    )
    origin = models.JSONField(
        default=dict,
        help_text=_(
            "What the strategy tells of this response: its part, stated probability, value profile …"
        ),
    )
    source_response = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="translations",
        help_text=_("Of an aligned set: the response that this one translates."),
    )
    detected_language = models.CharField(max_length=35, blank=True)
    language_check = models.CharField(
        max_length=9,
        choices=LanguageCheck.choices,
        blank=True,
        help_text=_("Whether the text is in the language asked for."),
    )
    flags = ArrayField(
        models.CharField(max_length=32),
        default=list,
        help_text=_("What a reader should know of this text: refusal, code_mixed …"),
    )

    class Meta:
        constraints = (
            models.UniqueConstraint(
                name="one_response_per_set_and_slot", fields=("candidate_set", "slot")
            ),
            models.CheckConstraint(name="responses_have_a_text", condition=~Q(text="")),
        )

    def __str__(self) -> str:
        return f"{self.candidate_set} · {self.slot}"
