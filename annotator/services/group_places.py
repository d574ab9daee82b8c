"""Places that a group of prompts shares: so many judgments from a stratum, in whichever of its languages.

A place is a row with the key (group, stratum, slot), so there can't be one too many. It lies at one
comparison of the group at a time. While it is open it may be moved to another: spread evenly when
comparisons open, and fetched by somebody who finds nothing in the languages they read.
"""

from collections.abc import Sequence
from typing import Any

from django.db import connection

from annotator.models import CandidateSet, Participation

SLOTS_PER_NUMBER = 10_000
"""Slots of the group's first comparisons begin at 0, those of its second ones (in pairwise) at this, …"""
MOST_FETCHED = 50

OPEN_PLACES = """
INSERT INTO annotator_assignment (id, project_id, comparison_id, number, group_id, slot, language, stratum, tier, key, state, place_kind, display_order, explanation_asked)
SELECT made.id, project_id, comparison_id, -made.id, group_id, slot, language, stratum, 1, key, 'open', 'planned', display_order, explanation_asked
FROM (
    SELECT nextval('annotator_assignment_id_seq') AS id, comparison.project_id, comparison.id AS comparison_id, prompt.group_id,
           comparison.number * %(per_number)s + nth AS slot, comparison.language, quota.key AS stratum, pattern.key, pattern.display_order, pattern.explanation_asked
    FROM annotator_comparison comparison
    JOIN annotator_candidateset candidate_set ON candidate_set.id = comparison.candidate_set_id
    JOIN annotator_prompt prompt ON prompt.id = candidate_set.prompt_id AND prompt.group_id IS NOT NULL
    JOIN annotator_wave wave ON wave.id = (SELECT id FROM annotator_wave WHERE project_id = comparison.project_id ORDER BY number DESC LIMIT 1)
    CROSS JOIN LATERAL jsonb_each_text(wave.config->'group_quotas') quota
    CROSS JOIN LATERAL generate_series(0, quota.value::int - 1) nth
    CROSS JOIN LATERAL (
        SELECT count(*) AS n FROM annotator_assignment place WHERE place.comparison_id = comparison.id AND place.number >= 0 AND place.owner_id IS NULL
    ) own
    CROSS JOIN LATERAL (
        SELECT place.display_order, place.explanation_asked, place.key FROM annotator_assignment place
        WHERE place.comparison_id = comparison.id AND place.number >= 0 AND place.owner_id IS NULL AND own.n > 0
        ORDER BY place.number LIMIT 1 OFFSET nth %% own.n
    ) pattern
    WHERE comparison.kind = 'collect' AND candidate_set.turn_id IS NULL AND {chosen}
    ORDER BY comparison.id
) made
ON CONFLICT DO NOTHING
"""

# Slot i of a group with m comparisons lies at the (i mod m)th of them, in the order in which they opened.
SPREAD = """
WITH groups AS MATERIALIZED (
    SELECT DISTINCT prompt.group_id AS id FROM annotator_candidateset candidate_set
    JOIN annotator_prompt prompt ON prompt.id = candidate_set.prompt_id WHERE candidate_set.id = ANY(%(sets)s) AND prompt.group_id IS NOT NULL
), members AS MATERIALIZED (
    SELECT prompt.group_id, comparison.id, comparison.number, comparison.language,
           row_number() OVER (PARTITION BY prompt.group_id, comparison.number ORDER BY comparison.id) - 1 AS nth,
           count(*) OVER (PARTITION BY prompt.group_id, comparison.number) AS m
    FROM annotator_prompt prompt JOIN annotator_candidateset candidate_set ON candidate_set.prompt_id = prompt.id
    JOIN annotator_comparison comparison ON comparison.candidate_set_id = candidate_set.id AND comparison.kind = 'collect'
    WHERE prompt.group_id IN (SELECT id FROM groups) AND candidate_set.turn_id IS NULL
), wanted AS MATERIALIZED (
    SELECT place.id AS place_id, members.id AS comparison_id, members.language, place.slot
    FROM annotator_assignment place JOIN members ON members.group_id = place.group_id
     AND members.number = place.slot / %(per_number)s AND members.nth = place.slot %% members.m
    WHERE place.state = 'open' AND place.comparison_id <> members.id
)
"""
FETCH = """
WITH wanted AS MATERIALIZED (
    SELECT place.id AS place_id, there.id AS comparison_id, there.language, place.slot
    FROM annotator_assignment place
    JOIN LATERAL (
        SELECT comparison.id, comparison.language FROM annotator_prompt prompt
        JOIN annotator_candidateset candidate_set ON candidate_set.prompt_id = prompt.id AND candidate_set.turn_id IS NULL
        JOIN annotator_comparison comparison ON comparison.candidate_set_id = candidate_set.id AND comparison.kind = 'collect'
        WHERE prompt.group_id = place.group_id AND comparison.number = place.slot / %(per_number)s AND comparison.language = ANY(%(languages)s)
        ORDER BY comparison.id LIMIT 1
    ) there ON true
    WHERE place.project_id = %(project)s AND place.stratum = %(stratum)s AND place.state = 'open' AND place.group_id IS NOT NULL
      AND place.language <> ALL(%(languages)s)
      AND NOT EXISTS (SELECT FROM annotator_assignment met JOIN annotator_offer seen ON seen.comparison_id = met.comparison_id AND seen.participation_id = %(person)s
                      WHERE met.group_id = place.group_id)
    ORDER BY place.key LIMIT %(most)s FOR UPDATE OF place SKIP LOCKED
)
"""
# Whoever was shown a place may answer it late, in the order it was shown in: so that place stays behind, closed,
# and a new one takes its slot.
MOVE = """
, moving AS MATERIALIZED (
    SELECT wanted.*, EXISTS (SELECT FROM annotator_offer offer WHERE offer.comparison_id = place.comparison_id AND offer.assignment_id = place.id) AS was_shown,
           place.project_id, place.group_id, place.stratum, place.explanation_asked, COALESCE((
               SELECT pattern.display_order FROM annotator_assignment pattern
               WHERE pattern.comparison_id = wanted.comparison_id AND pattern.number >= 0 AND pattern.owner_id IS NULL
               ORDER BY pattern.number
               LIMIT 1 OFFSET wanted.slot %% (SELECT GREATEST(count(*), 1) FROM annotator_assignment every
                                              WHERE every.comparison_id = wanted.comparison_id AND every.number >= 0 AND every.owner_id IS NULL)
           ), place.display_order) AS display_order
    FROM wanted JOIN annotator_assignment place ON place.id = wanted.place_id
), stays AS (
    UPDATE annotator_assignment place SET state = 'closed', group_id = NULL, slot = NULL, stratum = ''
    FROM moving WHERE place.id = moving.place_id AND place.state = 'open' AND moving.was_shown RETURNING place.id
), made AS (
    INSERT INTO annotator_assignment (id, project_id, comparison_id, number, group_id, slot, language, stratum, tier, key, state, place_kind, display_order, explanation_asked)
    SELECT new.id, project_id, comparison_id, -new.id, group_id, slot, language, stratum, 0, nextval('annotator_assignment_key'), 'open', 'planned', display_order, explanation_asked
    FROM (SELECT nextval('annotator_assignment_id_seq') AS id, moving.* FROM stays JOIN moving ON moving.place_id = stays.id) new
    RETURNING id
), moved AS (
    UPDATE annotator_assignment place
    SET comparison_id = moving.comparison_id, language = moving.language, key = nextval('annotator_assignment_key'), display_order = moving.display_order
    FROM moving WHERE place.id = moving.place_id AND place.state = 'open' AND NOT moving.was_shown RETURNING place.id
)
SELECT (SELECT count(*) FROM made) + (SELECT count(*) FROM moved)
"""


def open_group_places(*, candidate_sets: Sequence[CandidateSet]) -> None:
    """Give the groups of these sets their places, where none has them yet, and spread those that are open."""
    if not candidate_sets:
        return
    values: dict[str, Any] = {
        "sets": [one.pk for one in candidate_sets],
        "per_number": SLOTS_PER_NUMBER,
    }
    with connection.cursor() as cursor:
        cursor.execute(OPEN_PLACES.format(chosen="candidate_set.id = ANY(%(sets)s)"), values)
        cursor.execute(SPREAD + MOVE, values)


def open_all_group_places(*, project_id: int) -> None:
    """Give every group of the project the places that the newest wave wants and that it has not yet."""
    values = {"project": project_id, "per_number": SLOTS_PER_NUMBER}
    with connection.cursor() as cursor:
        cursor.execute(OPEN_PLACES.format(chosen="comparison.project_id = %(project)s"), values)


def fetch_group_places(*, participation: Participation) -> int:
    """Move open places of the person's stratum into a language they read; return how many.

    At most `MOST_FETCHED` at once, along the partial index of such places: nothing to do in a project
    without them.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            FETCH + MOVE,
            {
                "project": participation.project_id,
                "person": participation.pk,
                "stratum": participation.stratum,
                "languages": list(participation.languages),
                "per_number": SLOTS_PER_NUMBER,
                "most": MOST_FETCHED,
            },
        )
        return int(cursor.fetchone()[0])
