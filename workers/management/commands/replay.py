"""`replay SET`: send a set's requests again and compare."""

import asyncio
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.models import Max
from django.utils.translation import gettext as _

from annotator.models import Exchange
from annotator.selectors.endpoints import DEFAULT, Endpoint, all_endpoints
from workers.replay import Replayed, replay
from workers.vllm import ModelServerError

AROUND = 20


class Command(BaseCommand):
    """See the module's docstring."""

    help = (
        "Sends the requests of a candidate set again, exactly as recorded, one after the other, and says of each "
        "whether the same text came. Exit 0 only if all are the same. The same text can be expected where the "
        "original was sent alone to an idle server of the same version: in a batch, rounding depends on the neighbours."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("set", type=int, help="the candidate set's number")
        parser.add_argument(
            "--attempt", type=int, metavar="N", help="which attempt; without it the last one"
        )
        parser.add_argument(
            "--endpoint",
            default="",
            metavar="NAME",
            help="the model server to ask; without it the one that was asked then",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        """Send, compare, report."""
        exchanges = _exchanges(options["set"], options["attempt"])
        endpoint = _endpoint(options["endpoint"] or exchanges[0].endpoint or DEFAULT)
        try:
            version, replayed = asyncio.run(replay(endpoint, exchanges))
        except ModelServerError as error:
            raise CommandError(error.sentence) from None
        self.stdout.write(
            _(
                "Set %(set)s, attempt %(attempt)s, at %(endpoint)s: version %(then)s then, %(now)s now."
            )
            % {
                "set": options["set"],
                "attempt": exchanges[0].attempt,
                "endpoint": endpoint.name,
                "then": exchanges[0].server_version or _("unknown"),
                "now": version or _("unknown"),
            }
        )
        for one in replayed:
            self.stdout.write(f"{one.number}: {_said(one)}")
        different = sum(not one.is_same for one in replayed)
        if different:
            raise CommandError(
                _("%(different)s of %(all)s requests did not give the same text.")
                % {"different": different, "all": len(replayed)}
            )


def _exchanges(set_id: int, attempt: int | None) -> list[Exchange]:
    """Return the requests of one attempt in their order."""
    stored = Exchange.objects.filter(candidate_set=set_id)
    if attempt is None:
        attempt = stored.aggregate(last=Max("attempt", default=0))["last"]
    found = list(stored.filter(attempt=attempt).order_by("number"))
    if not found:
        raise CommandError(
            _(
                "No request is stored of this set and attempt. Sets that were imported have none; the admin's list of candidate sets shows the numbers."
            )
        )
    return found


def _endpoint(name: str) -> Endpoint:
    endpoints = all_endpoints()
    if name not in endpoints:
        raise CommandError(
            _("There is no model server “%(name)s”. Choose with --endpoint one of: %(names)s.")
            % {"name": name, "names": ", ".join(endpoints) or _("none is configured")}
        )
    return endpoints[name]


def _said(one: Replayed) -> str:
    if one.is_same:
        return _("the same text, %(count)s characters") % {"count": len(one.then or "")}
    if one.now is None:
        return _("no text now. %(error)s") % {"error": one.error}
    if one.then is None:
        return _("there was no text then; now there is one")
    at = one.differs_at
    return _("different from character %(number)s on: “%(then)s” became “%(now)s”") % {
        "number": at + 1,
        "then": _excerpt(one.then, at),
        "now": _excerpt(one.now, at),
    }


def _excerpt(text: str, at: int) -> str:
    return " ".join(text[max(at - AROUND, 0) : at + AROUND].split())
