"""What the processes of a worker cost."""

import psutil


def cpu_seconds(pid: int) -> float:
    """Return how long a process and its children have had a core, in user and in system mode."""
    root = psutil.Process(pid)
    times = [process.cpu_times() for process in (root, *root.children(recursive=True))]
    return sum(time.user + time.system for time in times)
