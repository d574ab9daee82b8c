"""Keeping unsent work, so that it can go on after a reload and on another device."""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _

from annotator.errors import Missing, Refused
from annotator.models import Draft, Participation

ABOUT = re.compile(r"[a-z]{1,12}-[0-9]{1,19}")
MOST_DRAFTS = 20
"""Drafts that a person has at once; with one more, the oldest goes."""
LONGEST = 50_000
"""Characters of one draft."""
KEEP = timedelta(days=30)

# A withdrawal holds the person: a draft that comes meanwhile waits for it, and then belongs to nobody.
SAVE = """
WITH person AS MATERIALIZED (
    SELECT id FROM annotator_participation WHERE id = %(person)s AND withdrawn_at IS NULL FOR SHARE
), surplus AS (
    DELETE FROM annotator_draft WHERE id IN (
        SELECT id FROM annotator_draft WHERE participation_id = %(person)s AND about <> %(about)s
        ORDER BY saved_at DESC OFFSET %(others)s)
)
INSERT INTO annotator_draft (participation_id, about, content, saved_at)
SELECT person.id, %(about)s, %(content)s, clock_timestamp() FROM person
ON CONFLICT (participation_id, about) DO UPDATE SET content = EXCLUDED.content, saved_at = EXCLUDED.saved_at
RETURNING saved_at
"""


def save_draft(
    *, participation: Participation, about: str, content: Mapping[str, Sequence[str]]
) -> datetime:
    """Keep what a form holds in place of what was kept of it before; return when.

    Raises Refused where it is too long or belongs to nothing that has drafts, Missing where the person has left.
    """
    text = json.dumps(content, ensure_ascii=False)
    if not ABOUT.fullmatch(about):
        raise Refused("about", _("There is no such form. Open the task again."))
    if len(text) > LONGEST:
        raise Refused("content", _("This is too long to be kept."))
    with connection.cursor() as cursor:
        cursor.execute(
            SAVE,
            {
                "person": participation.pk,
                "about": about,
                "content": text,
                "others": MOST_DRAFTS - 1,
            },
        )
        row = cursor.fetchone()
    if row is None:
        raise Missing(_("You have left this project, so it has no tasks for you."))
    saved_at: datetime = row[0]
    return saved_at


def forget_draft(*, participation: Participation, about: str) -> None:
    """Drop what was kept of a form that was sent."""
    Draft.objects.filter(participation=participation, about=about).delete()


def forget_old_drafts() -> int:
    """Drop what nobody came back to for a month; return how many."""
    return Draft.objects.filter(saved_at__lt=timezone.now() - KEEP).delete()[0]
