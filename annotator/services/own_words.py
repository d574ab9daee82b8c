"""What matters to people in their own words: append-only revisions, and which sets are made with them."""

from django.db import connection, transaction
from django.utils.translation import gettext as _

from annotator.errors import Missing, Refused
from annotator.models import (
    CandidateSet,
    GenerationRun,
    OwnWords,
    Participation,
    Turn,
    Wave,
    WordsUse,
)
from annotator.services.prompt_rows import is_visible, text_problem
from pluralism.strategies import Strategy

LONGEST_WORDS = 2000
FEWEST_LENDERS = 5
"""In a language where fewer people lend their words nobody's are used: they would be too much of everybody's set."""

# Each lender's words come equally often, in an order that the run's seed draws.
LEND = """
    WITH lent AS (
        SELECT words.id, words.language,
               row_number() OVER (PARTITION BY words.language ORDER BY hashtextextended(words.id::text, %(seed)s)) - 1 AS place,
               count(*) OVER (PARTITION BY words.language) AS people
        FROM annotator_participation person JOIN annotator_ownwords words ON words.id = person.words_id
        WHERE person.project_id = %(project)s AND person.withdrawn_at IS NULL AND person.excluded_at IS NULL AND words.lent),
    enough AS (SELECT DISTINCT language, people FROM lent WHERE people >= %(fewest)s),
    made AS (
        SELECT s.id, s.language, row_number() OVER (PARTITION BY s.language ORDER BY s.id) - 1 AS place
        FROM annotator_candidateset s WHERE s.run_id = %(run)s)
    INSERT INTO annotator_wordsuse (candidate_set_id, words_id)
    SELECT made.id, lent.id
    FROM made JOIN enough ON enough.language = made.language
    CROSS JOIN generate_series(0, %(per_set)s - 1) AS number
    JOIN lent ON lent.language = made.language AND lent.place = (made.place * %(per_set)s + number) %% enough.people
    ON CONFLICT DO NOTHING
"""


@transaction.atomic
def save_own_words(
    *, participation: Participation, text: str, language: str, lend: bool
) -> OwnWords:
    """Keep what a person says matters to them; nothing new makes no new revision, and nothing at all takes it back.

    The person is locked: revisions are numbered in the order in which they were given, and nothing is kept of
    somebody who has left meanwhile.
    """
    text = text.replace("\r\n", "\n").strip()
    text = text if is_visible(text) else ""
    sentence = text_problem(text, LONGEST_WORDS)
    if sentence:
        raise Refused("text", sentence, fields={"text": sentence})
    if language not in participation.languages:
        sentence = _("Choose the language you write in.")
        raise Refused("language", sentence, fields={"language": sentence})
    present = Participation.objects.select_for_update().filter(
        pk=participation.pk, withdrawn_at=None
    )
    if present.first() is None:
        raise Missing(_("You have left this project, so it has no tasks for you."))
    newest = OwnWords.objects.filter(participation=participation).order_by("-number").first()
    said = (text, language, lend and bool(text))
    if newest is None or (newest.text, newest.language, newest.lent) != said:
        newest = OwnWords.objects.create(
            participation=participation,
            number=newest.number + 1 if newest else 1,
            text=text,
            language=language,
            lent=said[2],
        )
    participation.words = newest
    participation.save(update_fields=["words"])
    return newest


def use_words_of_author(
    *, candidate_set: CandidateSet, turn: Turn, wave: Wave, strategy: Strategy
) -> None:
    """Have one candidate of a live set made with the words of the person who waits for it, if they gave any."""
    if strategy.words_per_set is None or not wave.setting("own_words_asked"):
        return
    words = turn.conversation.participation.words
    if words is not None and words.text:
        WordsUse.objects.create(candidate_set=candidate_set, words=words)


def use_lent_words(*, run: GenerationRun, strategy: Strategy) -> int:
    """Draw for each set of a new run whose words it is made with; return how many were drawn.

    Of a language in which fewer than `FEWEST_LENDERS` lend theirs, none are; the profiles take their places.
    """
    if not strategy.words_per_set:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(
            LEND,
            {
                "seed": run.seed,
                "project": run.project_id,
                "run": run.pk,
                "per_set": strategy.words_per_set,
                "fewest": FEWEST_LENDERS,
            },
        )
        return int(cursor.rowcount)
