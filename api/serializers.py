"""What goes out as JSON, and what comes in."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from annotator.models import CandidateSet, GenerationRun, Project, Prompt, Response
from annotator.selectors.generation import RunProgress
from annotator.selectors.progress import Progress
from api.fields import LanguageTag, StrictInteger, StrictSerializer


class ErrorSerializer(serializers.Serializer[Any]):
    """The shape of every error."""

    code = serializers.CharField(help_text=_("A word for machines."))
    detail = serializers.CharField(help_text=_("A sentence for people."))
    fields = serializers.DictField(
        child=serializers.CharField(),
        required=False,
        help_text=_("What is wrong with which field."),
    )  # type: ignore[assignment]


class CandidateSetCounts(serializers.Serializer[Any]):
    """Candidate sets: all, and those of generation runs by state."""

    total = serializers.IntegerField()
    by_state = serializers.DictField(
        child=serializers.IntegerField(), help_text=_("Those of generation runs, by state.")
    )


class PlaceCounts(serializers.Serializer[Any]):
    """Places by state."""

    open = serializers.IntegerField()
    leased = serializers.IntegerField()
    judged = serializers.IntegerField()


class CountsSerializer(serializers.Serializer[Progress]):
    """What is there at this moment."""

    prompts = serializers.IntegerField()
    candidate_sets = CandidateSetCounts()
    comparisons = serializers.IntegerField()
    places = PlaceCounts(help_text=_("The wanted judgments, by state."))
    judgments = serializers.IntegerField(
        help_text=_("All that were given, surplus and revisions among them.")
    )
    counted = serializers.IntegerField(help_text=_("Judgments that fill a place."))
    participants = serializers.IntegerField()

    def to_representation(self, instance: Progress) -> dict[str, Any]:
        """Gather the counts of candidate sets in one object."""
        return {
            "prompts": instance.prompts,
            "candidate_sets": {
                "total": instance.candidate_sets,
                "by_state": instance.candidate_sets_by_state,
            },
            "comparisons": instance.comparisons,
            "places": instance.places,
            "judgments": instance.judgments,
            "counted": instance.counted,
            "participants": instance.participants,
        }


class ProjectSerializer(serializers.ModelSerializer[Project]):
    """A project with its live counts, which the view passes as `progress` by project id."""

    counts = serializers.SerializerMethodField()
    description = serializers.DictField(
        child=serializers.CharField(),
        help_text="By language, as people who are asked to join read it.",
    )

    class Meta:
        model = Project
        fields = (
            "slug",
            "name",
            "description",
            "state",
            "task_format",
            "languages",
            "overlap",
            "candidates",
            "turns",
            "ways_out",
            "strategy",
            "created_at",
            "counts",
        )

    @extend_schema_field(CountsSerializer)
    def get_counts(self, project: Project) -> Any:
        """Return the counts."""
        return CountsSerializer(self.context["progress"][project.pk]).data


class PromptSerializer(serializers.ModelSerializer[Prompt]):
    """A prompt."""

    group = serializers.CharField(source="group.key", default=None, allow_null=True)
    group_kind = serializers.CharField(source="group.kind", default=None, allow_null=True)

    class Meta:
        model = Prompt
        fields = (
            "id",
            "external_id",
            "language",
            "text",
            "system",
            "topic",
            "licence",
            "group",
            "group_kind",
            "source",
            "created_at",
        )


class ResponseSerializer(serializers.ModelSerializer[Response]):
    """A candidate with its origin."""

    class Meta:
        model = Response
        fields = (
            "id",
            "slot",
            "text",
            "strategy",
            "template_version",
            "model",
            "seed",
            "finish_reason",
            "prompt_tokens",
            "completion_tokens",
            "codes",
            "detected_language",
        )


class CandidateSetSerializer(serializers.ModelSerializer[CandidateSet]):
    """A set of candidates with their origins."""

    prompt_external_id = serializers.CharField(
        source="prompt.external_id", default=None, allow_null=True
    )
    responses = ResponseSerializer(many=True)

    class Meta:
        model = CandidateSet
        fields = (
            "id",
            "run",
            "prompt",
            "prompt_external_id",
            "language",
            "strategy",
            "template_version",
            "seed",
            "state",
            "attempt",
            "failure",
            "failure_detail",
            "created_at",
            "completed_at",
            "responses",
        )


class RunSerializer(serializers.ModelSerializer[GenerationRun]):
    """A generation run."""

    class Meta:
        model = GenerationRun
        fields: tuple[str, ...] = (
            "id",
            "strategy",
            "parameters",
            "model",
            "languages",
            "candidates",
            "seed",
            "state",
            "pause_reason",
            "created_at",
            "finished_at",
        )


class RunProgressSerializer(serializers.Serializer[RunProgress]):
    """The sets of a run by state."""

    total = serializers.IntegerField()
    queued = serializers.IntegerField()
    running = serializers.IntegerField()
    complete = serializers.IntegerField()
    truncated = serializers.IntegerField()
    failed = serializers.IntegerField()
    cancelled = serializers.IntegerField()
    reasons = serializers.DictField(
        child=serializers.IntegerField(), help_text=_("Why sets failed.")
    )
    waiting = serializers.DictField(
        child=serializers.IntegerField(), help_text=_("Why queued sets wait for another attempt.")
    )
    tokens_per_second = serializers.FloatField()


class RunDetailSerializer(RunSerializer):
    """A run and how far it has come, which the view passes as `progress`."""

    progress = serializers.SerializerMethodField()

    class Meta(RunSerializer.Meta):
        fields = (*RunSerializer.Meta.fields, "progress")

    @extend_schema_field(RunProgressSerializer)
    def get_progress(self, run: GenerationRun) -> Any:  # noqa: ARG002 - DRF's signature
        """Return the counts."""
        return RunProgressSerializer(self.context["progress"]).data


class StartRunSerializer(StrictSerializer):
    """What a run asks for; everything may be left out."""

    strategy = serializers.CharField(required=False, max_length=32)
    parameters = serializers.DictField(required=False)
    model = serializers.CharField(required=False, max_length=200)
    languages = serializers.ListField(
        child=LanguageTag(),
        required=False,
        max_length=200,
        help_text=_("Only prompts in these languages."),
    )
    limit = StrictInteger(
        required=False, min_value=1, max_value=2**31 - 1, help_text=_("At most so many prompts.")
    )


class FormatQuery(StrictSerializer):
    """Which format."""

    format = serializers.CharField(
        default="native",
        max_length=40,
        help_text=_(
            "native, community-alignment, preference, preference-implicit, unpaired, rewardbench-2, ranking, joint or offers."
        ),
    )


class ExportQuery(FormatQuery):
    """What to export."""

    language = LanguageTag(required=False, help_text=_("Only comparisons in this language."))
    country = serializers.RegexField(
        r"\A[A-Z]{2}\Z",
        trim_whitespace=False,
        required=False,
        help_text=_("Only people in this country, ISO 3166-1 alpha-2."),
    )
    strategy = serializers.CharField(
        required=False, max_length=32, help_text=_("Only candidates made by this strategy.")
    )
    wave = StrictInteger(
        required=False, min_value=1, help_text=_("Only judgments of the wave with this number.")
    )
    turn = StrictInteger(
        required=False, min_value=1, help_text=_("Only this turn of each conversation.")
    )
    criterion = serializers.RegexField(
        r"\A[a-z][a-z0-9_]{0,39}\Z",
        trim_whitespace=False,
        required=False,
        help_text=_(
            "Which question chosen and rejected follow: overall (the choice itself, the default), a criterion's slug, or all of them, each as rows of its own."
        ),
    )
    counted = serializers.ChoiceField(
        choices=["true", "false", "all"],
        required=False,
        help_text=_(
            "true: judgments that fill a place; false: the surplus. all by default in native, true elsewhere."
        ),
    )
    pairs = serializers.ChoiceField(
        choices=["all", "one"],
        default="all",
        help_text=_(
            "preference: the winner against each other response, or one seeded pair per judgment."
        ),
    )
    negatives = serializers.ChoiceField(
        choices=["rated", "unchosen"],
        default="rated",
        help_text=_(
            "unpaired: what makes a response unwanted: that it was called bad, or also that another was chosen."
        ),
    )
    since = StrictInteger(
        required=False,
        min_value=0,
        help_text=_("native: only what changed after this X-Export-Cursor of an earlier export."),
    )
