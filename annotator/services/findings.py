"""The check of free texts before they are released, and what people decide about its findings.

What an export may hold came through a judgment: the explanation, the message it answers, the prompt of somebody's
own, the responses that were compared. So the log of changes says exactly which texts are new.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction
from django.db.models import F, OuterRef, QuerySet, Subquery
from django.utils import timezone

from annotator.bells import ring
from annotator.models import (
    Annotator,
    AuditEvent,
    Change,
    Finding,
    Project,
    TextCheck,
)
from annotator.models.findings import PLACES
from annotator.selectors.exports import Query, Snapshot
from annotator.services.audit import record
from annotator.services.changes import share_changes
from pluralism.identifying import VERSION, find_identifying

D = Finding.Decision
LOCK = 7354
"""First key of the advisory lock that the check of a project's new texts holds."""
TEXTS_AT_ONCE = 500
TEXTS = """
SELECT change.id, judgment.participation_id, comparison.language, person.country, account.username, account.first_name,
    account.last_name, split_part(account.email, '@', 1), judgment.id, judgment.explanation,
    CASE WHEN turn.number > 1 THEN turn.id END, turn.message, CASE WHEN prompt.source = 'own' THEN prompt.id END, prompt.text
FROM annotator_change change
JOIN annotator_judgment judgment ON judgment.id = change.judgment_id
JOIN annotator_participation person ON person.id = judgment.participation_id
JOIN annotator_annotator account ON account.id = person.annotator_id
JOIN annotator_comparison comparison ON comparison.id = judgment.comparison_id
JOIN annotator_turn turn ON turn.id = judgment.turn_id
JOIN annotator_conversation conversation ON conversation.id = turn.conversation_id
LEFT JOIN annotator_prompt prompt ON prompt.id = conversation.prompt_id AND turn.number = 1
WHERE change.project_id = %(project)s AND change.id > %(cursor)s AND change.kind IN ('judged', 'revised')
    AND person.withdrawn_at IS NULL AND (judgment.explanation <> '' OR turn.message <> '' OR prompt.source = 'own')
ORDER BY change.id"""
# The first judgment about a response brings it, so that each is read once: later ones of its comparison are passed over
# before anything is looked up for them. What answers a person may repeat their name.
RESPONSES = """
SELECT change.id, person.id, candidate_set.language, COALESCE(person.country, ''), COALESCE(account.username, ''),
    COALESCE(account.first_name, ''), COALESCE(account.last_name, ''), COALESCE(split_part(account.email, '@', 1), ''),
    response.id, response.text
FROM (
    SELECT change.id, judgment.id AS judgment_id, judgment.comparison_id
    FROM annotator_change change JOIN annotator_judgment judgment ON judgment.id = change.judgment_id
    WHERE change.project_id = %(project)s AND change.id > %(cursor)s AND change.kind = 'judged' AND NOT EXISTS (
        SELECT FROM annotator_judgment earlier WHERE earlier.comparison_id = judgment.comparison_id AND earlier.id < judgment.id)
    ORDER BY change.id OFFSET 0
) change
JOIN annotator_comparisonoption option ON option.comparison_id = change.comparison_id
JOIN annotator_response response ON response.id = option.response_id
JOIN annotator_candidateset candidate_set ON candidate_set.id = response.candidate_set_id
LEFT JOIN annotator_turn turn ON turn.id = candidate_set.turn_id
LEFT JOIN annotator_conversation conversation ON conversation.id = turn.conversation_id
LEFT JOIN annotator_participation person ON person.id = conversation.participation_id
LEFT JOIN annotator_annotator account ON account.id = person.annotator_id
WHERE person.withdrawn_at IS NULL
    AND NOT EXISTS (
        SELECT FROM annotator_comparisonoption other JOIN annotator_judgment earlier ON earlier.comparison_id = other.comparison_id
        WHERE other.response_id = response.id AND earlier.id < change.judgment_id)
ORDER BY change.id"""
SEARCHES = (
    ("cursor", TEXTS, ("judgment", "turn", "prompt")),
    ("response_cursor", RESPONSES, ("response",)),
)
"""How far each search has come, what is new since, and where its texts stand."""
COLUMNS = [column for column, _sql, _places in SEARCHES]
# What was exported of these judgments reads otherwise now: of the explained one, of those behind a message,
# a prompt or a response.
TELL = """
INSERT INTO annotator_change (project_id, kind, judgment_id, at)
SELECT %(project)s, 'marked', touched.id, clock_timestamp() FROM (
    SELECT finding.judgment_id AS id FROM annotator_finding finding
    WHERE finding.id = ANY(%(findings)s) AND finding.judgment_id IS NOT NULL
    UNION
    SELECT judgment.id FROM annotator_finding finding
    JOIN annotator_turn written ON written.id = finding.turn_id
    JOIN annotator_turn turn ON turn.conversation_id = written.conversation_id AND turn.number >= written.number
    JOIN annotator_judgment judgment ON judgment.turn_id = turn.id
    WHERE finding.id = ANY(%(findings)s)
    UNION
    SELECT judgment.id FROM annotator_finding finding
    JOIN annotator_conversation begun ON begun.participation_id = finding.participation_id AND begun.prompt_id = finding.prompt_id
    JOIN annotator_turn turn ON turn.conversation_id = begun.id
    JOIN annotator_judgment judgment ON judgment.turn_id = turn.id
    WHERE finding.id = ANY(%(findings)s)
    UNION
    SELECT judgment.id FROM annotator_finding finding
    JOIN annotator_comparisonoption option ON option.response_id = finding.response_id
    JOIN annotator_judgment judgment ON judgment.comparison_id = option.comparison_id
    WHERE finding.id = ANY(%(findings)s)
    UNION
    SELECT judgment.id FROM annotator_finding finding
    JOIN annotator_comparisonoption option ON option.response_id = finding.response_id
    JOIN annotator_turn judged ON judged.comparison_id = option.comparison_id
    JOIN annotator_turn later ON later.conversation_id = judged.conversation_id AND later.number > judged.number
    JOIN annotator_judgment judgment ON judgment.turn_id = later.id
    WHERE finding.id = ANY(%(findings)s)
) touched ORDER BY touched.id"""


def check_texts(*, project: Project) -> int:
    """Check the texts that this version of the check has not seen; return how many places it found.

    1. A newer version begins anew; what people decided stays.
    2. Read the new texts inside a snapshot, in the order of the changes that brought them, block by block.
    3. Store a block's findings together with how far it went, so that a check that is broken off goes on there.
    4. What only an older version found, and nobody decided, goes.

    Two checks at once find the same and store it once.
    """
    TextCheck.objects.get_or_create(project=project, defaults={"version": VERSION})
    of_project = TextCheck.objects.filter(project=project)
    of_project.filter(version__lt=VERSION).update(version=VERSION, cursor=0, response_cursor=0)
    done = dict(zip(COLUMNS, of_project.values_list(*COLUMNS).get(), strict=True))
    found = 0
    with Snapshot(project=project) as snapshot:
        for column, sql, places in SEARCHES:
            query = Query(sql, {"project": project.pk, "cursor": done[column]})
            for rows in snapshot.blocks(query, size=TEXTS_AT_ONCE):
                found += _store(
                    [finding for row in rows for finding in _check(project, row, places)]
                )
                # The next block may hold more of the same change.
                _go_on(of_project, column, rows[-1][0] - 1)
            _go_on(of_project, column, snapshot.cursor)
    Finding.objects.filter(project=project, version__lt=VERSION, decision="").delete()
    return found


def check_new_texts(*, project: Project) -> None:
    """Check the texts that nobody has checked, unless somebody is at it: the sweep rings again and again meanwhile."""
    lock = [LOCK, project.pk]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", lock)
        (is_alone,) = cursor.fetchone()
    if not is_alone:
        return
    try:
        check_texts(project=project)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s, %s)", lock)


def ring_for_texts() -> int:
    """Ring for the projects with texts that nobody has checked; return how many."""
    newest = Change.objects.filter(project=OuterRef("pk")).order_by("-id").values("id")[:1]
    waiting = (
        Project.objects.annotate(newest=Subquery(newest))
        .filter(newest__isnull=False)
        .exclude(
            text_check__version=VERSION,
            text_check__cursor__gte=F("newest"),
            text_check__response_cursor__gte=F("newest"),
        )
        .values_list("pk", flat=True)
    )
    for project_id in waiting:
        ring("workers.check_texts", project_id=project_id)
    return len(waiting)


@contextmanager
def checked_texts(*, project: Project) -> Iterator[Snapshot]:
    """Give a snapshot in which every text is checked.

    1. Check what there is, while people go on answering; then what came during that, which may have taken long.
    2. Hold the project's change lock, so that nothing is added, for the moment in which the few new texts are
       checked and the snapshot is taken.
    """
    for _time in range(2):
        check_texts(project=project)
    lock = [Change.ADVISORY_LOCK, project.pk]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s, %s)", lock)
        try:
            check_texts(project=project)
            snapshot = Snapshot(project=project)
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s, %s)", lock)
    with snapshot:
        yield snapshot


@transaction.atomic
def decide_findings(
    *, project: Project, decisions: Mapping[int, str], by: Annotator | None = None
) -> int:
    """Decide what becomes of findings, by their ids; return how many were decided otherwise than before.

    What an export says of their judgments changes with it, so increments are told. Findings of other projects
    and decisions that there are not change nothing, nor does withholding a response. The log names the findings, never what
    was found.
    """
    share_changes(project_id=project.pk)
    with connection.cursor() as cursor:
        changed = []
        for decision in (D.RELEASE, D.REDACT, D.WITHHOLD):
            wanted = [pk for pk, said in decisions.items() if said == decision]
            rows = Finding.objects.select_for_update().filter(project=project, pk__in=wanted)
            if decision == D.WITHHOLD:
                rows = rows.filter(response=None)
            fresh = list(
                rows.exclude(decision=decision).order_by("pk").values_list("pk", flat=True)
            )
            if not fresh:
                continue
            changed += fresh
            Finding.objects.filter(pk__in=fresh).update(
                decision=decision, decided_by=by, decided_at=timezone.now()
            )
            record(
                project=project,
                action=AuditEvent.Action.REVIEW,
                by=by,
                subject=decision,
                findings=fresh,
            )
        if changed:
            cursor.execute(TELL, {"project": project.pk, "findings": changed})
    return len(changed)


def release_responses(*, project: Project, until: int, by: Annotator | None = None) -> int:
    """Decide that all responses go as they are, as far as nothing was decided and no finding is newer than `until`."""
    undecided = Finding.objects.filter(
        project=project, decision="", response__isnull=False, pk__lte=until
    )
    return decide_findings(
        project=project,
        decisions=dict.fromkeys(undecided.values_list("pk", flat=True), D.RELEASE),
        by=by,
    )


def _go_on(of_project: QuerySet[TextCheck], column: str, change: int) -> None:
    """Write down how far a search has come, unless another has come further."""
    of_project.filter(**{f"{column}__lt": change}).update(**{column: change})


def _check(project: Project, row: tuple[Any, ...], places: Sequence[str]) -> Iterator[Finding]:
    """Yield what is found in the texts that came with one change."""
    (_change, person, language, country, *names), texts = row[:8], row[8:]
    for place, number, text in zip(places, texts[::2], texts[1::2], strict=True):
        if number is None or not text:
            continue
        for found in find_identifying(
            text.decode(),
            names=[name.decode() for name in names],
            countries=[country.decode()],
            language=language.decode(),
        ):
            yield Finding(
                project=project,
                participation_id=person,
                kind=found.kind,
                start=found.start,
                end=found.end,
                version=VERSION,
                **{f"{place}_id": number},
            )


def _store(findings: list[Finding]) -> int:
    """Store findings; one that is there keeps what was decided about it."""
    different = {
        (f.judgment_id, f.turn_id, f.prompt_id, f.response_id, f.start, f.end, f.kind): f
        for f in findings
    }
    Finding.objects.bulk_create(
        different.values(),
        update_conflicts=True,
        unique_fields=[*PLACES, "start", "end", "kind"],
        update_fields=["version"],
    )
    return len(different)
