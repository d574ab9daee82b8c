"""What statistics look like over REST: each figure with its interval, its n, and why it is undefined where it is."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from annotator.selectors.diversity import BY
from api.fields import StrictInteger, StrictSerializer
from api.serializers import CountsSerializer
from pluralism.similarity import CHAR_NGRAMS


class IntervalSerializer(serializers.Serializer[Any]):
    """A 95 % interval."""

    low = serializers.FloatField()
    high = serializers.FloatField()


class FigureSerializer(serializers.Serializer[Any]):
    """A figure; `value` or `interval` are null where `undefined_because` says why."""

    value = serializers.FloatField(allow_null=True)
    interval = IntervalSerializer(allow_null=True)
    n = serializers.IntegerField(help_text=_("How many observations it rests on."))
    undefined_because = serializers.CharField(help_text=_("Empty where nothing is undefined."))


class LanguageProgressSerializer(serializers.Serializer[Any]):
    """The shared places of one language."""

    language = serializers.CharField()
    places = serializers.IntegerField(help_text=_("Judgments wanted."))
    judged = serializers.IntegerField()
    comparisons = serializers.IntegerField()
    complete = serializers.IntegerField(help_text=_("Comparisons that have all they wanted."))


class DaySerializer(serializers.Serializer[Any]):
    """One day in UTC."""

    day = serializers.DateField()
    judgments = serializers.IntegerField()
    annotators = serializers.IntegerField()


class ProgressSerializer(serializers.Serializer[Any]):
    """Exact counts at this moment."""

    counts = CountsSerializer()
    languages = LanguageProgressSerializer(many=True)
    days = DaySerializer(many=True, help_text=_("The last first, 366 at most."))


class AgreementSerializer(serializers.Serializer[Any]):
    """Agreement over comparisons that two people or more answered in planned places."""

    language = serializers.CharField(help_text=_("Empty: all together."))
    answers = serializers.IntegerField()
    percent = FigureSerializer(help_text=_("Share of pairs of people with the same answer."))
    by_chance = serializers.FloatField(
        allow_null=True, help_text=_("What blind choice among the responses would give.")
    )
    free_marginal_kappa = FigureSerializer(help_text=_("Brennan and Prediger, against 1/k."))
    fleiss_kappa = FigureSerializer()
    krippendorff_alpha = FigureSerializer(help_text=_("Nominal."))
    entropy = FigureSerializer(help_text=_("Mean entropy of a comparison's answers, in bits."))
    plurality = FigureSerializer(help_text=_("Mean share of the most frequent answer."))


class DividedSerializer(serializers.Serializer[Any]):
    """A comparison on which people are divided."""

    comparison_id = serializers.IntegerField()
    candidate_set_id = serializers.IntegerField(allow_null=True)
    language = serializers.CharField()
    entropy = serializers.FloatField(help_text=_("In bits."))
    plurality = FigureSerializer()


class AgreementReportSerializer(serializers.Serializer[Any]):
    """All together, each language, and the comparisons with the highest entropy."""

    whole = AgreementSerializer()
    languages = AgreementSerializer(many=True)
    most_divided = DividedSerializer(many=True)


class AgreementQuery(StrictSerializer):
    """What to list beside the figures."""

    divided = StrictInteger(
        default=20,
        min_value=0,
        max_value=500,
        help_text=_("How many of the most divided comparisons to list."),
    )


class PositionSerializer(serializers.Serializer[Any]):
    """What was chosen at one display position."""

    position_shown = serializers.IntegerField(help_text=_("From 0."))
    count = serializers.IntegerField()
    share = FigureSerializer()


class PositionsSerializer(serializers.Serializer[Any]):
    """Choices among k responses by display position, with the χ² test against 1/k."""

    k = serializers.IntegerField()
    n = serializers.IntegerField()
    positions = PositionSerializer(many=True)
    chi_square = serializers.FloatField()
    degrees_of_freedom = serializers.IntegerField()
    p = serializers.FloatField()


class DiversityQuery(StrictSerializer):
    """How to measure, and by what to divide."""

    by = serializers.ChoiceField(
        choices=[choice for choice in BY if choice],
        required=False,
        help_text=_("Rows for each language or run beside strategy and model."),
    )
    similarity = serializers.CharField(
        default=CHAR_NGRAMS,
        max_length=200,
        help_text=_("One of the similarities the answer lists."),
    )


class CoverageSerializer(serializers.Serializer[Any]):
    """The share of sets with a response that leans to a pole."""

    dimension = serializers.CharField()
    pole = serializers.CharField()
    share = FigureSerializer()


class DiversityRowSerializer(serializers.Serializer[Any]):
    """The sets of one strategy and model."""

    strategy = serializers.CharField()
    model = serializers.CharField()
    part = serializers.CharField(help_text=_("The language or run; empty where undivided."))
    sets = serializers.IntegerField()
    trial_sets = serializers.IntegerField()
    completed = FigureSerializer()
    mean_dissimilarity = FigureSerializer()
    log_determinant = FigureSerializer()
    distinct = FigureSerializer()
    length_spread = FigureSerializer()
    coverage = CoverageSerializer(many=True)
    relevant = FigureSerializer()


class DiversitySerializer(serializers.Serializer[Any]):
    """How unlike the candidates of a set are, by strategy and model."""

    by = serializers.CharField()
    similarity = serializers.CharField()
    similarities = serializers.ListField(child=serializers.CharField())
    judge = serializers.CharField()
    rows = DiversityRowSerializer(many=True)
