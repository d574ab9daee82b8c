"""Opening comparisons: from complete sets of four responses to three places each, two reserved by country.

    python -m benchmarks.opening [--comparisons N]

In one transaction and in the batches of `import_candidates`. The memory of this process is read after a tenth and at the end.
"""

import argparse
import os
import time
from itertools import islice

from benchmarks.judged import memory_mb, started
from benchmarks.table import row

FIXTURE = """
WITH prompts AS (
    INSERT INTO annotator_prompt (project_id, import_key, language, text, system, topic, licence, source, created_at)
    SELECT %(project)s, 'bench-' || n, 'en', 'Question ' || n, '', '', '', 'pregenerated', now()
    FROM generate_series(1, %(sets)s) n RETURNING id
), sets AS (
    INSERT INTO annotator_candidateset (project_id, prompt_id, language, strategy, template_version, seed, state, attempt, faults, failure, failure_detail, created_at)
    SELECT %(project)s, id, 'en', 'imported', '', id, 'complete', 1, 0, '', '', now() FROM prompts RETURNING id
)
INSERT INTO annotator_response (project_id, candidate_set_id, slot, text, html, flags, language_check, origin, strategy, template_version, model, finish_reason, codes, detected_language)
SELECT %(project)s, sets.id, slot, 'Answer ' || slot, '', '{}', '', '{}', 'imported', '', 'bench', 'stop', '{}', ''
FROM sets, generate_series(0, 3) slot
"""


def open_all(project: int, *, tenth: int) -> tuple[int, float, float]:
    """Open everything; return how many, the seconds, and by how many MB the process grew after the first tenth."""
    from django.db import transaction

    from annotator.models import CandidateSet
    from annotator.services.candidates import BATCH
    from annotator.services.comparisons import open_for

    opened, early = 0, 0.0
    begin = time.perf_counter()
    with transaction.atomic():
        sets = CandidateSet.objects.filter(project=project).order_by("pk")
        rows = sets.iterator(chunk_size=BATCH)
        while batch := list(islice(rows, BATCH)):
            opened += open_for(candidate_sets=batch)
            if not early and opened >= tenth:
                early = memory_mb([os.getpid()])
    seconds = time.perf_counter() - begin
    return opened, seconds, memory_mb([os.getpid()]) - early


def main() -> None:
    """Fill a project with sets, open them, print the rows."""
    parser = argparse.ArgumentParser(description="Opening comparisons.")
    parser.add_argument("--comparisons", type=int, default=100_000)
    wanted = parser.parse_args().comparisons
    with started():
        from django.db import connection

        from annotator.models import Assignment
        from annotator.services.projects import create_project, open_project

        project = create_project(
            slug="opening", name="Opening", languages=["en"], overlap=3, stratum_by="country",
            quotas={"FR": 1, "IN": 1}, ways_out=["none", "all_bad"], demographics=[],
        )  # fmt: skip
        open_project(project=project)
        with connection.cursor() as cursor:
            cursor.execute(FIXTURE, {"project": project.pk, "sets": wanted})
            cursor.execute("VACUUM ANALYZE")
        opened, seconds, grown = open_all(project.pk, tenth=wanted // 10)
        places = Assignment.objects.filter(project=project).count()
    if (opened, places) != (wanted, 3 * wanted):
        raise SystemExit(f"{opened} comparisons with {places} places were opened.")
    print(row(f"opening {opened:,} comparisons × 3 places", f"{seconds:.1f} s", wanted="≤ 30 s"))
    print(row("growth of memory after the first tenth", f"{grown:.0f} MB", wanted="≤ 10 MB"))


if __name__ == "__main__":
    main()
