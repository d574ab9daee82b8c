"""`manage.py makemessages`: collect what annotators read; what only staff read stays English.

Pages of the admin, the API, commands and the workers have no catalogues. Everything else does, completely:
tests/annotator/test_translations.py fails on a text without its translation.
"""

from typing import Any

from django.core.management.commands import makemessages

STAFF_ONLY = (
    "annotator/admin/*",
    "annotator/demo/*",
    "annotator/management/*",
    "annotator/migrations/*",
    "annotator/models/*",
    "annotator/selectors/annotators.py",
    "annotator/selectors/consistency.py",
    "annotator/selectors/diversity.py",
    "annotator/selectors/estimates.py",
    "annotator/selectors/exports/*",
    "annotator/selectors/findings.py",
    "annotator/selectors/groups.py",
    "annotator/selectors/rankings.py",
    "annotator/selectors/readiness.py",
    "annotator/selectors/sampling.py",
    "annotator/selectors/statistics.py",
    "annotator/selectors/values.py",
    "annotator/services/candidates.py",
    "annotator/services/check_items.py",
    "annotator/services/exclusion.py",
    "annotator/services/foreign_rows.py",
    "annotator/services/generation/alignment.py",
    "annotator/services/generation/runs.py",
    "annotator/services/generation/side_by_side.py",
    "annotator/services/idempotency.py",
    "annotator/services/invitations.py",
    "annotator/services/joint.py",
    "annotator/services/pay.py",
    "annotator/services/profiles.py",
    "annotator/services/projects.py",
    "annotator/services/quotas.py",
    "annotator/services/readers.py",
    "annotator/services/releases/*",
    "annotator/services/simulated_people.py",
    "annotator/services/simulation.py",
    "annotator/services/staging.py",
    "annotator/services/team.py",
    "annotator/services/tokens.py",
    "annotator/templatetags/figures.py",
    "api/*",
    "benchmarks/*",
    "config/*",
    "docs/*",
    "pluralism/*",
    "static/*",
    "templates/admin/*",
    "templates/api/*",
    "tests/*",
    "var/*",
    "workers/*",
)
"""Paths below the repository whose texts no annotator meets."""


class Command(makemessages.Command):
    """Django's own, with the project's choice of files and without guesses: a new text has no translation yet."""

    msgmerge_options = [*makemessages.Command.msgmerge_options, "--no-fuzzy-matching"]

    def handle(self, *args: Any, **options: Any) -> None:
        """Collect for every language that has a catalogue."""
        wanted = {"all": True, "no_wrap": True, "no_location": True, "no_obsolete": True}
        ignored = [*options.pop("ignore_patterns"), *STAFF_ONLY]
        super().handle(*args, **{**options, **wanted, "ignore_patterns": ignored})
