"""Prompts in and out: the import against a bare COPY into the same table, and how deep pages cost.

python -m benchmarks.prompts [--rows N] [--pairs N]
"""

import argparse
import base64
import http.client
import io
import json
import statistics
import time

from benchmarks.judged import fill, free_port, serve, started
from benchmarks.table import row

COPY = (
    "COPY annotator_prompt (project_id, external_id, import_key, language, text, system, topic, licence, source, created_at)"
    " FROM STDIN (FORMAT csv)"
)
PAGE = 100
ASKED = 40


def import_seconds(slug: str, rows: int) -> float:
    """Import so many prompts from JSON lines into a new project."""
    from annotator.models import Annotator
    from annotator.services.projects import create_project
    from annotator.services.prompts import import_prompts
    from annotator.services.readers import read_rows

    rita = Annotator.objects.get(username="rita")
    project = create_project(owner=rita, slug=slug, name=slug, languages=["en"])
    lines = (
        json.dumps({"text": text(number), "external_id": f"q{number}", "language": "en"})
        for number in range(rows)
    )
    stream = io.BytesIO("\n".join(lines).encode())
    begin = time.perf_counter()
    report = import_prompts(project=project, rows=read_rows(stream=stream, file_format="jsonl"))
    seconds = time.perf_counter() - begin
    if report.added != rows:
        raise SystemExit(f"{report.added} of {rows} prompts came in: {report.errors[:1]}")
    return seconds


def bare_seconds(slug: str, rows: int) -> float:
    """COPY the same rows into the same table, with its indexes and constraints."""
    from django.db import connection, transaction

    from annotator.services.projects import create_project

    project = create_project(slug=slug, name=slug, languages=["en"])
    lines = (
        f'{project.pk},q{number},id:q{number},en,"{text(number)}","","","",pregenerated,2026-01-01\n'
        for number in range(rows)
    )
    stream = io.StringIO("".join(lines))
    with transaction.atomic(), connection.cursor() as cursor:
        begin = time.perf_counter()
        cursor.copy_expert(COPY, stream)
    return time.perf_counter() - begin


def text(number: int) -> str:
    """Return a prompt of the usual length."""
    return f"Question {number}: what do you owe your parents when they are old and far away, and who decides?"


def pages(secret: str, rows: int, pairs: int) -> None:
    """Ask for the first page and for the last whole one, in turns."""
    from annotator.models import Prompt

    number = rows // PAGE
    behind = Prompt.objects.filter(project__slug="pages").order_by("id")[(number - 1) * PAGE - 1].pk
    deep = "&cursor=" + base64.b64encode(f"p={behind}".encode()).decode().replace("=", "%3D")
    port = free_port()
    with serve(port):
        page_seconds(port, secret, "")
        found = [
            (page_seconds(port, secret, ""), page_seconds(port, secret, deep))
            for _pair in range(pairs)
        ]
    print(
        row(
            f"page {number:,} of a list of {rows:,} rows",
            f"{1000 * statistics.median(last for _first, last in found):.1f} ms",
            f"its first page, {1000 * statistics.median(first for first, _last in found):.1f} ms",
            [last / first for first, last in found],
            "0.8 to 1.2",
        )
    )


def page_seconds(port: int, secret: str, cursor: str) -> float:
    """Return the median time of a page on one kept connection."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    taken = []
    for _asked in range(ASKED):
        begin = time.perf_counter()
        connection.request(
            "GET",
            f"/api/v1/projects/pages/prompts/?page_size={PAGE}{cursor}",
            headers={"Authorization": f"Bearer {secret}"},
        )
        answer = connection.getresponse()
        body = answer.read()
        taken.append(time.perf_counter() - begin)
        if answer.status != 200 or len(json.loads(body)["results"]) != PAGE:
            raise SystemExit(f"{answer.status}: {body[:300]!r}")
    connection.close()
    return statistics.median(taken)


def main() -> None:
    """Start the servers, measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--pairs", type=int, default=5)
    options = parser.parse_args()
    with started():
        from django.db import connection

        from annotator.models import ApiToken, Project

        secret = fill(rows=400)
        import_seconds("warm", 1000)
        found = []
        for number in range(options.pairs):
            pair = (
                import_seconds(f"ours-{number}", options.rows),
                bare_seconds(f"bare-{number}", options.rows),
            )
            found.append(pair)
            print(f"pair {number + 1}: {pair[0]:.1f} s, COPY {pair[1]:.1f} s", flush=True)
        ours, bare = (options.rows / statistics.median(side) for side in zip(*found, strict=True))
        print(
            row(
                f"import of {options.rows:,} prompts",
                f"{ours:,.0f} rows/s",
                f"bare COPY into the same table, {bare:,.0f} rows/s",
                [copied / imported for imported, copied in found],
                "≥ 0.3",
            )
        )
        import_seconds("pages", options.rows)
        ApiToken.objects.get().projects.add(Project.objects.get(slug="pages"))
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
        pages(secret, options.rows, options.pairs)


if __name__ == "__main__":
    main()
