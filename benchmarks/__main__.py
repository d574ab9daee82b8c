"""Run every benchmark and print one table.

python -m benchmarks [race opening loop export meanwhile release board prompts generation worker …]
"""

import subprocess
import sys

from benchmarks.table import show

BENCHMARKS = (
    "race",
    "opening",
    "loop",
    "export",
    "meanwhile",
    "release",
    "board",
    "prompts",
    "generation",
    "worker",
    "interactive",
    "selecting",
    "turns",
)


def main(names: list[str]) -> int:
    """Run each in a process of its own, pass its lines on, and gather the rows of its table."""
    rows, failed = [], 0
    for name in names:
        print(f"── {name}", flush=True)
        with subprocess.Popen(
            [sys.executable, "-m", f"benchmarks.{name}"], stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            for line in process.stdout:
                print(line, end="", flush=True)
                if line.startswith("| "):
                    rows.append(line)
        failed += process.returncode != 0
    print("\n" + show(rows), flush=True)
    return min(failed, 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or list(BENCHMARKS)))
