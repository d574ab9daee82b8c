"""Candidates made elsewhere come in, with their prompts; their comparisons open at once. All or nothing."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from math import isfinite

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from annotator.markup import render_markdown
from annotator.models import CandidateSet, Project, Response
from annotator.services.comparisons import open_for
from annotator.services.foreign_rows import adapt_row, brings_responses
from annotator.services.prompt_rows import MAX_TEXT, RowRules, digest, is_visible, text_problem
from annotator.services.prompts import CheckedRow, ImportReport, count_rows, stage, store_prompts
from annotator.services.readers import BadRow, Row
from annotator.services.staging import StagedSet, Staging

FEWEST, MOST = 2, 8
"""Responses of one set."""

BATCH = 250
"""Sets that are stored and opened together."""
_MODEL_LENGTH = 200
_CODE_LENGTH = 200
_CODES = 50

Parsed = dict[str, object]


def import_candidates(
    *,
    project: Project,
    rows: Iterable[Row],
    strategy: str = "imported",
    rules: RowRules | None = None,
    skip_bad: bool = False,
    with_bare_prompts: bool = False,
    on_progress: Callable[[int], None] | None = None,
) -> ImportReport:
    """Store each row's prompt, its responses as a complete set, and open the set's comparisons.

    Rows may have any shape that `services.foreign_rows` knows. The rules of `import_prompts` hold for the
    prompts. A set is known by its prompt and its responses, so the same file again adds nothing; other
    responses to a prompt make another set. `with_bare_prompts` also takes rows that say nothing of responses.
    """
    rules = rules or RowRules()
    with transaction.atomic():
        report, staging = stage(
            project=project,
            rows=_check_rows(rows, rules, on_progress, bare=with_bare_prompts),
            skip_bad=skip_bad,
        )
        if report.refused:
            transaction.set_rollback(True)
        else:
            store_prompts(staging=staging, report=report)
            _store_sets(project, staging, strategy, report)
    return report


def _check_rows(
    rows: Iterable[Row],
    rules: RowRules,
    on_progress: Callable[[int], None] | None,
    *,
    bare: bool,
) -> Iterator[CheckedRow]:
    for number, line, values in count_rows(rows, on_progress):
        row = values if isinstance(values, BadRow) or rules.mapping else adapt_row(values)
        if isinstance(row, BadRow):
            yield number, line, row, None
            continue
        prompt = rules.read(row)
        if bare and not brings_responses(row):
            yield number, line, prompt, None
            continue
        responses = _read_responses(row.get("responses"))
        if isinstance(responses, BadRow) and not isinstance(prompt, BadRow):
            yield number, line, responses, None
        else:
            yield number, line, prompt, json.dumps(responses, ensure_ascii=False)


def _read_responses(values: object) -> list[Parsed] | BadRow:
    """Check the responses of a row; return each as text, model and codes."""
    if not isinstance(values, list) or not FEWEST <= len(values) <= MOST:
        return BadRow(
            _("responses: This must be a list of %(fewest)d to %(most)d responses.")
            % {"fewest": FEWEST, "most": MOST}
        )
    responses = [{"text": value} if isinstance(value, str) else value for value in values]
    for number, response in enumerate(responses, start=1):
        problem = _response_problem(response)
        if problem:
            return BadRow(f"responses, {number}: {problem}")
    texts = [response["text"].strip() for response in responses]
    for number, text in enumerate(texts):
        if text in texts[:number]:
            sentence = _("responses, %(number)d: It is identical to response %(other)d.")
            return BadRow(sentence % {"number": number + 1, "other": texts.index(text) + 1})
    return [
        {"text": r["text"], "model": r.get("model") or "", "codes": r.get("codes") or {}}
        for r in responses
    ]


def _response_problem(response: object) -> str:
    if not isinstance(response, dict):
        return _("This must be a text, or an object such as {“text”: “…”, “model”: “…”}.")
    text = response.get("text")
    problem = text_problem(text, MAX_TEXT)
    if isinstance(text, str) and not problem and not is_visible(text):
        problem = _("There is nothing to read in it.")
    if not problem and response.get("model") is not None:
        problem = text_problem(response["model"], _MODEL_LENGTH)
    return problem or _codes_problem(response.get("codes"))


def _codes_problem(codes: object) -> str:
    if codes is None:
        return ""
    if not isinstance(codes, Mapping) or len(codes) > _CODES:
        return _("“codes” must be an object with at most %(limit)d names.") % {"limit": _CODES}
    for name, value in codes.items():
        if text_problem(name, _CODE_LENGTH) or not _is_code(value):
            return _("The code “%(name)s” must be a short text, a number, true, false or null.") % {
                "name": ascii(name)[:50]
            }
    return ""


def _is_code(value: object) -> bool:
    if isinstance(value, str):
        return not text_problem(value, _CODE_LENGTH)
    return value is None or isinstance(value, int) or (isinstance(value, float) and isfinite(value))


def _store_sets(project: Project, staging: Staging, strategy: str, report: ImportReport) -> None:
    for batch in staging.read_sets(BATCH):
        sets = _store_batch(project, batch, strategy)
        report.sets_added += len(sets)
        report.comparisons_opened += open_for(candidate_sets=sets)


def _store_batch(project: Project, batch: list[StagedSet], strategy: str) -> list[CandidateSet]:
    """Store those sets of a batch that are new; a set's key is unique, and imports run one at a time."""
    keyed = {digest([row.import_key, row.responses]): row for row in batch}
    known = set(
        CandidateSet.objects.filter(project=project, import_key__in=keyed).values_list(
            "import_key", flat=True
        )
    )
    sets = [
        CandidateSet(
            project=project,
            prompt_id=row.prompt_id,
            import_key=key,
            language=row.language,
            strategy=strategy,
            state=CandidateSet.State.COMPLETE,
            completed_at=timezone.now(),
        )
        for key, row in keyed.items()
        if key not in known
    ]
    CandidateSet.objects.bulk_create(sets)
    Response.objects.bulk_create(
        [
            Response(
                project=project,
                candidate_set=candidate_set,
                slot=slot,
                text=response["text"],
                html=render_markdown(response["text"]),
                strategy=strategy,
                model=response["model"],
                codes=response["codes"],
            )
            for candidate_set in sets
            for slot, response in enumerate(
                json.loads(keyed[str(candidate_set.import_key)].responses)
            )
        ]
    )
    return sets
