"""Going on: the next message, a prompt of one's own, and the end of a conversation."""

import uuid

from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from annotator.errors import Missing, Refused
from annotator.models import Conversation, Participation, Prompt, Turn, Wave
from annotator.selectors.conversations import NextTurn, begins_with_own_prompt, find_paths
from annotator.services.drafts import forget_draft
from annotator.services.prompt_rows import is_visible, text_problem

MAX_MESSAGE = 10_000
"""Characters of a message or of an own prompt."""

# Whoever makes them has lost them: the token is gone, so a late answer is refused.
CANCEL = """
    UPDATE annotator_candidateset SET state = 'cancelled', token = NULL, lease_until = NULL, progress = NULL
    WHERE turn_id = %s AND state IN ('queued', 'running')
"""


def send_message(*, participation: Participation, wave: Wave, turn_id: int, message: str) -> Turn:
    """Store the next message of a conversation; sent again, it gives the turn that is there.

    1. Lock the conversation of the turn, which is the person's own.
    2. Written on before: the same message again (a second click) is that one; another one is refused, and the
       person told that the first stands.
    3. Store the turn. Its candidates are asked for after the commit, so nothing can lose the message.
    """
    _check(message)
    with transaction.atomic():
        turn = _locked(participation, turn_id)
        following = Turn.objects.filter(conversation=turn.conversation, number=turn.number + 1)
        stored = following.first()
        if stored and stored.message != message:
            raise _written_before()
        if stored is None:
            step = _step(participation, wave, turn)
            stored = Turn.objects.create(
                conversation=turn.conversation,
                number=turn.number + 1,
                message=message,
                continues_id=step.continues,
                is_drawn=step.is_drawn,
            )
        forget_draft(participation=participation, about=f"turn-{turn_id}")
    return stored


def finish_conversation(*, participation: Participation, wave: Wave, turn_id: int) -> None:
    """End a conversation after an answered turn; ended already is fine."""
    with transaction.atomic():
        turn = _locked(participation, turn_id)
        if turn.conversation.finished_at is None:
            if not _step(participation, wave, turn).may_finish:
                sentence = _("Please write on: a conversation has at least %(turns)d turns here.")
                raise Refused("too_short", sentence % {"turns": wave.setting("turns_min")})
            _finish(turn)
        forget_draft(participation=participation, about=f"turn-{turn_id}")


def give_up_waiting(*, participation: Participation, turn_id: int) -> None:
    """End a conversation whose last message nothing has answered.

    Where it is a prompt of the person's own, a given one is due instead.
    """
    with transaction.atomic():
        turn = _locked(participation, turn_id)
        with connection.cursor() as cursor:
            cursor.execute(CANCEL, [turn.pk])
        turn.refresh_from_db(fields=["comparison"])
        if turn.comparison_id is None and turn.conversation.finished_at is None:
            _finish(turn)
            if turn.number == 1:
                Participation.objects.filter(pk=participation.pk).update(
                    fallbacks_due=F("fallbacks_due") + 1
                )


def begin_with_own_prompt(
    *, participation: Participation, wave: Wave, text: str, language: str, number: int
) -> Turn:
    """Store a prompt that the person wrote, with its conversation; return the turn that waits for candidates.

    `number` says how many tasks the person had begun when the page was shown: sent again, it gives the
    turn that was stored.
    """
    _check(text)
    if language not in participation.languages:
        sentence = _("Choose one of your languages.")
        raise Refused("language", sentence, fields={"language": sentence})
    is_now = number == participation.conversations_begun
    if is_now and not begins_with_own_prompt(participation=participation, wave=wave):
        raise _not_drawn()
    with transaction.atomic():
        counted = Participation.objects.filter(
            pk=participation.pk, conversations_begun=number, withdrawn_at=None, excluded_at=None
        ).update(conversations_begun=number + 1)
        if not counted:
            return _begun_before(participation, text)
        forget_draft(participation=participation, about=f"own-{number}")
        prompt = Prompt.objects.create(
            project=participation.project,
            source=Prompt.Source.OWN,
            author=participation,
            import_key=f"own-{uuid.uuid4()}",
            text=text,
            language=language,
        )
        conversation = Conversation.objects.create(
            project=participation.project,
            participation=participation,
            prompt=prompt,
            opening=Conversation.Opening.OWN,
        )
        return Turn.objects.create(conversation=conversation, number=1)


def fall_back(*, participation: Participation) -> None:
    """Give the person a given prompt where one of their own was drawn, and remember it: nothing would answer it."""
    changed = Participation.objects.filter(
        pk=participation.pk, conversations_begun=participation.conversations_begun
    ).update(conversations_begun=F("conversations_begun") + 1, fallbacks_due=F("fallbacks_due") + 1)
    if changed:
        participation.conversations_begun += 1
        participation.fallbacks_due += 1


def _check(text: str) -> None:
    problem = text_problem(text, MAX_MESSAGE)
    if not problem and not is_visible(text):
        problem = _("Write something first.")
    if problem:
        raise Refused("message", problem, fields={"message": problem})


def _locked(participation: Participation, turn_id: int) -> Turn:
    """Return a turn of the person's own, with the conversation and the person locked, in this order everywhere.

    A withdrawal or exclusion locks the person too: nothing is written for somebody who has left.
    """
    own = Conversation.objects.select_for_update(no_key=True, of=("self",))
    conversation = own.filter(participation=participation, turns=turn_id).first()
    present = Participation.objects.select_for_update(no_key=True).filter(
        pk=participation.pk, withdrawn_at=None, excluded_at=None
    )
    if conversation is None or present.first() is None:
        raise Missing(_("There is no such message of yours here. Go back to your projects."))
    turn = Turn.objects.get(pk=turn_id)
    turn.conversation = conversation
    return turn


def _step(participation: Participation, wave: Wave, turn: Turn) -> NextTurn:
    """Return how the conversation goes on after a turn that is its last and is answered."""
    step = find_paths(participation=participation, wave=wave, turn_id=turn.pk).next_turn
    if step is None:
        raise Refused("not_going_on", _("This conversation has ended. Go on with the next task."))
    return step


def _finish(turn: Turn) -> None:
    turn.conversation.finished_at = timezone.now()
    turn.conversation.save(update_fields=["finished_at"])


def _not_drawn() -> Refused:
    return Refused("not_drawn", _("This page is out of date. Open the task again."))


def _written_before() -> Refused:
    return Refused(
        "written_before",
        _("You have already sent a message from here. That one stands, and this one was not sent."),
    )


def _begun_before(participation: Participation, text: str) -> Turn:
    turn = (
        Turn.objects.filter(
            number=1,
            conversation__participation=participation,
            conversation__opening=Conversation.Opening.OWN,
        )
        .select_related("conversation__prompt", "conversation__project")
        .order_by("-pk")
        .first()
    )
    if turn is None:
        raise _not_drawn()
    if turn.conversation.prompt is None or turn.conversation.prompt.text != text:
        raise _written_before()
    return turn
