"""Candidates while a person waits: the turns of a conversation, and what an admin tries out."""

import uuid
from collections.abc import Mapping, Sequence

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from annotator.bells import ring_run
from annotator.errors import Refused
from annotator.models import Annotator, CandidateSet, GenerationRun, Project, Prompt, Turn, Wave
from annotator.selectors.endpoints import generating_endpoints
from annotator.services.generation.queue import ClaimedSet
from annotator.services.generation.runs import check_request, checked_strategy
from annotator.services.own_words import use_words_of_author
from annotator.services.prompt_rows import MAX_TEXT, is_visible, text_problem
from pluralism.strategies import Strategy

State = GenerationRun.State
LIVING = (CandidateSet.State.QUEUED, CandidateSet.State.RUNNING, CandidateSet.State.COMPLETE)

# Whoever holds one of them has lost it: its token is gone, so a late answer is refused.
MOVE = """
    WITH waiting AS (
        SELECT id FROM annotator_candidateset WHERE run_id = %(earlier)s AND state IN ('queued', 'running') ORDER BY id FOR UPDATE)
    UPDATE annotator_candidateset s
    SET run_id = %(run)s, strategy = %(strategy)s, template_version = %(template_version)s, state = 'queued', faults = 0,
        not_before = NULL, token = NULL, lease_until = NULL, progress = NULL
    FROM waiting WHERE s.id = waiting.id
"""

PROGRESS = """
    UPDATE annotator_candidateset s SET progress = held.progress::int[]
    FROM unnest(%s::bigint[], %s::uuid[], %s::text[]) AS held (id, token, progress)
    WHERE s.id = held.id AND s.token = held.token AND s.state = 'running'
"""


def ask_for_turn(*, turn: Turn) -> CandidateSet:
    """Queue the candidates of a turn ahead of everything else, and ring; asked again, it is the same set.

    1. Refuse where nothing can answer: the project is not open, no model server is configured, or the
       conversation has ended. The message stays stored.
    2. Find the project's standing run; where the wave, the model or k have changed, put another in its
       place, and let those who still wait come along.
    3. Queue the set. A set that failed stays, and another takes its place. Where the wave asks what matters
       to people, one of its candidates is made with the author's own words.
    """
    with transaction.atomic():
        # Two requests at the same moment must not ask twice, nor start two runs.
        project = Project.objects.select_for_update(no_key=True).get(
            pk=turn.conversation.project_id
        )
        living = CandidateSet.objects.filter(turn=turn, state__in=LIVING).first()
        if living is not None:
            return living
        _check_turn(turn, project)
        wave = Wave.objects.filter(project=project).latest("number")
        run, made_by = _standing_run(project, wave)
        candidate_set = CandidateSet.objects.create(
            project=project,
            run=run,
            turn=turn,
            language=_prompt_of(turn).language,
            strategy=run.strategy,
            template_version=made_by.template_version,
        )
        use_words_of_author(candidate_set=candidate_set, turn=turn, wave=wave, strategy=made_by)
        ring_run(run_id=run.pk, queue=run.queue)
    return candidate_set


def _check_turn(turn: Turn, project: Project) -> None:
    if turn.conversation.finished_at is not None:
        raise Refused(
            "conversation_ended", _("This conversation has ended. Go on with the next task.")
        )
    if project.state != Project.State.OPEN:
        raise Refused(
            "project_not_open",
            _(
                "The project hands out nothing at the moment, so nobody answers now. Your message is kept; come back later."
            ),
        )
    if not generating_endpoints():
        raise Refused(
            "no_model_server",
            _("No model answers in this project. Your message is kept; go on with another task."),
        )


def _prompt_of(turn: Turn) -> Prompt:
    prompt = turn.conversation.prompt
    assert prompt is not None, "a conversation of two prompts has no further turns"
    return prompt


def _standing_run(project: Project, wave: Wave) -> tuple[GenerationRun, Strategy]:
    """Return the run that makes the project's live sets as this wave says, and its strategy."""
    made_by = checked_strategy(
        wave.setting("strategy"),
        wave.setting("strategy_parameters"),
        candidates=project.candidates,
    )
    wanted = {
        "strategy": made_by.name,
        "parameters": made_by.model_dump(mode="json"),
        "model": settings.VLLM_MODEL,
        "candidates": project.candidates,
    }
    standing = (
        GenerationRun.objects.select_for_update(no_key=True)
        .filter(
            project=project,
            purpose=GenerationRun.Purpose.LIVE,
            state__in=(State.RUNNING, State.PAUSED),
        )
        .first()
    )
    if standing is not None:
        if all(getattr(standing, name) == value for name, value in wanted.items()):
            return standing, made_by
        standing.state, standing.finished_at, standing.pause_reason = (
            State.FINISHED,
            timezone.now(),
            "",
        )
        standing.save(update_fields=["state", "finished_at", "pause_reason"])
    run = GenerationRun.objects.create(
        project=project,
        purpose=GenerationRun.Purpose.LIVE,
        queue=GenerationRun.Queue.INTERACTIVE,
        **wanted,
    )
    if standing is not None:
        _move(standing, run, made_by.template_version)
    return run, made_by


def _move(earlier: GenerationRun, run: GenerationRun, template_version: str) -> None:
    """Let the sets that are not made yet be made by another run, in its way."""
    with connection.cursor() as cursor:
        cursor.execute(
            MOVE,
            {
                "earlier": earlier.pk,
                "run": run.pk,
                "strategy": run.strategy,
                "template_version": template_version,
            },
        )


def start_trial(
    *,
    project: Project,
    prompt: Prompt | None = None,
    text: str = "",
    language: str = "",
    strategy: str = "",
    parameters: Mapping[str, object] | None = None,
    created_by: Annotator | None = None,
) -> CandidateSet:
    """Queue one set for an admin who waits: of a prompt of the project, or of a text of their own.

    Nobody compares it, and it is not counted as made. The text is kept as a prompt of its own kind, which
    no other run takes. An empty `strategy` means the project's own, with its parameters.
    """
    if strategy in ("", project.strategy) and parameters is None:
        strategy, parameters = project.strategy, project.strategy_parameters
    made_by = checked_strategy(strategy, parameters or {}, candidates=project.candidates)
    check_request(project, settings.VLLM_MODEL, [language] if language else [], None, ())
    with transaction.atomic():
        prompt = prompt or _trial_prompt(project, text, language)
        run = GenerationRun.objects.create(
            project=project,
            purpose=GenerationRun.Purpose.TRIAL,
            queue=GenerationRun.Queue.INTERACTIVE,
            strategy=made_by.name,
            parameters=made_by.model_dump(mode="json"),
            model=settings.VLLM_MODEL,
            candidates=project.candidates,
            created_by=created_by,
        )
        candidate_set = CandidateSet.objects.create(
            project=project,
            run=run,
            prompt=prompt,
            language=prompt.language,
            strategy=run.strategy,
            template_version=made_by.template_version,
        )
        ring_run(run_id=run.pk, queue=run.queue)
    return candidate_set


def _trial_prompt(project: Project, text: str, language: str) -> Prompt:
    problem = text_problem(text, MAX_TEXT)
    if problem or not is_visible(text):
        sentence = problem or _("Write what the model is to answer.")
        raise Refused("bad_text", sentence, fields={"text": sentence})
    return Prompt.objects.create(
        project=project,
        source=Prompt.Source.TRIAL,
        import_key=f"trial-{uuid.uuid4()}",
        text=text,
        language=language or project.languages[0],
    )


def record_progress(*, progress: Sequence[tuple[ClaimedSet, Sequence[int]]]) -> None:
    """Write how many tokens each request of the sets has brought so far, in one statement at most."""
    if not progress:
        return
    ordered = sorted(progress, key=lambda one: one[0].set_id)
    with connection.cursor() as cursor:
        cursor.execute(
            PROGRESS,
            [
                [claimed.set_id for claimed, _tokens in ordered],
                [str(claimed.token) for claimed, _tokens in ordered],
                ["{" + ",".join(map(str, tokens)) + "}" for _claimed, tokens in ordered],
            ],
        )
