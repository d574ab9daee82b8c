"""How the pages are served: threads, whose database connections are few and kept."""

import os
from pathlib import Path

workers = int(os.environ.get("WEB_WORKERS", "2"))
threads = int(os.environ.get("WEB_THREADS", "4"))
worker_class = "gthread"
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - heartbeats, in memory
keepalive = 30
timeout = 60
graceful_timeout = 10
preload_app = False
control_socket_disable = (
    True  # it would lie in the home folder, where the image's user may not write
)
errorlog = "-"
loglevel = "warning"
