"""Strategies: how the candidates of a set are asked for, and how the answers are read.

Each module holds one strategy as a frozen pydantic model: its fields are the parameters, its methods
say what to ask and read the answers. Nothing here sends anything.
"""

from pluralism.strategies.base import (
    Candidate,
    Message,
    OwnWords,
    Request,
    Source,
    Strategy,
    Task,
    UnfitError,
    UnusableError,
)
from pluralism.strategies.registry import ALIGNING, STRATEGIES, make_strategy

__all__ = [
    "ALIGNING",
    "STRATEGIES",
    "Candidate",
    "Message",
    "OwnWords",
    "Request",
    "Source",
    "Strategy",
    "Task",
    "UnfitError",
    "UnusableError",
    "make_strategy",
]
