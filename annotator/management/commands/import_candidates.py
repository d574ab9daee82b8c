"""`manage.py import_candidates`: prompts with responses that were made elsewhere."""

from collections.abc import Mapping
from typing import Any

from annotator.management.importing import FileCommand
from annotator.models import Project
from annotator.services.candidates import import_candidates
from annotator.services.prompt_rows import RowRules


class Command(FileCommand):
    """Import prompts with their responses and open the comparisons."""

    help = (
        "Imports rows such as {“text”, “language”, “external_id”, “responses”: [“…” or {“text”, “model”, “codes”}, …]}, "
        "2 to 8 responses each, and opens their comparisons. Rows of prompt, chosen and rejected, of the Community "
        "Alignment data set and of this program's exports are read too. A file with a bad row stores nothing, unless "
        "--skip-bad is given. The same file again adds nothing."
    )

    def work(self, project: Project, options: Mapping[str, Any]) -> None:
        """Import the file."""
        rules = RowRules(language=options["language"])
        self.import_file(
            options["file"],
            columns=[],
            run=lambda rows, on_progress: import_candidates(
                project=project,
                rows=rows,
                rules=rules,
                skip_bad=options["skip_bad"],
                on_progress=on_progress,
            ),
        )
