"""A real vLLM with the tiny model, as a process of its own."""

import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from config.embedded import die_with_parent

ROOT = Path(__file__).resolve().parents[2]
PYTHON = ROOT / ".venv-vllm" / "bin" / "python"
MODEL = "tiny"
ALIAS = "tiny-too"
"""The same model by another name: what is asked of two models can be asked of one server."""
API_KEY = "tests-only"
START_SECONDS = 300.0
# As docs/generation.md starts it, but for what a CPU and a model without weights need.
OPTIONS = (
    "--load-format",
    "dummy",
    "--dtype",
    "bfloat16",
    "--max-model-len",
    "2048",
    "--max-num-seqs",
    "16",
    "--enforce-eager",
    "--enable-prefix-caching",
    "--scheduling-policy",
    "priority",
    "--structured-outputs-config",
    '{"backend": "xgrammar", "disable_any_whitespace": true}',
    "--host",
    "127.0.0.1",
)
ENVIRONMENT = {
    "HF_HUB_OFFLINE": "1",
    "VLLM_NO_USAGE_STATS": "1",
    "DO_NOT_TRACK": "1",
    "VLLM_CPU_KVCACHE_SPACE": "1",
}


@dataclass(frozen=True)
class RealServer:
    """Where it answers, and its process; `base_url` ends with /v1."""

    base_url: str
    process: int = 0

    def kill(self) -> None:
        """Kill the server and its engine at once, as kill -9 does."""
        os.killpg(self.process, signal.SIGKILL)

    def metric(self, name: str, **labels: str) -> float:
        """Return the sum of one of its Prometheus figures over the series with these labels."""
        lines = self.get("/metrics").decode().splitlines()
        wanted = [f'{label}="{value}"' for label, value in labels.items()]
        found = [
            line
            for line in lines
            if line.startswith(f"{name}{{") and all(part in line for part in wanted)
        ]
        return sum(float(line.rpartition(" ")[2]) for line in found)

    def get(self, path: str) -> bytes:
        """Return what a page outside /v1 answers."""
        with urllib.request.urlopen(
            self.base_url.removesuffix("/v1") + path, timeout=5
        ) as response:
            return bytes(response.read())

    def answers(self) -> bool:
        """Return whether one token can be generated; /health alone may be wrong."""
        body: dict[str, Any] = {
            "model": MODEL,
            "messages": [{"role": "user", "content": "."}],
            "max_tokens": 1,
        }
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {API_KEY}"}
        request = urllib.request.Request(
            f"{self.base_url}/chat/completions", json.dumps(body).encode(), headers
        )
        try:
            self.get("/health")
            with urllib.request.urlopen(request, timeout=30) as response:
                return bool(response.status == 200)
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def run_vllm(folder: Path, *, port: int = 0, more: Sequence[str] = ()) -> Iterator[RealServer]:
    """Make the model, start the server with these options and `more`, wait until it generates; stop it at the end.

    Its log lies in `folder`.
    """
    model = folder / "model"
    subprocess.run([PYTHON, ROOT / "tests" / "vllm" / "tiny_model.py", model], check=True)
    port = port or free_port()
    command = [
        str(PYTHON),
        "-m",
        "vllm.entrypoints.openai.api_server",
        "--model",
        str(model),
        "--served-model-name",
        MODEL,
        ALIAS,
        "--api-key",
        API_KEY,
        "--port",
        str(port),
        *OPTIONS,
        *more,
    ]
    log = folder / "vllm.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=os.environ | ENVIRONMENT,
            stdout=output,
            stderr=output,
            start_new_session=True,
            preexec_fn=die_with_parent,
        )
        try:
            server = RealServer(f"http://127.0.0.1:{port}/v1", process.pid)
            _wait(server, process, log)
            yield server
        finally:
            _stop(process)


def _wait(server: RealServer, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not server.answers():
        if process.poll() is not None or time.monotonic() > deadline:
            tail = log.read_text("utf-8", "replace")[-3000:]
            raise RuntimeError(
                f"vLLM did not start (exit code {process.poll()}). The end of its log:\n{tail}"
            )
        time.sleep(0.5)


def _stop(process: "subprocess.Popen[bytes]") -> None:
    """Ask it to end, then kill what is left of its group: the engine is a process of its own."""
    process.terminate()  # nothing happens where it is gone already
    with suppress(subprocess.TimeoutExpired):
        process.wait(20)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(10)
