"""Reading unsent work."""

from django.db import connection

from annotator.models import Participation

KEPT = """(SELECT json_build_object('at', floor(extract(epoch FROM saved_at) * 1000)::bigint, 'fields', content)::text
        FROM annotator_draft WHERE participation_id = %(person)s AND about = {about})"""
"""A draft as the page takes it: when it was saved in milliseconds, and the values of each field."""


def find_draft(*, participation: Participation, about: str) -> str:
    """Return what is kept of a form, for its `data-kept`; empty where nothing is."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {KEPT.format(about='%(about)s')}",
            {"person": participation.pk, "about": about},
        )
        ((kept,),) = cursor.fetchall()
    return kept or ""
