"""python -m tests.model_server --port 8001 [--api-key KEY]"""

import argparse
import signal

from tests.model_server.server import run_model_server

parser = argparse.ArgumentParser(
    description="A stand-in for vLLM, for trying things out without a model."
)
parser.add_argument("--port", type=int, default=8001)
parser.add_argument("--api-key", default="")
arguments = parser.parse_args()
with run_model_server(port=arguments.port, api_key=arguments.api_key) as stand_in:
    print(f"Ready: {stand_in.base_url}", flush=True)  # noqa: T201 - a command's output
    signal.sigwait({signal.SIGINT, signal.SIGTERM})
