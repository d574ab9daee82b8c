"""A project with more than 100 MB of every format, written by statements: long texts, and nulls where it begins.

What a person may leave out is left out in the first `EMPTY_SETS` sets, more than a reader's first block of ten
megabytes, and filled from there on. Judgments follow one another person by person.
"""

from django.db import connection

from annotator.models import Participation, Project
from annotator.services.projects import ensure_wave
from tests.factories import make_annotator, make_participation

SETS = 3_300
EMPTY_SETS = 480
LATER_TURNS = 800
PEOPLE = 5
TEXT_BYTES = 8_000

STATEMENTS = (
    """
    INSERT INTO annotator_prompt (project_id, external_id, import_key, language, text, system, topic, licence, source, created_at)
    SELECT %(project)s, CASE WHEN n > %(empty)s THEN 'q' || n END, 'load-' || n, 'en', 'Question ' || n || ': what do you owe your parents?', '', '', '', 'pregenerated', now()
    FROM generate_series(1, %(sets)s + %(later)s) n ORDER BY n""",
    """
    INSERT INTO annotator_candidateset (project_id, prompt_id, language, strategy, template_version, seed, state, attempt, faults, failure, failure_detail, created_at)
    SELECT project_id, id, 'en', 'nc_prompt', '1', id, 'complete', 1, 0, '', '', now() FROM annotator_prompt WHERE project_id = %(project)s ORDER BY id""",
    """
    INSERT INTO annotator_response (project_id, candidate_set_id, slot, text, html, flags, language_check, origin, strategy, template_version, model, seed, finish_reason, codes, detected_language)
    SELECT origin.project_id, origin.id, slot, left(repeat(md5(origin.id || '/' || slot) || E' said "so"\n', 200), %(bytes)s), '', '{}', '', '{}', 'nc_prompt', '1', 'model-' || slot, slot, 'stop', '{}',
        CASE WHEN prompt.external_id IS NULL THEN '' ELSE 'en' END
    FROM annotator_candidateset origin JOIN annotator_prompt prompt ON prompt.id = origin.prompt_id, generate_series(0, 3) slot
    WHERE origin.project_id = %(project)s ORDER BY origin.id, slot""",
    """
    INSERT INTO annotator_comparison (project_id, candidate_set_id, number, kind, language, seed, created_at)
    SELECT project_id, id, 0, 'collect', 'en', id, now() FROM annotator_candidateset WHERE project_id = %(project)s ORDER BY id""",
    """
    INSERT INTO annotator_comparisonoption (comparison_id, response_id, position)
    SELECT comparison.id, response.id, response.slot FROM annotator_comparison comparison
    JOIN annotator_response response ON response.candidate_set_id = comparison.candidate_set_id WHERE comparison.project_id = %(project)s""",
    """
    CREATE TEMPORARY TABLE asked AS
    SELECT row_number() OVER (ORDER BY comparison.id) AS n, comparison.id AS comparison_id, origin.prompt_id, ARRAY(
        SELECT response.id FROM annotator_response response WHERE response.candidate_set_id = origin.id ORDER BY response.slot) AS responses
    FROM annotator_comparison comparison JOIN annotator_candidateset origin ON origin.id = comparison.candidate_set_id
    WHERE comparison.project_id = %(project)s""",
    """
    INSERT INTO annotator_conversation (project_id, participation_id, prompt_id, opening, started_at)
    SELECT %(project)s, person, prompt_id, 'given', now() FROM asked, unnest(%(people)s) person WHERE n <= %(sets)s ORDER BY person, n""",
    """
    INSERT INTO annotator_turn (conversation_id, number, message, comparison_id, is_drawn)
    SELECT conversation.id, 1, '', comparison_id, false
    FROM annotator_conversation conversation JOIN asked USING (prompt_id) WHERE project_id = %(project)s ORDER BY conversation.id""",
    # The first person wrote on once, right behind the empty sets.
    """
    INSERT INTO annotator_turn (conversation_id, number, message, comparison_id, is_drawn, continues_id)
    SELECT conversation.id, 2, 'And then?', later.comparison_id, false, first.responses[1 + first.n %% 4]
    FROM asked first JOIN asked later ON later.n = first.n - %(empty)s + %(sets)s
    JOIN annotator_conversation conversation ON conversation.prompt_id = first.prompt_id AND conversation.participation_id = %(first)s
    WHERE first.n > %(empty)s AND first.n <= %(sets)s ORDER BY conversation.id""",
    """
    INSERT INTO annotator_judgment (submission_id, project_id, wave_id, participation_id, comparison_id, turn_id, revision, choice_kind, choice_response_id,
        vetoes, general_kind, general_response_id, criteria, reasons, explanation, explanation_asked, place_kind, display_order, ui_language, device, shown_at, submitted_at, strength, active_ms)
    SELECT gen_random_uuid(), %(project)s, %(wave)s, conversation.participation_id, turn.comparison_id, turn.id, 1, 'response', responses[1 + n %% 4],
        '{}', CASE WHEN is_late THEN 'response' ELSE '' END, CASE WHEN is_late THEN responses[1] END, '[]', '{}', CASE WHEN is_late THEN 'Because it asks before it tells.' ELSE '' END,
        'optional', 'planned', '{2,0,3,1}', CASE WHEN is_late THEN 'en' ELSE '' END, CASE WHEN is_late THEN 'phone' ELSE '' END,
        now() - interval '1 minute', now(), CASE WHEN is_late THEN 1 + n %% 3 END, CASE WHEN is_late THEN 1200 END
    FROM annotator_turn turn JOIN annotator_conversation conversation ON conversation.id = turn.conversation_id
    JOIN asked USING (comparison_id), LATERAL (SELECT n > %(empty)s AS is_late) early
    WHERE conversation.project_id = %(project)s ORDER BY turn.id""",
    """
    INSERT INTO annotator_assignment (project_id, comparison_id, number, language, stratum, tier, key, state, place_kind, display_order, explanation_asked, participation_id, judgment_id)
    SELECT project_id, comparison_id, row_number() OVER (PARTITION BY comparison_id ORDER BY id) - 1, 'en', '', 1, comparison_id, 'judged', 'planned', '{2,0,3,1}', 'optional', participation_id, id
    FROM annotator_judgment WHERE project_id = %(project)s""",
    "DROP TABLE asked",
)


def fill(project: Project) -> None:
    """Write the rows."""
    people: list[Participation] = [
        make_participation(project, make_annotator(f"reader-{number}")) for number in range(PEOPLE)
    ]
    values: dict[str, int | list[int]] = {
        "project": project.pk,
        "wave": ensure_wave(project=project).pk,
        "people": [person.pk for person in people],
        "first": people[0].pk,
        "sets": SETS,
        "empty": EMPTY_SETS,
        "later": LATER_TURNS,
        "bytes": TEXT_BYTES,
    }
    with connection.cursor() as cursor:
        for statement in STATEMENTS:
            cursor.execute(statement, values)
        cursor.execute("ANALYZE")
