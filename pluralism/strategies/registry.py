"""The strategies by name."""

from collections.abc import Mapping

from pluralism.strategies.base import Strategy
from pluralism.strategies.independent import Independent
from pluralism.strategies.nc_prompt import NcPrompt
from pluralism.strategies.translation import Translation

STRATEGIES: Mapping[str, type[Strategy]] = {
    strategy.name: strategy for strategy in (NcPrompt, Independent)
}
"""Every strategy that a run may ask for."""
ALIGNING: Mapping[str, type[Strategy]] = {Translation.name: Translation}
"""What makes aligned sets from complete ones; nobody chooses them for a prompt."""


def make_strategy(name: str, parameters: Mapping[str, object]) -> Strategy:
    """Return the strategy with its parameters.

    Raises
    ------
    KeyError
        No strategy of that name.
    pydantic.ValidationError
        A parameter that is unknown or out of range.
    """
    return {**STRATEGIES, **ALIGNING}[name].model_validate(dict(parameters))
