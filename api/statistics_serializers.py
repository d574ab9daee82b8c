"""What statistics look like over REST: each figure with its interval, its n, and why it is undefined where it is."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from annotator.selectors.diversity import BY
from annotator.selectors.groups import COUNTRY
from annotator.selectors.rankings import BY as RANKED
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


class SampleSerializer(serializers.Serializer[Any]):
    """What was looked at: every comparison, or a sample of them where there are very many."""

    answers = serializers.IntegerField(help_text=_("Answers that fill places, all of them."))
    share = serializers.FloatField(help_text=_("Of the comparisons that were looked at; 1: all."))
    how = serializers.CharField(help_text=_("How they were chosen; empty where all were."))


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

    sample = SampleSerializer()
    whole = AgreementSerializer()
    languages = AgreementSerializer(many=True)
    most_divided = DividedSerializer(many=True)


class ConsistencySerializer(serializers.Serializer[Any]):
    """How often the same question got the same answer from the same person."""

    language = serializers.CharField(help_text=_("Empty: all together."))
    people = serializers.IntegerField()
    same = FigureSerializer(help_text=_("Share of repeats; the interval goes by people."))
    by_chance = serializers.FloatField(
        allow_null=True, help_text=_("What blind choice among the responses would give.")
    )


class ConsistencyReportSerializer(serializers.Serializer[Any]):
    """All together, and each language; `annotators/` has each person."""

    whole = ConsistencySerializer()
    languages = ConsistencySerializer(many=True)


class CountryScoreSerializer(serializers.Serializer[Any]):
    """The mean over a country's people of the share of their choices that fell on a value code."""

    country = serializers.CharField(help_text=_("Empty where unknown."))
    dimension = serializers.CharField()
    code = serializers.CharField()
    raw = FigureSerializer(help_text=_("As the people are."))
    raked = FigureSerializer(help_text=_("Weighted to the shares of the population."))


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


class RankingQuery(StrictSerializer):
    """What to rank."""

    by = serializers.ChoiceField(
        choices=list(RANKED),
        default="model",
        help_text=_("What a response comes from: its model, its strategy, or its slot in that."),
    )


class RankedItemSerializer(serializers.Serializer[Any]):
    """A model, strategy or slot."""

    item = serializers.CharField()
    pool = serializers.IntegerField(
        allow_null=True,
        help_text=_("Ratings can be compared within a pool; null where there is none."),
    )
    offered = serializers.IntegerField(
        help_text=_("Judgments in which it stood beside another item.")
    )
    chosen = serializers.IntegerField()
    rating = FigureSerializer(
        help_text=_("400 more is ten times the odds; the mean of a pool is 1000.")
    )


class RankingSerializer(serializers.Serializer[Any]):
    """What people choose, the strongest of the first pool first."""

    by = serializers.CharField()
    sample = SampleSerializer()
    judgments = serializers.IntegerField(
        help_text=_("Those of the sample with a winner among responses of several items.")
    )
    items = RankedItemSerializer(many=True)


class GroupsQuery(StrictSerializer):
    """By what to divide people."""

    by = serializers.RegexField(
        r"^[a-z][a-z0-9_]{0,39}$",
        default=COUNTRY,
        help_text=_("`country`, or the slug of one of the project's questions about people."),
    )


class AnsweredSerializer(serializers.Serializer[Any]):
    """The share of a group's answers that are of one kind."""

    kind = serializers.CharField()
    share = FigureSerializer()


class GroupSerializer(serializers.Serializer[Any]):
    """One group of people."""

    group = serializers.CharField()
    people = serializers.IntegerField()
    judgments = serializers.IntegerField()
    within = FigureSerializer(help_text=_("Share of pairs of its people with the same answer."))
    effective_answers = FigureSerializer(
        help_text=_("exp of the entropy of its answers to a comparison, on average.")
    )
    answered = AnsweredSerializer(many=True)


class PairSerializer(serializers.Serializer[Any]):
    """Two groups on the comparisons that both answered."""

    one = serializers.CharField()
    other = serializers.CharField()
    between = FigureSerializer(
        help_text=_("Share of pairs, one person of each, with the same answer.")
    )
    similarity = FigureSerializer(
        help_text=_("1 − the Jensen–Shannon distance between their answers to a comparison.")
    )
    p = serializers.FloatField(
        allow_null=True,
        help_text=_("Permutation test within comparisons; null where they share none."),
    )
    q = serializers.FloatField(
        allow_null=True, help_text=_("False discovery rate over all pairs (Benjamini–Hochberg).")
    )


class GroupReportSerializer(serializers.Serializer[Any]):
    """The largest groups and their pairs."""

    by = serializers.CharField()
    sample = SampleSerializer()
    not_stated = serializers.IntegerField(help_text=_("People who are in no group."))
    left_out = serializers.IntegerField(
        help_text=_("People in smaller groups than the twelve shown.")
    )
    groups = GroupSerializer(many=True)
    pairs = PairSerializer(many=True)


class OnePositionSerializer(serializers.Serializer[Any]):
    """The display position a person chose most often."""

    k = serializers.IntegerField(help_text=_("Among so many responses."))
    position_shown = serializers.IntegerField(help_text=_("From 0."))
    share = FigureSerializer()
    p = serializers.FloatField(
        help_text=_("One-sided binomial test against 1/k, times k for the choice of the position.")
    )


class AnnotatorFiguresSerializer(serializers.Serializer[Any]):
    """How one person works. A figure is a reason to look, never a verdict."""

    annotator_id = serializers.CharField(help_text=_("The pseudonym, as in exports."))
    judgments = serializers.IntegerField(help_text=_("Of what is collected, without revisions."))
    seconds = FigureSerializer(
        help_text=_("Median time of a judgment: that of the visible page where it is known.")
    )
    one_position = OnePositionSerializer(allow_null=True)
    attention = FigureSerializer(help_text=_("Share of attention checks that were followed."))
    gold = FigureSerializer(help_text=_("Share of questions of fact answered rightly."))
    consistency = FigureSerializer(help_text=_("Share of repeats answered as the first time."))
    skipped = FigureSerializer(help_text=_("Share of the tasks shown."))
