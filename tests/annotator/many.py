"""Projects with very many rows, made in the database, and what statements touch in them."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

from annotator.models import Judgment, Project

# Copies of the project's first judgment, each with a comparison, a path and a place of its own.
COPIES = """
WITH first AS MATERIALIZED (
    SELECT judgment.*, comparison.candidate_set_id, conversation.prompt_id
    FROM annotator_judgment judgment JOIN annotator_comparison comparison ON comparison.id = judgment.comparison_id
    JOIN annotator_turn turn ON turn.id = judgment.turn_id JOIN annotator_conversation conversation ON conversation.id = turn.conversation_id
    WHERE judgment.id = %(first)s
), numbers AS MATERIALIZED (
    SELECT n, nextval('annotator_comparison_id_seq') AS comparison, nextval('annotator_conversation_id_seq') AS conversation,
           nextval('annotator_turn_id_seq') AS turn, nextval('annotator_judgment_id_seq') AS judgment
    FROM generate_series(1, %(judgments)s) n
), comparisons AS (
    INSERT INTO annotator_comparison (id, project_id, candidate_set_id, number, kind, language, seed, created_at)
    SELECT comparison, %(project)s, candidate_set_id, %(number)s + n, 'collect', 'en', n, now() FROM numbers, first
), options AS (
    INSERT INTO annotator_comparisonoption (comparison_id, response_id, position)
    SELECT numbers.comparison, option.response_id, option.position
    FROM numbers, first JOIN annotator_comparisonoption option ON option.comparison_id = first.comparison_id
), conversations AS (
    INSERT INTO annotator_conversation (id, project_id, participation_id, prompt_id, opening, started_at, finished_at)
    SELECT conversation, %(project)s, participation_id, prompt_id, 'given', now(), now() FROM numbers, first
), turns AS (
    INSERT INTO annotator_turn (id, conversation_id, number, message, comparison_id, is_drawn)
    SELECT turn, conversation, 1, '', comparison, false FROM numbers
), judgments AS (
    INSERT INTO annotator_judgment (id, submission_id, project_id, wave_id, participation_id, comparison_id, turn_id, revision, choice_kind, choice_response_id,
        vetoes, general_kind, criteria, reasons, explanation, explanation_asked, place_kind, display_order, ui_language, device, shown_at, submitted_at, active_ms)
    SELECT judgment, gen_random_uuid(), %(project)s, wave_id, participation_id, comparison, turn, 1, choice_kind,
        (SELECT response_id FROM annotator_comparisonoption WHERE comparison_id = first.comparison_id ORDER BY position OFFSET n %% 4 LIMIT 1),
        '{}', '', '[]', '{}', '', 'optional', 'planned', display_order, '', '', now(), now() - make_interval(secs => %(ended)s + %(over)s * (1 - n / %(judgments)s::float)), n
    FROM numbers, first
), changes AS (
    INSERT INTO annotator_change (project_id, kind, judgment_id, at) SELECT %(project)s, 'judged', judgment, now() FROM numbers
)
INSERT INTO annotator_assignment (project_id, comparison_id, number, language, stratum, tier, key, state, place_kind, display_order, explanation_asked, participation_id, judgment_id)
SELECT %(project)s, comparison, 0, 'en', '', 1, n, 'judged', 'planned', display_order, 'optional', participation_id, judgment FROM numbers, first
"""
TABLES = ("comparison", "comparisonoption", "assignment", "judgment", "change", "turn")


def make_many(
    project: Project,
    *,
    judgments: int,
    over: timedelta = timedelta(hours=1),
    ended: timedelta = timedelta(0),
) -> None:
    """Give so many judgments like the project's first, submitted evenly over a time that ended so long ago."""
    numbers = project.comparisons.order_by("-number").values_list("number", flat=True)
    with connection.cursor() as cursor:
        cursor.execute(
            COPIES,
            {
                "project": project.pk,
                "first": Judgment.objects.filter(project=project).earliest("pk").pk,
                "number": numbers[0],
                "judgments": judgments,
                "over": over.total_seconds(),
                "ended": ended.total_seconds(),
            },
        )
        cursor.execute("ANALYZE " + ", ".join(f"annotator_{table}" for table in TABLES))


def plans_of(act: Callable[[], object]) -> list[dict[str, Any]]:
    """Do something; return the plans of its SELECTs as they ran."""
    with CaptureQueriesContext(connection) as queries:
        act()
    plans = []
    with connection.cursor() as cursor:
        for query in queries:
            if query["sql"].lstrip().startswith(("SELECT", "WITH menus")):
                cursor.execute("EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) " + query["sql"])
                plans.append(cursor.fetchone()[0][0]["Plan"] | {"sql": query["sql"]})
    return plans


def pages_of(act: Callable[[], object]) -> int:
    """Do something; return how many pages of the database its SELECTs touch."""
    return sum(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] for plan in plans_of(act))
