"""Who is needed, put into force: strata, reserved places and targets of a new wave; more or fewer places."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy as np
import orjson
from django.db import connection, transaction
from django.utils.translation import gettext as _

from annotator.errors import Refused
from annotator.models import Annotator, Assignment, AuditEvent, Comparison, Project, Wave
from annotator.services.audit import record
from annotator.services.changes import share_changes
from annotator.services.group_places import SLOTS_PER_NUMBER, open_all_group_places
from annotator.services.inserting import PLACE_IDS, PLACE_KEYS, Rows, insert_together, new_ids
from annotator.services.strata import divide_anew
from annotator.services.surplus import promote_surplus
from pluralism.ordering import further_orders

BATCH = 1000
FURTHER = ("comparison_id", "number", "language", "display_order", "explanation_asked")
MOST_PASSES = 5

# Of each comparison: what is taken counts for the stratum of whoever took it, as far as places are
# reserved for it; of the open places the first are labelled with what is still missing, stratum by stratum.
CUT = """
WITH quota AS MATERIALIZED (
    SELECT key AS stratum, value::int AS places FROM jsonb_each_text(%(quotas)s::jsonb) WHERE value::int > 0
), seat AS MATERIALIZED (
    SELECT place.id, place.comparison_id, place.number, place.state, place.stratum AS old, COALESCE(person.stratum, '') AS holder
    FROM annotator_assignment place
    LEFT JOIN annotator_participation person ON person.id = place.participation_id AND place.state <> 'open'
    WHERE place.project_id = %(project)s AND place.owner_id IS NULL AND place.group_id IS NULL AND place.state <> 'closed'
), taken AS MATERIALIZED (
    SELECT id, comparison_id, state, old, CASE WHEN row_number() OVER (PARTITION BY comparison_id, holder ORDER BY number) <= quota.places THEN holder ELSE '' END AS label
    FROM seat LEFT JOIN quota ON quota.stratum = seat.holder WHERE state <> 'open'
), missing AS (
    SELECT comparison.comparison_id, quota.stratum, row_number() OVER (PARTITION BY comparison.comparison_id ORDER BY quota.stratum) AS nth
    FROM (SELECT DISTINCT comparison_id FROM seat WHERE state = 'open') comparison CROSS JOIN quota
    LEFT JOIN (SELECT comparison_id, label, count(*) AS n FROM taken GROUP BY 1, 2) filled ON filled.comparison_id = comparison.comparison_id AND filled.label = quota.stratum
    CROSS JOIN LATERAL generate_series(1, quota.places - COALESCE(filled.n, 0))
), open_seat AS (
    SELECT id, comparison_id, old, row_number() OVER (PARTITION BY comparison_id ORDER BY number) AS nth FROM seat WHERE state = 'open'
), wanted AS (
    SELECT id, state, old, label FROM taken
    UNION ALL
    SELECT open_seat.id, 'open', old, COALESCE(missing.stratum, '') FROM open_seat LEFT JOIN missing USING (comparison_id, nth)
)
UPDATE annotator_assignment place SET stratum = wanted.label
FROM wanted WHERE place.id = wanted.id AND wanted.label <> wanted.old AND place.state = wanted.state
"""

# Places of a group that are not wanted any more close where nobody has them; those wanted again reopen.
CUT_GROUPS = """
UPDATE annotator_assignment place
SET state = wanted.state, token = NULL, lease_until = NULL, key = nextval('annotator_assignment_key')
FROM (
    SELECT place.id, CASE WHEN place.slot %% %(per_number)s < COALESCE((%(quotas)s::jsonb->>place.stratum)::int, 0) THEN 'open' ELSE 'closed' END AS state
    FROM annotator_assignment place WHERE place.project_id = %(project)s AND place.group_id IS NOT NULL AND place.state IN ('open', 'closed')
) wanted
WHERE place.id = wanted.id AND place.state IN ('open', 'closed') AND place.state <> wanted.state
"""

TARGETS = """
INSERT INTO annotator_target (project_id, name, wanted, taken)
SELECT %(project)s, key, value::int, 0 FROM jsonb_each_text(%(targets)s::jsonb)
ON CONFLICT (project_id, name) DO UPDATE SET wanted = EXCLUDED.wanted WHERE annotator_target.wanted <> EXCLUDED.wanted
"""

# What is judged stays judged. A place that somebody works on closes too where it is one too many; their
# answer is kept then, as surplus.
CLOSE = """
WITH seat AS (
    SELECT id, state, row_number() OVER (
        PARTITION BY comparison_id ORDER BY CASE state WHEN 'judged' THEN 0 WHEN 'leased' THEN 1 ELSE 2 END, number) AS nth
    FROM annotator_assignment
    WHERE project_id = %(project)s AND owner_id IS NULL AND group_id IS NULL AND state <> 'closed'
)
UPDATE annotator_assignment place SET state = 'closed', token = NULL, lease_until = NULL
FROM seat WHERE place.id = seat.id AND seat.nth > %(overlap)s AND seat.state <> 'judged' AND place.state = seat.state
"""
REOPEN = """
WITH counted AS (
    SELECT comparison_id, count(*) FILTER (WHERE state <> 'closed') AS active FROM annotator_assignment
    WHERE project_id = %(project)s AND owner_id IS NULL AND group_id IS NULL GROUP BY comparison_id
), seat AS (
    SELECT place.id, row_number() OVER (PARTITION BY place.comparison_id ORDER BY place.number) + counted.active AS nth
    FROM annotator_assignment place JOIN counted USING (comparison_id)
    WHERE place.project_id = %(project)s AND place.owner_id IS NULL AND place.group_id IS NULL AND place.state = 'closed' AND place.number >= 0
)
UPDATE annotator_assignment place SET state = 'open', tier = 0, key = nextval('annotator_assignment_key')
FROM seat WHERE place.id = seat.id AND seat.nth <= %(overlap)s AND place.state = 'closed' RETURNING place.id
"""


@transaction.atomic
def put_into_force(*, wave: Wave, by: Annotator | None = None) -> None:
    """Divide people and cut the open places as the wave says; once more changes nothing.

    1. Nothing to do where no wave of the project ever had strata, quotas or targets.
    2. Targets get their new numbers, people their stratum and target.
    3. Each comparison's places are labelled: what is taken counts for whoever took it, what is missing
       is reserved among the open places. Groups get places, or lose open ones.
    4. Cursors are hints of a queue that is another now: they go, and offers say what was seen.
    """
    project = Project.objects.select_for_update(of=("self",)).get(pk=wave.project_id)
    if not _ever_divided(project):
        return
    for name in ("quotas", "group_quotas"):
        setattr(project, name, wave.setting(name))
    with connection.cursor() as cursor:
        cursor.execute(TARGETS, {"project": project.pk, "targets": _json(wave.setting("targets"))})
    people = divide_anew(project=project)
    places = cut_places(project=project)
    if people or places:
        record(
            project=project,
            action=AuditEvent.Action.WAVE,
            by=by,
            subject=str(wave.number),
            people=people,
            places=places,
        )


def cut_places(*, project: Project) -> int:
    """Label the places of the project by its quotas; return how many changed.

    People go on working meanwhile: a place that was taken while the cut was worked out is left as it
    was, and the next pass counts it. Places are moved between queues, so the cursors go.
    """
    values: dict[str, Any] = {"project": project.pk, "quotas": _json(project.quotas)}
    changed = 0
    with connection.cursor() as cursor:
        for _number in range(MOST_PASSES):
            cursor.execute(CUT, values)
            changed += cursor.rowcount
            if not cursor.rowcount:
                break
        open_all_group_places(project_id=project.pk)
        cursor.execute(
            CUT_GROUPS,
            {
                "project": project.pk,
                "quotas": _json(project.group_quotas),
                "per_number": SLOTS_PER_NUMBER,
            },
        )
        changed += cursor.rowcount
        if changed:
            _forget_cursors(project)
    return int(changed)


@transaction.atomic
def set_overlap(*, project: Project, overlap: int, by: Annotator | None = None) -> None:
    """Want more or fewer judgments of every comparison from now on; what is judged stays.

    Fewer: open places close, and those that somebody works on, whose answers are kept as surplus. More:
    closed places open again, then new ones, whose orders go on balancing those before; answers that came
    late fill them first.
    """
    field = Project._meta.get_field("overlap")
    field.clean(overlap, project)
    share_changes(project_id=project.pk)
    locked = Project.objects.select_for_update(of=("self",)).get(pk=project.pk)
    if locked.block_size:
        raise Refused("blocks", _("In a project of blocks nobody shares a comparison."))
    values = {"project": project.pk, "overlap": overlap}
    with connection.cursor() as cursor:
        cursor.execute(CLOSE, values)
        cursor.execute(REOPEN, values)
        opened = [pk for (pk,) in cursor.fetchall()]
    opened += _add_places(locked, overlap)
    if locked.overlap != overlap:
        Project.objects.filter(pk=project.pk).update(overlap=overlap)
        record(
            project=project,
            action=AuditEvent.Action.OVERLAP,
            by=by,
            before=locked.overlap,
            after=overlap,
        )
    project.overlap = overlap
    if locked.quotas:
        cut_places(project=locked)
    for start in range(0, len(opened), BATCH):
        promote_surplus(opened[start : start + BATCH])
    if opened:
        _forget_cursors(project)


def _add_places(project: Project, overlap: int) -> list[int]:
    """Give every shared comparison that has fewer places new ones, in batches; return their ids."""
    lacking = Comparison.objects.raw(
        """
        SELECT comparison.*, own.n, own.orders, own.asked FROM annotator_comparison comparison
        CROSS JOIN LATERAL (
            SELECT count(*) AS n, jsonb_agg(place.display_order ORDER BY place.number) AS orders,
                   (array_agg(place.explanation_asked ORDER BY place.number))[1] AS asked
            FROM annotator_assignment place
            WHERE place.comparison_id = comparison.id AND place.owner_id IS NULL AND place.group_id IS NULL AND place.number >= 0
        ) own
        WHERE comparison.project_id = %s AND comparison.kind = 'collect' AND own.n BETWEEN 1 AND %s - 1 ORDER BY comparison.id
        """,
        [project.pk, overlap],
    )
    rows = lacking.iterator()
    made: list[int] = []
    while batch := list(islice(rows, BATCH)):
        drawn = [place for row in batch for place in _further_places(row, overlap)]
        ids = new_ids({PLACE_IDS: len(drawn), PLACE_KEYS: len(drawn)})
        places = [
            (pk, key, project.pk, *place)
            for pk, key, place in zip(ids[PLACE_IDS], ids[PLACE_KEYS], drawn, strict=True)
        ]
        insert_together(Rows(Assignment, ("id", "key", "project_id", *FURTHER), places))
        made += [place[0] for place in places]
    return made


def _further_places(comparison: Comparison, overlap: int) -> Iterator[tuple[Any, ...]]:
    """Yield what stands in the columns FURTHER of the places that a comparison lacks."""
    orders = [tuple(order) for order in orjson.loads(comparison.orders)]  # type: ignore[attr-defined]
    rng = np.random.default_rng([comparison.seed, len(orders)])
    asked = comparison.asked  # type: ignore[attr-defined]
    further = further_orders(orders, overlap - len(orders), rng)
    for number, order in enumerate(further, start=len(orders)):
        yield comparison.pk, number, comparison.language, order, asked


def _ever_divided(project: Project) -> bool:
    """Tell whether any wave had strata, quotas or targets."""
    configs = Wave.objects.filter(project=project).values_list("config", flat=True)
    names = ("stratum_by", "quotas", "group_quotas", "targets")
    return any(config.get(name) for config in configs for name in names)


def _forget_cursors(project: Project) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM annotator_queuecursor USING annotator_participation person WHERE participation_id = person.id AND person.project_id = %s",
            [project.pk],
        )


def _json(value: object) -> str:
    return orjson.dumps(value).decode()
