"""Building a release, in a process of its own, against one COPY of the native rows.

python -m benchmarks.release [--rows N] [--pairs N]
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Sequence

from benchmarks.judged import ROOT, copy_seconds, fill, started
from benchmarks.table import row

BUILT = ((("native", "preference"), "≤ 4"), ((), "≤ 12"))


def build(version: str, formats: Sequence[str]) -> tuple[float, float]:
    """Build in a process of its own; return the seconds of the build alone, and the most memory of the process in MB."""
    command = [sys.executable, "-m", "benchmarks.release", "--build", version, *formats]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    told = process.stdout.read()
    _pid, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit("The release could not be built.")
    return float(told.split()[-1]), usage.ru_maxrss / 1024


def build_here(version: str, *formats: str) -> None:
    """Build, and print how many seconds it took."""
    import django

    django.setup()
    from annotator.models import Project, Release
    from annotator.services.releases import build_release, start_release

    project = Project.objects.get(slug="bench")
    begin = time.perf_counter()
    release = start_release(project=project, version=version, formats=formats)
    build_release(release_id=release.pk)
    print(time.perf_counter() - begin)
    release.refresh_from_db()
    if release.state != Release.State.PUBLISHED:
        raise SystemExit(release.failure)


def _search(rows: int) -> str:
    """Return the row that tells what the search for personal data takes, which a release finds done as a rule."""
    from annotator.models import Project
    from annotator.services.findings import check_texts

    begin, cpu = time.perf_counter(), time.process_time()
    found = check_texts(project=Project.objects.get(slug="bench"))
    seconds, cpu = time.perf_counter() - begin, time.process_time() - cpu
    return row(
        f"search of {rows:,} responses and {rows:,} explanations for personal data, once",
        f"{seconds:.1f} s ({cpu:.1f} s CPU of the process; {found} found)",
    )


def main() -> None:
    """Start the servers, fill them, measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--build", nargs="+", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.build:
        build_here(*options.build)
        return
    with started() as services:
        fill(rows=options.rows)
        print(_search(options.rows))
        copy_seconds(services.database_url)
        for which, (formats, wanted) in enumerate(BUILT):
            seconds, ratios, most = [], [], 0.0
            for number in range(options.pairs):
                took, memory = build(f"{which + 1}.{number}", formats)
                seconds.append(took)
                ratios.append(took / copy_seconds(services.database_url))
                most = max(most, memory)
                print(
                    f"pair {number + 1}: {took:.1f} s, {ratios[-1]:.1f} × COPY, {memory:.0f} MB",
                    flush=True,
                )
            name = " + ".join(formats) or "all formats"
            print(
                row(
                    f"release of {options.rows:,} judgments, {name}",
                    f"{sorted(seconds)[len(seconds) // 2]:.1f} s",
                    "one COPY of native",
                    ratios,
                    wanted,
                )
            )
            print(row(f"memory of a release, {name}", f"{most:.0f} MB", wanted="≤ 500 MB"))


if __name__ == "__main__":
    main()
