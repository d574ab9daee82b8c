"""Which code built a release."""

import hashlib
from pathlib import Path

from django.conf import settings

ROOT = Path(__file__).resolve().parents[3]
BUILDERS = ("annotator/selectors", "annotator/services/releases", "pluralism")
"""What decides which bytes a release has."""


def describe_code() -> dict[str, str]:
    """Return the program's version, and the SHA-256 over the modules that build releases."""
    digest = hashlib.sha256()
    for folder in BUILDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            digest.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes())
    return {"version": settings.VERSION, "sha256": digest.hexdigest()}
