"""`make demo`: everything on one machine, from nothing, until Ctrl-C.

    python -m config.demo

1. Take the lock, end what a killed demo left behind.
2. Start the embedded PostgreSQL and Redis on the data under `var/`.
3. Migrate, collect the static files, load the demo project, write `var/demo.json`.
4. Start web, workers and sweeper, each by the command that docker-compose.yml uses too.
5. Say `Ready:`, wait for a signal or for a child that dies, then end all children.
"""

import fcntl
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import FrameType

import psutil

from config.embedded import die_with_parent, run_services

BASE_DIR = Path(__file__).resolve().parent.parent
VAR = Path(os.environ.get("VAR_DIR", BASE_DIR / "var")).resolve()
PYTHON = sys.executable
BIN = Path(PYTHON).parent


class Ended(Exception):
    """Somebody asked the demo to end."""


def main() -> int:
    """Run the demo until it is asked to end."""
    VAR.mkdir(parents=True, exist_ok=True)
    if "--reset" in sys.argv:
        return _reset()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, _end)
    try:
        with ExitStack() as stack:
            stack.enter_context(_only_one())
            _end_leftovers()
            _check_port()
            print("Starting PostgreSQL and Redis …", flush=True)
            services = stack.enter_context(run_services(VAR))
            environment = _environment(services.environment())
            print("Preparing the demo project …", flush=True)
            _prepare(environment)
            children = [
                stack.enter_context(_child(command, environment))
                for command in _commands(environment)
            ]
            _announce(_wait_until_served(environment["PUBLIC_URL"], children))
            return _wait(children)
    except Ended:
        print(
            "\nThe demo has ended. Its data stays under var/; make demo goes on with it.",
            flush=True,
        )
        return 0


def _reset() -> int:
    """Throw the demo's data away, unless it is running."""
    with _only_one():
        _end_leftovers()
        with run_services(VAR):
            pass  # takes over a server that a killed demo left behind, and stops it
        shutil.rmtree(VAR)
    print("The demo's data is gone. make demo starts anew.")
    return 0


def _address() -> tuple[str, int]:
    return os.environ.get("HOST") or "127.0.0.1", int(os.environ.get("PORT") or 8000)


def _check_port() -> None:
    """Say so before anything is started where somebody else has the port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(_address())
        except OSError as error:
            sys.exit(
                f"{':'.join(map(str, _address()))} can't be used ({error.strerror}). Try another port: make demo PORT=8001"
            )


def _environment(services: dict[str, str]) -> dict[str, str]:
    host, port = _address()
    ours = {
        **services,
        "SECRET_KEY": _secret_key(),
        "DEMO": "true",
        "PUBLIC_URL": f"http://{'127.0.0.1' if host == '0.0.0.0' else host}:{port}",  # noqa: S104
        "ALLOWED_HOSTS": "*",
        "LOG_LEVEL": os.environ.get("LOG_LEVEL", "WARNING"),
    }
    given = {
        name: os.environ[name]
        for name in (
            "VLLM_BASE_URL",
            "VLLM_MODEL",
            "VLLM_API_KEY",
            "VLLM_PRIORITY",
            "VLLM_ENDPOINTS",
        )
        if name in os.environ
    }
    _write(
        VAR / "demo.env", "".join(f"{name}='{value}'\n" for name, value in (ours | given).items())
    )
    return os.environ | ours | {"HOST": host, "PORT": str(port), "PYTHONUNBUFFERED": "1"}


def _secret_key() -> str:
    path = VAR / "secret-key"
    if not path.exists():
        _write(path, secrets.token_urlsafe(48))
    return path.read_text()


def _prepare(environment: dict[str, str]) -> None:
    for arguments in (
        ["migrate", "--verbosity", "0"],
        ["collectstatic", "--noinput", "--verbosity", "0"],
        ["seed_demo", "--output", str(VAR / "demo.json")],
    ):
        subprocess.run([PYTHON, "manage.py", *arguments], cwd=BASE_DIR, env=environment, check=True)


def _commands(environment: dict[str, str]) -> list[list[str]]:
    """Return web, workers, sweeper: the commands of docker-compose.yml."""
    bind = f"{environment['HOST']}:{environment['PORT']}"
    return [
        [str(BIN / "gunicorn"), "config.wsgi", "--config", "config/gunicorn.py", "--bind", bind],
        [
            str(BIN / "celery"),
            "-A",
            "config",
            "worker",
            "-Q",
            "interactive,bulk,maintenance",
            "--concurrency",
            "2",
            "--loglevel",
            "WARNING",
        ],
        [PYTHON, "manage.py", "sweep", "--forever"],
    ]


@contextmanager
def _child(command: list[str], environment: dict[str, str]) -> "Iterator[subprocess.Popen[bytes]]":
    """Run a child in a process group of its own; end the whole group at the end."""
    process = subprocess.Popen(
        command, cwd=BASE_DIR, env=environment, start_new_session=True, preexec_fn=die_with_parent
    )
    _remember(process)
    try:
        yield process
    finally:
        _end_group(process)


def _end_group(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(8)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@contextmanager
def _only_one() -> Iterator[None]:
    with (VAR / "demo.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sys.exit(
                "A demo is already running in this checkout: end it first, or use its address in var/demo.json."
            )
        yield


def _remember(process: "subprocess.Popen[bytes]") -> None:
    """Note the child, so that a later start can end it should this process be killed."""
    with (VAR / "children").open("a") as file:
        file.write(f"{process.pid} {psutil.Process(process.pid).create_time()}\n")


def _end_leftovers() -> None:
    """End the groups of children that a killed demo left behind; a reused process id is left alone."""
    path = VAR / "children"
    lines = path.read_text().splitlines() if path.exists() else []
    for line in lines:
        pid, created = line.split()
        try:
            same = abs(psutil.Process(int(pid)).create_time() - float(created)) < 0.01
        except psutil.NoSuchProcess:
            continue
        if same:
            os.killpg(int(pid), signal.SIGKILL)
    path.unlink(missing_ok=True)


def _wait_until_served(url: str, children: "list[subprocess.Popen[bytes]]") -> str:
    for _ in range(600):
        if any(child.poll() is not None for child in children):
            break
        try:
            with urllib.request.urlopen(url + "/", timeout=2):  # noqa: S310 - our own address
                return url
        except urllib.error.HTTPError:
            return url
        except OSError:
            time.sleep(0.1)
    sys.exit(f"The demo did not come up at {url}; the lines above say why.")


def _announce(url: str) -> None:
    demo = json.loads((VAR / "demo.json").read_text())
    print("\nAnnotate (one click signs you in):")
    for annotator in demo["annotators"]:
        print(f"  {annotator['language']:<3} {annotator['login_url']}")
    print(f"Administer: {url}/admin/  {demo['admin']['username']} / {demo['admin']['password']}")
    print(
        f"Pull:       curl -H 'Authorization: Bearer {demo['api_token']}' {url}/api/v1/projects/{demo['project']}/export/"
    )
    print("All of it is in var/demo.json. Ctrl-C ends the demo and keeps its data.\n")
    print(f"Ready: {url}", flush=True)


def _wait(children: "list[subprocess.Popen[bytes]]") -> int:
    while all(child.poll() is None for child in children):
        time.sleep(0.5)
    print("One of the demo's processes has ended by itself; see its last lines above.", flush=True)
    return 1


def _write(path: Path, text: str) -> None:
    """Write a file that is either complete or not there, readable by its owner only."""
    partial = path.with_suffix(".partial")
    partial.touch(mode=0o600)
    partial.write_text(text)
    partial.replace(path)


def _end(_number: int, _frame: FrameType | None) -> None:
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    raise Ended


if __name__ == "__main__":
    sys.exit(main())
