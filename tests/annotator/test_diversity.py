"""What is told of strategies side by side: means with intervals, shares, and sets to look at."""

from typing import Any

import pytest

from annotator.models import CandidateSet, GenerationRun, Project
from annotator.selectors.diversity import DiversityRow, diversity_table, list_examples
from pluralism.similarity import CHAR_NGRAMS
from tests.annotator.measured import judge, make_measured
from tests.factories import make_project, make_prompt

pytestmark = pytest.mark.django_db
VALUES = {"traditional_secular": "traditional", "survival_self_expression": None}


@pytest.fixture
def project() -> Project:
    return make_project(languages=["en", "fr"])


def rows(project: Project, **options: Any) -> dict[tuple[str, str, str], DiversityRow]:
    table = diversity_table(project=project, **options)
    return {(row.strategy, row.model, row.part): row for row in table.rows}


def test_each_strategy_has_its_mean_with_students_interval(project: Project) -> None:
    for dissimilarity in (0.2, 0.4, 0.6):
        make_measured(project, dissimilarity)
    make_measured(project, 0.9, strategy="independent")
    found = rows(project)
    assert set(found) == {("nc_prompt", "tiny", ""), ("independent", "tiny", "")}
    row = found["nc_prompt", "tiny", ""]
    assert (row.sets, row.mean_dissimilarity.n) == (3, 3)
    assert row.mean_dissimilarity.value == pytest.approx(0.4)
    reach = 4.3027 * 0.2 / 3**0.5
    interval = row.mean_dissimilarity.interval
    assert interval is not None
    assert (interval.low, interval.high) == pytest.approx((0, 0.4 + reach))


def test_one_set_has_no_interval_and_says_why(project: Project) -> None:
    make_measured(project, 0.9)
    (row,) = rows(project).values()
    assert row.mean_dissimilarity.value == 0.9
    assert row.mean_dissimilarity.interval is None
    assert "one observation" in row.mean_dissimilarity.undefined_because


def test_a_set_without_figures_is_counted_and_nothing_is_made_up(project: Project) -> None:
    make_measured(project, None)
    (row,) = rows(project).values()
    assert (row.sets, row.distinct.value, row.distinct.n) == (1, None, 0)
    assert "nothing was measured" in row.distinct.undefined_because


def test_the_spread_of_lengths_is_the_geometric_mean(project: Project) -> None:
    for spread in (1.0, 4.0):
        make_measured(project, 0.5, length_spread=spread)
    (row,) = rows(project).values()
    assert row.length_spread.value == pytest.approx(2.0)
    assert row.length_spread.interval is not None
    assert row.length_spread.interval.low == pytest.approx(1.0)


def test_only_complete_sets_count_and_the_others_tell_the_share(project: Project) -> None:
    for state in ("failed", "truncated", "queued", "cancelled", "review"):
        CandidateSet.objects.create(
            project=project,
            prompt=make_prompt(project),
            language="en",
            strategy="nc_prompt",
            state=state,
            failure="unusable",
        )
    make_measured(project, 0.5, model="tiny")
    found = rows(project)
    failed = found["nc_prompt", "", ""]
    assert (failed.sets, failed.completed.value, failed.completed.n) == (0, 0.0, 2)
    assert found["nc_prompt", "tiny", ""].completed.n == 1


def test_trials_are_counted_and_marked(project: Project) -> None:
    make_measured(project, 0.5)
    make_measured(project, 0.7, purpose="trial")
    (row,) = rows(project).values()
    assert (row.sets, row.trial_sets) == (2, 1)


@pytest.mark.parametrize("by", ["language", "run"])
def test_rows_are_divided_where_asked(project: Project, by: str) -> None:
    make_measured(project, 0.2, purpose="trial")
    make_measured(project, 0.4, language="fr", purpose="trial")
    runs = GenerationRun.objects.order_by("pk").values_list("pk", flat=True)
    parts = {"language": ["en", "fr"], "run": [str(pk) for pk in runs]}[by]
    found = rows(project, by=by)
    assert {part: row.mean_dissimilarity.value for (_s, _m, part), row in found.items()} == {
        parts[0]: 0.2,
        parts[1]: 0.4,
    }


def test_ways_of_measuring_are_not_mixed(project: Project) -> None:
    make_measured(project, 0.2)
    make_measured(project, 0.8, similarity="embeddings:small")
    table = diversity_table(project=project, similarity="embeddings:small")
    assert list(table.similarities) == [CHAR_NGRAMS, "embeddings:small"]
    (row,) = table.rows
    assert (row.sets, row.mean_dissimilarity.value, row.mean_dissimilarity.n) == (2, 0.8, 1)


def test_coverage_is_the_share_of_sets_with_a_response_for_a_pole(project: Project) -> None:
    nobody: dict[str, str | None] = dict.fromkeys(VALUES)
    judge(make_measured(project, 0.5), VALUES, VALUES, nobody, nobody, relevant=4)
    judge(make_measured(project, 0.5), nobody, nobody, nobody, nobody, relevant=2)
    judge(make_measured(project, 0.5), VALUES)  # not judged to its end: says nothing
    (row,) = rows(project).values()
    shares = {(one.dimension, one.pole): one.share.value for one in row.coverage}
    assert shares["traditional_secular", "traditional"] == 0.5
    assert shares["traditional_secular", "secular"] == 0.0
    assert {one.share.n for one in row.coverage} == {2}
    assert (row.relevant.value, row.relevant.n) == (0.75, 2)
    assert diversity_table(project=project).judge == "judge (judge-1)"


def test_without_a_judge_nothing_is_said_of_coverage(project: Project) -> None:
    make_measured(project, 0.5)
    (row,) = rows(project).values()
    assert (list(row.coverage), row.relevant.value) == ([], None)


@pytest.mark.parametrize(
    ("dissimilarities", "places"),
    [
        ([], {}),
        ([0.3], {"median": 0.3}),
        ([0.3, 0.1], {"most_alike": 0.1, "least_alike": 0.3}),
        ([0.5, 0.1, 0.9, 0.7], {"most_alike": 0.1, "median": 0.5, "least_alike": 0.9}),
    ],
)
def test_examples_are_the_most_alike_the_median_and_the_least_alike(
    project: Project, dissimilarities: list[float], places: dict[str, float]
) -> None:
    for dissimilarity in dissimilarities:
        make_measured(project, dissimilarity)
    make_measured(project, 0.99, strategy="independent")
    examples = list_examples(
        project=project,
        table=diversity_table(project=project),
        strategy="nc_prompt",
        model="tiny",
    )
    assert {example.place: example.mean_dissimilarity for example in examples} == places
    for example in examples:
        responses = example.candidate_set.responses.all()
        assert [response.slot for response in responses] == [0, 1, 2, 3]


def test_another_projects_sets_are_not_among_them(project: Project) -> None:
    make_measured(make_project("other"), 0.5)
    assert rows(project) == {}


def test_the_table_takes_four_statements_however_many_sets(
    project: Project, django_assert_num_queries: Any
) -> None:
    for number in range(5):
        judge(make_measured(project, number / 10), VALUES, VALUES, VALUES, VALUES)
    with django_assert_num_queries(4):
        table = diversity_table(project=project, by="language")
    with django_assert_num_queries(4):  # the ids, the sets with their prompts, responses, figures
        list_examples(project=project, table=table, strategy="nc_prompt", model="tiny", part="en")
