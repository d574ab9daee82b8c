"""The SELECT of each format: which judgments, in which order, as which JSON.

Every statement runs along the index of the project's judgments and looks the rest up by key, judgment by
judgment, so that the first row comes at once and nothing is sorted or hashed in between.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext as _

from annotator.errors import Refused
from annotator.models import Project
from annotator.selectors.exports.columns import Feature, build_object, features_of
from annotator.selectors.exports.community import community_alignment, released_community
from annotator.selectors.exports.countries import COUNTRIES
from annotator.selectors.exports.decided import before_withheld, values_of
from annotator.selectors.exports.joint import joint
from annotator.selectors.exports.native import (
    NATIVE,
    NATIVE_RELEASED,
    NATIVE_ROW,
    NATIVE_ROW_WITH_DEMOGRAPHICS,
    SURPLUS,
    TEXTS_ALLOWED,
    TOMBSTONE_ROW,
)
from annotator.selectors.exports.offers import offers
from annotator.selectors.exports.preference import explicit, implicit
from annotator.selectors.exports.ranking import ranking
from annotator.selectors.exports.rewardbench import rewardbench
from annotator.selectors.exports.shapes import FROM, Counted, Filters, Shape
from annotator.selectors.exports.splits import split_sql
from annotator.selectors.exports.unpaired import unpaired
from annotator.selectors.exports.verdicts import ALL, OVERALL, refuse_unknown_criterion
from pluralism.coarsening import REGION_NAMES

DERIVED: Mapping[str, Callable[[Project, Filters], Shape]] = {
    "community-alignment": community_alignment,
    "preference": explicit,
    "preference-implicit": implicit,
    "unpaired": unpaired,
    "rewardbench-2": rewardbench,
    "ranking": ranking,
    "joint": joint,
    "offers": offers,
}
"""The formats made for a reader; `native` holds everything."""
FORMATS = ("native", *DERIVED)
WHOLE = ("community-alignment", "rewardbench-2", "joint")
"""Those that hold the choice itself and nothing about criteria."""
FOR_TRAINERS = ("preference", "preference-implicit", "unpaired", "ranking", "joint")
TRAINING_ALLOWED = "person.allows_training IS NOT FALSE"
"""Who said no trains no model. A release has a split of its own for them, which no trainer takes; a stream has not."""


WITHOUT_OWN_WORDS = (
    f"({TEXTS_ALLOWED} OR (turn.number = 1 AND prompt.source IS DISTINCT FROM 'own'))",
    before_withheld("turn"),
)


@dataclass(frozen=True)
class Query:
    """A statement of one column, the row's JSON, and its values."""

    sql: str
    values: Mapping[str, Any]


def queries_for(*, project: Project, export_format: str, filters: Filters) -> list[Query]:
    """Return the statements whose rows, one after the other, are the export."""
    _refuse_unknown(export_format)
    refuse_unknown_criterion(project, filters)
    conditions, values = _narrow(filters)
    values |= {"project": project.pk, "slug": project.slug, **values_of()}
    if export_format != "native":
        shape = _shape(project, export_format, filters)
        if export_format in FOR_TRAINERS:
            conditions.append(TRAINING_ALLOWED)
        return [_derived(shape, filters, conditions, values)]
    row = NATIVE_ROW_WITH_DEMOGRAPHICS if filters.demographics else NATIVE_ROW
    counted = _counted(filters.counted or "all")
    if filters.criterion not in (None, OVERALL, ALL):
        conditions.append(
            "EXISTS (SELECT FROM jsonb_array_elements(judgment.criteria) entry WHERE entry->>'criterion' = %(criterion)s)"
        )
    if filters.since is None:
        return [Query(_select(row, FROM, [*conditions, *counted]), values)]
    if counted:
        raise Refused(
            "counted_with_since",
            _(
                "An increment must also hold what counts no more. Leave counted out, and filter what you have folded."
            ),
            fields={"counted": _("Not together with since.")},
        )
    changed = "judgment.id IN (SELECT judgment_id FROM annotator_change WHERE project_id = %(project)s AND id > %(since)s)"
    return [
        Query(_select(row, FROM, [changed, *conditions]), values),
        Query(_select(TOMBSTONE_ROW, FROM, [changed, *conditions], withdrawn=True), values),
    ]


def released_query(
    *, project: Project, export_format: str, told: Mapping[str, Any]
) -> tuple[Query, Mapping[str, Feature]]:
    """Return the statement of a format in a release, each row's JSON beside its split, and the row's types.

    What a file can't type, an object with any keys, is text there that holds JSON. `told` are the values of
    `ReleasedPeople` and of `decided`. Who said no to publishing texts has nothing in it that answers or holds
    their own words; nor is there anything that answers what is withheld.
    """
    _refuse_unknown(export_format)
    values = {
        "project": project.pk,
        "slug": project.slug,
        "countries": json.dumps(COUNTRIES | REGION_NAMES),
        **told,
    }
    if export_format == "native":
        shape = Shape(columns=NATIVE_RELEASED)
    else:
        shape = _shape(project, export_format, Filters())
        if shape.counts:
            shape = replace(shape, conditions=(*shape.conditions, *_counted("true")))
        if export_format == "community-alignment":
            shape = released_community(shape)
    if shape.counts:
        shape = replace(shape, conditions=(*shape.conditions, *WITHOUT_OWN_WORDS))
    two_prompts = project.task_format == Project.TaskFormat.TWO_PROMPTS
    split = split_sql(personal=shape.personal, two_prompts=two_prompts)
    sql = _select_shape(shape, shape.conditions, split=split)
    return Query(sql, values), features_of(shape.columns)


def check_format(*, project: Project, export_format: str) -> None:
    """Raise Refused where the project can't give this format."""
    features(project=project, export_format=export_format)


def native_page_query(*, project: Project, judgment_ids: list[int], demographics: bool) -> Query:
    """Return the statement that gives these judgments of the project as native rows."""
    values = {
        "project": project.pk,
        "slug": project.slug,
        "ids": judgment_ids,
        **values_of(),
    }
    row = NATIVE_ROW_WITH_DEMOGRAPHICS if demographics else NATIVE_ROW
    return Query(_select(row, FROM, ["judgment.id = ANY(%(ids)s)"]), values)


def features(*, project: Project, export_format: str) -> dict[str, Feature]:
    """Return the typed schema of a format, for `datasets.Features.from_dict`."""
    _refuse_unknown(export_format)
    if export_format == "native":
        return features_of(NATIVE)
    return features_of(_shape(project, export_format, Filters()).columns)


def _shape(project: Project, export_format: str, filters: Filters) -> Shape:
    """Return the rows of a format made for a reader; refuse one that does not go with the project's questions."""
    two = project.task_format == Project.TaskFormat.TWO_PROMPTS
    if export_format != "offers" and (export_format == "joint") != two:
        raise Refused(
            "format_needs_one_prompt" if export_format != "joint" else "format_needs_two_prompts",
            _("This project compares answers to two different prompts. Ask for joint or native.")
            if export_format != "joint"
            else _("joint is for projects that compare answers to two different prompts."),
            fields={"format": _("Not for this project.")},
        )
    if export_format in WHOLE and filters.criterion not in (None, OVERALL):
        raise Refused(
            "overall_only",
            _("This format holds the choice itself. Leave criterion out."),
            fields={"criterion": _("Not in this format.")},
        )
    return DERIVED[export_format](project, filters)


def _derived(
    shape: Shape, filters: Filters, conditions: list[str], values: dict[str, Any]
) -> Query:
    if filters.since is not None:
        raise Refused(
            "since_needs_native",
            _(
                "Increments exist in the format native only. Leave since out, or ask for format=native."
            ),
            fields={"since": _("Only with format=native.")},
        )
    counted = _counted(filters.counted or "true") if shape.counts else []
    wanted = [*shape.conditions, *counted, *conditions]
    return Query(_select_shape(shape, wanted), values | {"countries": json.dumps(COUNTRIES)})


def _select_shape(shape: Shape, conditions: Sequence[str], split: str = "") -> str:
    more = f", {split}" if split else ""
    where = "\n    AND ".join([shape.in_project, "person.withdrawn_at IS NULL", *conditions])
    return f"SELECT {build_object(shape.columns)}::text{more}\n{shape.source}{shape.joins}\nWHERE {where}\nORDER BY {shape.order}"


def _select(
    row: str,
    source: str,
    conditions: list[str],
    *,
    withdrawn: bool = False,
) -> str:
    present = f"person.withdrawn_at IS {'NOT ' if withdrawn else ''}NULL"
    where = "\n    AND ".join(["judgment.project_id = %(project)s", present, *conditions])
    return f"SELECT {row}::text\n{source}\nWHERE {where}\nORDER BY judgment.id"


def _narrow(filters: Filters) -> tuple[list[str], dict[str, Any]]:
    columns = {
        "language": "comparison.language",
        "country": "person.country",
        "strategy": "candidate_set.strategy",
        "wave": "wave.number",
        "turn": "turn.number",
    }
    values: dict[str, Any] = {
        name: getattr(filters, name) for name in columns if getattr(filters, name) is not None
    }
    conditions = [f"{columns[name]} = %({name})s" for name in values]
    if filters.criterion:
        values["criterion"] = filters.criterion
    return conditions, values | ({} if filters.since is None else {"since": filters.since})


def _counted(counted: Counted) -> list[str]:
    if counted == "all":
        return []
    return ["counting.id IS NOT NULL"] if counted == "true" else [SURPLUS]


def _refuse_unknown(export_format: str) -> None:
    if export_format not in FORMATS:
        raise Refused(
            "unknown_format",
            _("There is no format “%(format)s” here. Ask for one of: %(formats)s.")
            % {"format": export_format[:40], "formats": ", ".join(FORMATS)},
            fields={"format": _("One of: %(formats)s.") % {"formats": ", ".join(FORMATS)}},
        )
