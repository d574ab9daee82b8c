"""Studies to measure the annotator's loop in: open comparisons, people who are signed in, and what they have behind them."""

from typing import Any

from django.conf import settings
from django.db import connection

from annotator.authentication import SessionStore
from annotator.models import Annotator, Participation, Project
from annotator.services.checks import import_checks
from annotator.services.projects import create_project, open_project
from annotator.services.strata import place_of
from benchmarks.load import PEOPLE

COUNTRIES = ("FR", "IN", "US")
STRATA = ["FR", "IN", ""]
"""The stratum of each of a comparison's three places, where people are divided."""
DIVIDED: dict[str, Any] = {
    "stratum_by": "country",
    "quotas": {"FR": 1, "IN": 1},
    "check_share": 0.05,
}
GOLD_ITEMS = 300

FIXTURE = """
WITH prompts AS (
    INSERT INTO annotator_prompt (project_id, import_key, language, text, system, topic, licence, source, created_at)
    SELECT %(project)s, 'bench-' || n, 'en', 'Question ' || n || ': what do you owe your parents?', '', '', '', 'pregenerated', now()
    FROM generate_series(1, %(sets)s) n RETURNING id
), sets AS (
    INSERT INTO annotator_candidateset (project_id, prompt_id, language, strategy, template_version, seed, state, attempt, faults, failure, failure_detail, created_at)
    SELECT %(project)s, id, 'en', 'imported', '', id, 'complete', 1, 0, '', '', now() FROM prompts RETURNING id
), responses AS (
    INSERT INTO annotator_response (project_id, candidate_set_id, slot, text, html, flags, language_check, origin, strategy, template_version, model, finish_reason, codes, detected_language)
    SELECT %(project)s, sets.id, slot, body, '<p>' || body || '</p>', '{}', '', '{}', 'imported', '', 'bench', 'stop', '{}', ''
    FROM sets, generate_series(0, 3) slot, LATERAL (SELECT left(repeat('a line of plain words for ' || sets.id || '/' || slot || ' ', 40), %(bytes)s) AS body) texts
    RETURNING id, candidate_set_id, slot
), comparisons AS (
    INSERT INTO annotator_comparison (project_id, candidate_set_id, number, kind, language, seed, created_at)
    SELECT %(project)s, id, number, 'collect', 'en', id, now() FROM sets, generate_series(0, %(per_set)s - 1) number RETURNING id, candidate_set_id
), options AS (
    INSERT INTO annotator_comparisonoption (comparison_id, response_id, position)
    SELECT comparisons.id, responses.id, responses.slot FROM comparisons JOIN responses USING (candidate_set_id)
), keys AS MATERIALIZED (
    SELECT id, nextval('annotator_assignment_key') AS key FROM comparisons
)
INSERT INTO annotator_assignment (project_id, comparison_id, number, language, stratum, tier, key, state, place_kind, display_order, explanation_asked)
SELECT %(project)s, id, number, 'en', (%(strata)s::text[])[number + 1], 1, key, 'open', 'planned', '{2,0,3,1}', 'optional' FROM keys, generate_series(0, 2) number
"""

# Comparison by comparison, its three places are judged by one person of each country.
HISTORY = """
WITH people AS MATERIALIZED (
    SELECT id, country, row_number() OVER (PARTITION BY country ORDER BY id) - 1 AS nth, count(*) OVER (PARTITION BY country) AS many
    FROM annotator_participation WHERE id = ANY(%(people)s)
), done AS MATERIALIZED (
    SELECT comparison_id, row_number() OVER (ORDER BY min(key)) - 1 AS nth FROM annotator_assignment
    WHERE project_id = %(project)s AND state = 'open' AND owner_id IS NULL GROUP BY comparison_id ORDER BY min(key) LIMIT %(comparisons)s
), filled AS MATERIALIZED (
    SELECT place.id AS place_id, place.comparison_id, people.id AS person, nextval('annotator_conversation_id_seq') AS conversation,
           nextval('annotator_turn_id_seq') AS turn, nextval('annotator_judgment_id_seq') AS judgment,
           (SELECT min(response_id) FROM annotator_comparisonoption WHERE comparison_id = place.comparison_id) AS response
    FROM done JOIN annotator_assignment place USING (comparison_id)
    JOIN people ON people.country = (%(countries)s::text[])[place.number + 1] AND people.nth = done.nth %% people.many
), conversations AS (
    INSERT INTO annotator_conversation (id, project_id, participation_id, opening, started_at, finished_at)
    SELECT conversation, %(project)s, person, 'given', now(), now() FROM filled
), turns AS (
    INSERT INTO annotator_turn (id, conversation_id, number, message, comparison_id, is_drawn)
    SELECT turn, conversation, 1, '', comparison_id, false FROM filled
), judgments AS (
    INSERT INTO annotator_judgment (id, submission_id, project_id, wave_id, participation_id, comparison_id, assignment_id, turn_id, revision, choice_kind, choice_response_id,
        vetoes, general_kind, criteria, reasons, explanation, explanation_asked, place_kind, display_order, ui_language, device, shown_at, submitted_at)
    SELECT judgment, gen_random_uuid(), %(project)s, %(wave)s, person, comparison_id, place_id, turn, 1, 'response', response,
        '{}', '', '[]', '{}', '', 'optional', 'planned', '{2,0,3,1}', 'en', 'desktop', now(), now() FROM filled
), changes AS (
    INSERT INTO annotator_change (project_id, kind, judgment_id, at) SELECT %(project)s, 'judged', judgment, now() FROM filled
), offers AS (
    INSERT INTO annotator_offer (participation_id, comparison_id, assignment_id, wave_id, outcome, skip_reason, shown_at, ended_at)
    SELECT person, comparison_id, place_id, %(wave)s, 'judged', '', now(), now() FROM filled
), cursors AS (
    INSERT INTO annotator_queuecursor (participation_id, language, stratum, tier, position, served_at)
    SELECT filled.person, 'en', place.stratum, 1, max(place.key), now()
    FROM filled JOIN annotator_assignment place ON place.id = filled.place_id GROUP BY 1, 3
), counters AS (
    UPDATE annotator_participation SET judgments_given = given.tasks, conversations_begun = given.tasks
    FROM (SELECT person, count(*) AS tasks FROM filled GROUP BY person) given WHERE id = given.person
)
UPDATE annotator_assignment SET state = 'judged', participation_id = filled.person, judgment_id = filled.judgment
FROM filled WHERE id = filled.place_id
"""


def fill(
    slug: str, *, comparisons: int, per_set: int, response_bytes: int, divided: bool = False
) -> list[dict[str, str]]:
    """Make an open project with so many comparisons of three places, and people who are signed in; return their cookies.

    `divided`: two of three places are reserved by country, and one task in twenty is a gold item.
    """
    project = create_project(
        slug=slug,
        name=slug,
        languages=["en"],
        overlap=3,
        ways_out=["none", "all_bad"],
        demographics=[],
        **(DIVIDED if divided else {}),
    )
    open_project(project=project)
    if divided:
        import_checks(project=project, rows=[_gold_item(number) for number in range(GOLD_ITEMS)])
    with connection.cursor() as cursor:
        cursor.execute("SET work_mem = '256MB'")
        cursor.execute(
            FIXTURE,
            {
                "project": project.pk,
                "sets": comparisons // per_set,
                "per_set": per_set,
                "bytes": response_bytes,
                "strata": STRATA if divided else ["", "", ""],
            },
        )
        cursor.execute("RESET work_mem")
    return [enter(project, f"bench{number}", number) for number in range(PEOPLE)]


def enter(project: Project, name: str, number: int) -> dict[str, str]:
    """Let a person of the next country into the project; return the cookies of their session."""
    person, _ = Annotator.objects.get_or_create(username=name)
    country = COUNTRIES[number % len(COUNTRIES)]
    Participation.objects.create(
        annotator=person,
        project=project,
        pseudonym=name,
        languages=["en"],
        country=country,
        **place_of(project=project, answers={"country": country}),
    )
    session = SessionStore()
    session.update(
        {
            "_auth_user_id": str(person.pk),
            "_auth_user_backend": settings.AUTHENTICATION_BACKENDS[0],
            "_auth_user_hash": person.get_session_auth_hash(),
        }
    )
    session.create()
    return {"sessionid": session.session_key or "", "csrftoken": "x" * 32}


def give_history(slug: str, *, tasks: int) -> list[dict[str, str]]:
    """Let further people into a divided project who have so many tasks behind them; return their cookies."""
    project = Project.objects.get(slug=slug)
    names = [f"old{number}" for number in range(PEOPLE)]
    cookies = [enter(project, name, number) for number, name in enumerate(names)]
    people = Participation.objects.filter(project=project, pseudonym__in=names)
    with connection.cursor() as cursor:
        cursor.execute("SET work_mem = '256MB'")
        cursor.execute(
            HISTORY,
            {
                "project": project.pk,
                "wave": project.waves.latest("number").pk,
                "people": list(people.values_list("pk", flat=True)),
                "countries": list(COUNTRIES),
                "comparisons": tasks * -(-PEOPLE // len(COUNTRIES)),
            },
        )
        cursor.execute("RESET work_mem")
    return cookies


def vacuum() -> None:
    """Let PostgreSQL know what was filled in."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("CHECKPOINT")


def _gold_item(number: int) -> dict[str, object]:
    return {
        "kind": "gold",
        "factual": True,
        "language": "en",
        "text": f"Which of these numbers is not {number}?",
        "responses": [f"It is {number + step}." for step in range(1, 5)],
        "right": [0, 1, 2],
    }
