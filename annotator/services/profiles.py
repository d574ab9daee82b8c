"""Value profiles: the library that is shipped."""

import json
from pathlib import Path

from django.db import transaction

from annotator.models import ValueProfile

LIBRARY = Path(__file__).resolve().parent.parent / "library" / "value_profiles.json"


def add_library_profiles(*, profiles: type[ValueProfile] = ValueProfile) -> int:
    """Add the shipped profiles that are not there, and return how many; edited ones stay as they are.

    A migration calls it with the table as it was then.
    """
    shipped = json.loads(LIBRARY.read_text(encoding="utf-8"))
    with transaction.atomic():
        there = set(profiles._default_manager.filter(project=None).values_list("slug", flat=True))
        missing = [profiles(**row) for row in shipped if row["slug"] not in there]
        profiles._default_manager.bulk_create(missing)
    return len(missing)
