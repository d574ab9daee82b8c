"""Aligned sets: a complete set in another language, response by response, opened by a reviewer."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import partial

from django.conf import settings
from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from annotator.bells import ring_run
from annotator.errors import Refused
from annotator.markup import render_markdown
from annotator.models import (
    Annotator,
    CandidateSet,
    Diversity,
    GenerationRun,
    Project,
    Prompt,
    PromptGroup,
    Response,
    TranslationDraft,
)
from annotator.services.comparisons import open_for
from annotator.services.generation.runs import check_request
from annotator.services.prompt_rows import MAX_TEXT, is_visible, text_problem
from pluralism.checks import CheckedResponse, CheckedSet, describe_set
from pluralism.languages import detector_for
from pluralism.similarity import CHAR_NGRAMS
from pluralism.strategies import Candidate
from pluralism.strategies.translation import Translation

State = CandidateSet.State

# The newest of a group's complete sets is its source. A set that is itself a translation never is: the
# faults of two translations would add up.
SOURCES = """
    SELECT DISTINCT ON (prompt.group_id) prompt.group_id, s.id
    FROM annotator_candidateset s
    JOIN annotator_prompt prompt ON prompt.id = s.prompt_id
    JOIN annotator_promptgroup prompt_group ON prompt_group.id = prompt.group_id AND prompt_group.kind = 'translation'
    LEFT JOIN annotator_generationrun run ON run.id = s.run_id
    WHERE s.project_id = %(project)s AND s.language = %(language)s AND s.state = 'complete' AND s.source_set_id IS NULL
      AND (run.id IS NULL OR run.purpose = 'collect')
      AND %(candidates)s = (SELECT count(*) FROM annotator_response response WHERE response.candidate_set_id = s.id)
    ORDER BY prompt.group_id, s.id DESC
"""

QUEUE_TARGETS = """
    INSERT INTO annotator_candidateset (project_id, run_id, prompt_id, source_set_id, language, strategy, template_version, seed, state, attempt, faults, failure, failure_detail, created_at)
    SELECT target.project_id, %(run)s, target.id, source.id, target.language, %(strategy)s, %(template_version)s,
           hashtextextended(target.id::text, %(seed)s) & 9223372036854775807, 'queued', 0, 0, '', '', now()
    FROM unnest(%(groups)s::bigint[], %(sources)s::bigint[]) AS source (group_id, id)
    JOIN annotator_prompt target ON target.group_id = source.group_id
    WHERE target.source = 'pregenerated' AND target.language <> %(source_language)s
      AND (%(target_languages)s::text[] = '{}' OR target.language = ANY (%(target_languages)s))
      AND NOT EXISTS (
          SELECT FROM annotator_candidateset living
          WHERE living.source_set_id = source.id AND living.prompt_id = target.id AND living.state IN ('queued', 'running', 'review', 'complete'))
    ORDER BY target.id LIMIT %(limit)s
"""


def start_alignment(
    *,
    project: Project,
    source_language: str,
    target_languages: Sequence[str] = (),
    model: str = "",
    limit: int | None = None,
    created_by: Annotator | None = None,
) -> GenerationRun:
    """Queue a translation for each prompt whose group has a complete set in the source language.

    The source of a group is its newest complete set that people compare: never a trial, never itself a
    translation, and with as many responses as the project asks for. No `target_languages` means all
    others; an empty `model` the configured one. Prompts with a translation of that very set, waiting or
    accepted, are left out, so asking again adds what is missing, and a newer source set is translated
    beside the older one.
    """
    model = model or settings.VLLM_MODEL
    check_request(project, model, [source_language, *target_languages], limit, ())
    if source_language in target_languages:
        sentence = _("Choose other languages than the one to translate from.")
        raise Refused("same_language", sentence, fields={"target_languages": sentence})
    made_by = Translation()
    with transaction.atomic():
        # Two requests at the same moment must not queue the same prompts twice.
        Project.objects.select_for_update(no_key=True).only("pk").get(pk=project.pk)
        run = GenerationRun.objects.create(
            project=project,
            purpose=GenerationRun.Purpose.ALIGN,
            strategy=made_by.name,
            parameters=made_by.model_dump(mode="json"),
            model=model,
            languages=list(target_languages),
            candidates=project.candidates,
            created_by=created_by,
        )
        sources = _find_sources(project, source_language)
        if not sources:
            raise _no_sources(project, source_language)
        if _queue(run, source_language, sources, made_by.template_version, limit) == 0:
            raise Refused(
                "nothing_to_align",
                _(
                    "There is nothing to translate: the groups have no prompts in these languages, or all of them have their translations. Those that failed are tried again from the page of their run."
                ),
            )
        ring_run(run_id=run.pk, queue=run.queue)
    return run


def _find_sources(project: Project, language: str) -> list[tuple[int, int]]:
    """Return the groups with the set to translate of each."""
    with connection.cursor() as cursor:
        cursor.execute(
            SOURCES,
            {"project": project.pk, "language": language, "candidates": project.candidates},
        )
        return list(cursor.fetchall())


def _no_sources(project: Project, language: str) -> Refused:
    """Say which step is missing."""
    grouped = Prompt.objects.filter(
        project=project, language=language, group__kind=PromptGroup.Kind.TRANSLATION
    )
    if not grouped.exists():
        sentence = _(
            "No prompt in %(language)s belongs to a group of translations. Import the prompts with a group, and say that its prompts are translations of each other."
        )
        return Refused("no_translation_groups", sentence % {"language": language})
    sentence = _(
        "No group of translations has a complete set of %(count)s responses in %(language)s yet. Start generation for %(language)s first."
    )
    return Refused("no_source_sets", sentence % {"language": language, "count": project.candidates})


def _queue(
    run: GenerationRun,
    source_language: str,
    sources: Sequence[tuple[int, int]],
    template_version: str,
    limit: int | None,
) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            QUEUE_TARGETS,
            {
                "run": run.pk,
                "groups": [group_id for group_id, _set_id in sources],
                "sources": [set_id for _group_id, set_id in sources],
                "source_language": source_language,
                "target_languages": run.languages,
                "strategy": run.strategy,
                "template_version": template_version,
                "seed": run.seed,
                "limit": limit,
            },
        )
        return int(cursor.rowcount)


def accept_translation(
    *, candidate_set: CandidateSet, attempt: int, reviewer: Annotator, texts: Mapping[int, str]
) -> CandidateSet:
    """Open a translated set with the texts as reviewed, by slot; all of it or nothing.

    `attempt` says which drafts the reviewer saw. Whoever is second is refused, and so are texts for
    drafts that were replaced meanwhile.
    """
    with transaction.atomic():
        if not _in_review(candidate_set, attempt).update(
            state=State.COMPLETE,
            reviewed_by=reviewer,
            reviewed_at=timezone.now(),
            completed_at=timezone.now(),
        ):
            raise _reviewed_already()
        candidate_set.refresh_from_db()
        drafts = TranslationDraft.objects.filter(candidate_set=candidate_set, attempt=attempt)
        reviewed = [
            (draft, _reviewed(draft, texts))
            for draft in drafts.select_related("source_response").order_by("slot")
        ]
        _check_texts({draft.slot: text for draft, text in reviewed})
        described = _describe(candidate_set, [text for _draft, text in reviewed])
        Response.objects.bulk_create(
            _response(candidate_set, draft, response)
            for (draft, _text), response in zip(reviewed, described.responses, strict=True)
        )
        Diversity.objects.create(
            candidate_set=candidate_set, similarity=CHAR_NGRAMS, **asdict(described.diversity)
        )
        open_for(candidate_sets=[candidate_set])
    return candidate_set


def reject_translation(*, candidate_set: CandidateSet, attempt: int, reason: str) -> None:
    """Refuse the drafts with a reason; the set can be tried again from the page of its run."""
    reason = reason.strip()
    if not reason or text_problem(reason, MAX_TEXT):
        sentence = text_problem(reason, MAX_TEXT) or _("Say what is wrong with the translation.")
        raise Refused("bad_reason", sentence, fields={"reason": sentence})
    if not _in_review(candidate_set, attempt).update(
        state=State.FAILED, failure="rejected_by_reviewer", failure_detail=reason
    ):
        raise _reviewed_already()


def _in_review(candidate_set: CandidateSet, attempt: int) -> QuerySet[CandidateSet]:
    return CandidateSet.objects.filter(pk=candidate_set.pk, state=State.REVIEW, attempt=attempt)


def _reviewed_already() -> Refused:
    return Refused(
        "not_in_review",
        _("This translation is not waiting any more: somebody else was faster. Go on to the next."),
    )


def _reviewed(draft: TranslationDraft, texts: Mapping[int, str]) -> str:
    """Return the text to store: the draft's own where only what a browser does to line breaks differs."""
    text = _with_plain_breaks(texts.get(draft.slot, "")).strip()
    return draft.text if text == _with_plain_breaks(draft.text) else text


def _with_plain_breaks(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _check_texts(texts: Mapping[int, str]) -> None:
    problems: dict[str, str] = {}
    seen: dict[str, int] = {}
    for slot, text in texts.items():
        problem = text_problem(text, MAX_TEXT)
        if not problem and not is_visible(text):
            problem = _("There is nothing to read in it.")
        twin = seen.setdefault(" ".join(text.split()).casefold(), slot)
        if not problem and twin != slot:
            problem = _("It says the same as response %(number)d.") % {"number": twin + 1}
        if problem:
            problems[f"text-{slot}"] = problem
    if problems:
        raise Refused(
            "bad_texts",
            _("The translation can't open as it stands. Correct what is marked, then accept it."),
            fields=problems,
        )


def _describe(candidate_set: CandidateSet, texts: Sequence[str]) -> CheckedSet:
    """Say of the texts what is stored with them; what is wrong with them, the reviewer has decided."""
    detector = detector_for(frozenset(candidate_set.project.languages))
    return describe_set(
        [Candidate(text, request=slot) for slot, text in enumerate(texts)],
        check_language=partial(detector.check, asked=candidate_set.language),
    )


def _response(
    candidate_set: CandidateSet, draft: TranslationDraft, checked: CheckedResponse
) -> Response:
    text = checked.candidate.text
    return Response(
        project_id=candidate_set.project_id,
        candidate_set=candidate_set,
        slot=draft.slot,
        text=text,
        html=render_markdown(text),
        strategy=candidate_set.strategy,
        template_version=draft.template_version,
        model=draft.model,
        seed=draft.seed,
        finish_reason=draft.finish_reason,
        prompt_tokens=draft.prompt_tokens,
        completion_tokens=draft.completion_tokens,
        codes=draft.source_response.codes,
        origin={"edited": text != draft.text},
        source_response=draft.source_response,
        detected_language=checked.language.detected,
        language_check=checked.language.check,
        flags=list(checked.flags),
    )
