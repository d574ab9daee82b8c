"""A small real HTTP server that speaks the OpenAI API as vLLM does, with a mode per request.

`tests/vllm/test_contract.py` holds it against the real vLLM. On its own: python -m tests.model_server --port 8001
"""

from tests.model_server.bodies import MODEL
from tests.model_server.server import ModelServerStandIn, Seen, run_model_server

__all__ = ["MODEL", "ModelServerStandIn", "Seen", "run_model_server"]
