"""Strategies and their parameters as they are typed at a terminal."""

import json
import shlex
from argparse import ArgumentParser
from collections.abc import Iterable

from django.core.management.base import CommandError
from django.utils.translation import gettext as _


def add_model_argument(parser: ArgumentParser) -> None:
    """Declare which model is asked."""
    parser.add_argument(
        "--model",
        default="",
        help="the model's name on the server; without it VLLM_MODEL, or the first one listed",
    )


def read_strategy(typed: str) -> tuple[str, dict[str, object]]:
    """Read `NAME [PARAMETER=VALUE …]`, quoted as in a shell."""
    try:
        name, *pairs = shlex.split(typed)
    except ValueError:
        raise CommandError(
            _("“%(typed)s” is no strategy: write NAME [PARAMETER=VALUE …].") % {"typed": typed}
        ) from None
    return name, read_parameters(pairs)


def read_parameters(pairs: Iterable[str]) -> dict[str, object]:
    """Read NAME=VALUE; a list or an object is JSON, anything else a text that the parameter's type reads."""
    parameters: dict[str, object] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise CommandError(_("“%(pair)s” is not of the form NAME=VALUE.") % {"pair": pair})
        parameters[name] = _value(value)
    return parameters


def _value(text: str) -> object:
    if not text.startswith(("[", "{")):
        return text
    try:
        return json.loads(text)
    except ValueError:
        raise CommandError(_("“%(text)s” is no JSON.") % {"text": text}) from None
