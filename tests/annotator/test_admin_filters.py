"""Filters of the admin's lists find nothing as fast in a large project as in a small one: each has its index."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from annotator.models import (
    AuditEvent,
    CandidateSet,
    Change,
    Comparison,
    Judgment,
    PanelSession,
    Project,
    Prompt,
    QualityFlag,
)
from tests.annotator.many import make_many, plans_of
from tests.factories import (
    make_admin,
    make_annotator,
    make_judgment,
    make_participation,
    make_project,
    make_set,
)

pytestmark = pytest.mark.django_db

ROWS = 20_000
FEW_PAGES = 150
"""A scan of any of these tables would be more; a page of fifty rows with what they name is less."""

MORE = """
INSERT INTO annotator_prompt (project_id, import_key, language, text, system, topic, licence, source, created_at)
SELECT project_id, 'many-' || n, 'en', 'Why ' || n || '?', '', '', '', 'pregenerated', now()
FROM (SELECT project_id FROM annotator_prompt WHERE project_id = %(project)s LIMIT 1) one, generate_series(1, %(rows)s) n;
INSERT INTO annotator_candidateset (project_id, prompt_id, language, strategy, template_version, seed, state, attempt, faults, failure, failure_detail, created_at)
SELECT project_id, id, 'en', 'imported', '', id, 'complete', 1, 0, '', '', now() FROM annotator_prompt WHERE project_id = %(project)s;
INSERT INTO annotator_qualityflag (project_id, participation_id, judgment_id, kind, made_at)
SELECT project_id, participation_id, id, 'attention', now() FROM annotator_judgment WHERE project_id = %(project)s;
INSERT INTO annotator_auditevent (project_id, action, subject, details, at)
SELECT %(project)s, 'export', '', '{}', now() FROM generate_series(1, %(rows)s);
INSERT INTO annotator_panelsession (project_id, participation_id, session_id, study_id, outcome, started_at, ended_at)
SELECT %(project)s, (SELECT min(id) FROM annotator_participation WHERE project_id = %(project)s), n, '', 'complete', now(), now() FROM generate_series(1, %(rows)s) n;
ANALYZE annotator_prompt, annotator_candidateset, annotator_qualityflag, annotator_auditevent, annotator_panelsession;
"""


@pytest.fixture
def large(client: Client) -> Project:
    project = make_project(languages=["en", "fr"])
    make_set(project)
    make_judgment(make_participation(project, make_annotator()))
    make_many(project, judgments=ROWS)
    with connection.cursor() as cursor:
        cursor.execute(MORE, {"project": project.pk, "rows": ROWS})
    client.force_login(make_admin())
    return project


def pages(client: Client, model: Any, **query: str) -> list[int]:
    address = reverse(f"admin:annotator_{model._meta.model_name}_changelist")
    shown = []

    def look() -> None:
        shown.append(client.get(address, query).context["cl"].result_count)

    plans = plans_of(look)
    assert shown == [0], (model, query)
    return [plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] for plan in plans]


def test_what_is_not_there_is_not_searched_for(client: Client, large: Project) -> None:
    filters: list[tuple[Any, dict[str, str]]] = [
        (Judgment, {"way_out": "none"}),
        (Change, {"kind__exact": "withdrawn"}),
        (Comparison, {"kind__exact": "gold"}),
        (CandidateSet, {"state__exact": "failed"}),
        (CandidateSet, {"language": "fr"}),
        (Prompt, {"source__exact": "own"}),
        (Prompt, {"language": "fr"}),
        (QualityFlag, {"seen": "yes"}),
        (QualityFlag, {"kind__exact": "gold"}),
        (AuditEvent, {"action__exact": "erase"}),
        (PanelSession, {"outcome__exact": "returned"}),
    ]
    found = {}
    for model, query in filters:
        for project in ({}, {"project__id__exact": str(large.pk)}):
            touched = pages(client, model, **query, **project)
            found[f"{model.__name__} {query} {project}"] = max(touched)
    too_many = {name: count for name, count in found.items() if count > FEW_PAGES}
    assert not too_many
