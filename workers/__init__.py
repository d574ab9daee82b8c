"""Celery tasks and the model client.

`tasks` are the doors. `pump` works on a run from one event loop: it asks `servers` (each with a `gate` and a `limiter`)
through `vllm` and its `connections`, puts streams together in `streaming`, decides by `outcomes`, tells `progress`, and
reaches the `database` from a thread of its own. `measuring` embeds and judges; `replay` sends again what was sent.
"""
