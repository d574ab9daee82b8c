"""Starting and steering runs. Each change of state is one conditional statement."""

from collections.abc import Mapping, Sequence

from django.conf import settings
from django.core.exceptions import ValidationError as InvalidValue
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from pydantic import ValidationError

from annotator.bells import ring_run
from annotator.errors import Refused
from annotator.models import Annotator, GenerationRun, Project
from annotator.models.fields import validate_language_tag
from annotator.selectors.endpoints import generating_endpoints
from annotator.selectors.profiles import with_profiles
from annotator.selectors.wanted import WANTED_PROMPTS
from annotator.services.generation.queue import finish_runs
from annotator.services.own_words import FEWEST_LENDERS, use_lent_words
from pluralism.strategies import STRATEGIES, Strategy, UnfitError, make_strategy

State = GenerationRun.State
Purpose = GenerationRun.Purpose
Queue = GenerationRun.Queue

QUEUE_PROMPTS = f"""
    INSERT INTO annotator_candidateset (project_id, run_id, prompt_id, language, strategy, template_version, seed, state, attempt, faults, failure, failure_detail, created_at)
    SELECT prompt.project_id, %(run)s, prompt.id, prompt.language, %(strategy)s, %(template_version)s,
           hashtextextended(prompt.id::text, %(seed)s) & 9223372036854775807, 'queued', 0, 0, '', '', now()
    {WANTED_PROMPTS}
"""

CANCEL_SETS = """
    WITH waiting AS (
        SELECT id FROM annotator_candidateset WHERE run_id = %s AND state IN ('queued', 'running') ORDER BY id FOR UPDATE)
    UPDATE annotator_candidateset s SET state = 'cancelled', token = NULL, lease_until = NULL FROM waiting WHERE s.id = waiting.id
"""

# An aligned set that a later run makes again stays as it is.
REQUEUE_FAILED = """
    UPDATE annotator_candidateset s SET state = 'queued', faults = 0, not_before = NULL, failure = '', failure_detail = ''
    WHERE s.run_id = %s AND s.state IN ('failed', 'truncated')
      AND NOT EXISTS (
          SELECT FROM annotator_candidateset living
          WHERE living.source_set_id = s.source_set_id AND living.prompt_id = s.prompt_id AND living.state IN ('queued', 'running', 'review', 'complete'))
"""


def start_run(
    *,
    project: Project,
    strategy: str = "",
    parameters: Mapping[str, object] | None = None,
    model: str = "",
    languages: Sequence[str] = (),
    limit: int | None = None,
    endpoints: Sequence[str] = (),
    purpose: str = Purpose.COLLECT,
    queue: str = Queue.BULK,
    created_by: Annotator | None = None,
) -> GenerationRun:
    """Queue one candidate set for each shared prompt that has none made in this way, and ring the workers.

    An empty `strategy` means the project's own, with its parameters unless others are given; an empty
    `model` the configured one; no `endpoints` all that serve the model. Value profiles may be named by their slugs. Prompts whose set of the same strategy, parameters and model is complete
    or under way are left out, so asking again after an import makes only what is missing. A trial leaves
    nothing out and is never counted as made: it takes the oldest prompts, so that trials can be compared.
    """
    strategy, parameters = _with_defaults(project, strategy, parameters)
    made_by = checked_strategy(
        strategy,
        with_profiles(parameters=parameters, project=project),
        candidates=project.candidates,
    )
    model = model or settings.VLLM_MODEL
    check_request(project, model, languages, limit, endpoints)
    with transaction.atomic():
        # Two requests at the same moment must not queue the same prompts twice.
        Project.objects.select_for_update(no_key=True).only("pk").get(pk=project.pk)
        run = GenerationRun.objects.create(
            project=project,
            strategy=strategy,
            parameters=made_by.model_dump(mode="json"),
            model=model,
            endpoints=list(endpoints),
            languages=list(languages),
            candidates=project.candidates,
            purpose=purpose,
            queue=queue,
            created_by=created_by,
        )
        if _queue_prompts(run, made_by.template_version, limit) == 0:
            raise Refused(
                "nothing_to_generate",
                _(
                    "There is no prompt to generate for: import prompts in these languages, or choose another strategy, model or parameter. Prompts that already have candidates made in this way are left out."
                ),
            )
        if made_by.words_per_set and not use_lent_words(run=run, strategy=made_by):
            sentence = _(
                "In none of these languages do %(least)d people lend their own words yet. Leave own_words at 0, or wait until more do."
            ) % {"least": FEWEST_LENDERS}
            raise Refused("no_words", sentence, fields={"parameters.own_words": sentence})
        ring_run(run_id=run.pk, queue=run.queue)
    return run


def _with_defaults(
    project: Project, strategy: str, parameters: Mapping[str, object] | None
) -> tuple[str, Mapping[str, object]]:
    if strategy in ("", project.strategy):
        return project.strategy, project.strategy_parameters if parameters is None else parameters
    return strategy, parameters or {}


def checked_strategy(name: str, parameters: Mapping[str, object], *, candidates: int) -> Strategy:
    """Return the strategy with its parameters for sets of so many candidates; refuse what it does not take, field by field."""
    if name not in STRATEGIES:
        sentence = _("There is no strategy “%(name)s”. Choose one of: %(names)s.") % {
            "name": name,
            "names": ", ".join(STRATEGIES),
        }
        raise Refused("unknown_strategy", sentence, fields={"strategy": sentence})
    try:
        strategy = make_strategy(name, parameters)
        strategy.check_k(candidates)
    except UnfitError as error:
        sentence = _(error.sentence)
        raise Refused(
            "bad_parameters", sentence, fields={f"parameters.{error.parameter}": sentence}
        ) from None
    except ValidationError as error:
        fields = {
            ".".join(["parameters", *map(str, item["loc"])]): item["msg"] for item in error.errors()
        }
        sentences = "; ".join(
            f"{field.removeprefix('parameters.')}: {message}" for field, message in fields.items()
        )
        raise Refused(
            "bad_parameters",
            _("The strategy does not take these parameters. %(faults)s") % {"faults": sentences},
            fields=fields,
        ) from None
    return strategy


def check_request(
    project: Project,
    model: str,
    languages: Sequence[str],
    limit: int | None,
    endpoints: Sequence[str],
) -> None:
    """Refuse what no run may ask for."""
    fields = {}
    if len(model) > 200 or not model.isprintable():
        fields["model"] = _("A model's name has at most 200 printable characters.")
    for tag in languages:
        try:
            validate_language_tag(tag)
        except InvalidValue as error:
            fields["languages"] = " ".join(error.messages)
    if limit is not None and not 1 <= limit < 2**31:
        fields["limit"] = _("The limit is a whole number from 1 on.")
    if fields:
        raise Refused("bad_request", " ".join(fields.values()), fields=fields)
    _check_endpoints(endpoints)
    if project.state == Project.State.CLOSED:
        raise Refused(
            "project_closed", _("The project is closed. Open it before candidates are made.")
        )


def _check_endpoints(names: Sequence[str]) -> None:
    known = [endpoint.name for endpoint in generating_endpoints()]
    if not known:
        raise Refused(
            "no_model_server",
            _(
                "No model server is configured. Set VLLM_BASE_URL, for example http://127.0.0.1:8001/v1, and restart."
            ),
        )
    if unknown := [name for name in names if name not in known]:
        sentence = _(
            "There is no model server “%(name)s” that makes candidates. Choose from: %(names)s."
        ) % {"name": unknown[0], "names": ", ".join(known)}
        raise Refused("unknown_endpoint", sentence, fields={"endpoints": sentence})


def _queue_prompts(run: GenerationRun, template_version: str, limit: int | None) -> int:
    values = {
        "run": run.pk,
        "project": run.project_id,
        "strategy": run.strategy,
        "template_version": template_version,
        "parameters": run.parameters,
        "model": run.model,
        "candidates": run.candidates,
        "seed": run.seed,
        "languages": run.languages,
        "limit": limit,
        "trial": run.purpose == Purpose.TRIAL,
    }
    with connection.cursor() as cursor:
        cursor.execute(
            QUEUE_PROMPTS,
            values
            | {
                "parameters": GenerationRun._meta.get_field("parameters").get_db_prep_value(
                    run.parameters, connection
                )
            },
        )
        return int(cursor.rowcount)


def pause_run(*, run: GenerationRun, reason: str = "") -> None:
    """Stop claiming; what is with the model server now may still arrive and is stored."""
    if not GenerationRun.objects.filter(pk=run.pk, state=State.RUNNING).update(
        state=State.PAUSED, pause_reason=reason
    ):
        raise Refused("not_running", _("Only a running run can be paused."))


def set_notice(*, run: GenerationRun, notice: str) -> None:
    """Say on a running run what it waits for; empty when it goes on."""
    GenerationRun.objects.filter(pk=run.pk, state=State.RUNNING).update(pause_reason=notice)


def resume_run(*, run: GenerationRun) -> None:
    """Go on with a paused run, with the server's version and model as they are now."""
    with transaction.atomic():
        if not GenerationRun.objects.filter(pk=run.pk, state=State.PAUSED).update(
            state=State.RUNNING, pause_reason="", server_version="", served_model=""
        ):
            raise Refused("not_paused", _("Only a paused run can be resumed."))
        ring_run(run_id=run.pk, queue=run.queue)
    finish_runs(run_ids=[run.pk])


def cancel_run(*, run: GenerationRun) -> None:
    """End a run for good. Complete sets stay; answers that arrive from now on are refused."""
    with transaction.atomic():
        going = GenerationRun.objects.filter(pk=run.pk, state__in=[State.RUNNING, State.PAUSED])
        if not going.update(state=State.CANCELLED, pause_reason="", finished_at=timezone.now()):
            raise Refused("already_ended", _("This run has already ended."))
        with connection.cursor() as cursor:
            cursor.execute(CANCEL_SETS, [run.pk])


def retry_failed(*, run: GenerationRun) -> int:
    """Queue the failed and truncated sets of a run once more, with fresh seeds; return how many."""
    with transaction.atomic():
        if (
            GenerationRun.objects.select_for_update(no_key=True).get(pk=run.pk).state
            == State.CANCELLED
        ):
            raise Refused("cancelled", _("This run was cancelled. Start a new one."))
        with connection.cursor() as cursor:
            cursor.execute(REQUEUE_FAILED, [run.pk])
            count = int(cursor.rowcount)
        if count == 0:
            raise Refused("nothing_failed", _("No set of this run has failed."))
        GenerationRun.objects.filter(pk=run.pk).update(
            state=State.RUNNING, pause_reason="", finished_at=None
        )
        ring_run(run_id=run.pk, queue=run.queue)
    return count
