"""The strategies by name."""

from collections.abc import Mapping

from pluralism.strategies.base import Strategy
from pluralism.strategies.independent import Independent
from pluralism.strategies.models import Models
from pluralism.strategies.nc_prompt import NcPrompt
from pluralism.strategies.select_dpp import SelectDpp
from pluralism.strategies.translation import Translation
from pluralism.strategies.value_systems import ValueSystems
from pluralism.strategies.verbalized import Verbalized

STRATEGIES: Mapping[str, type[Strategy]] = {
    strategy.name: strategy
    for strategy in (NcPrompt, Verbalized, ValueSystems, SelectDpp, Independent, Models)
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
