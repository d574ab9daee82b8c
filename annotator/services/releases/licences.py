"""Under which licence a release may stand, given those of the prompts and of the models' texts in it."""

from collections.abc import Collection

from django.utils.translation import gettext as _

from annotator.errors import Refused
from annotator.models.release_settings import LICENCES

DEFAULT = "CC-BY-4.0"
GRANTED = ("CC0-1.0", "CC-BY-4.0", "CC-BY-SA-4.0", "CC-BY-NC-4.0", "CC-BY-NC-SA-4.0")
"""Those that a release can stand under, from the freest on."""


def derive_licence(*, of_texts: Collection[str], wanted: str = "") -> str:
    """Return the freest licence that keeps all conditions; `wanted` if it keeps them too.

    Raises
    ------
    Refused
        unknown_licence, licences_conflict, licence_too_free.
    """
    _refuse_unknown([*of_texts, *([wanted] if wanted else [])])
    if wanted and wanted not in GRANTED:
        raise _refused_name(wanted)
    kept = frozenset().union(*(LICENCES[name] for name in of_texts))
    copyleft = {name for name in of_texts if "sa" in LICENCES[name]}
    fitting = [name for name in GRANTED if LICENCES[name] >= kept and copyleft <= {name}]
    if not fitting:
        raise Refused(
            "licences_conflict",
            _(
                "No licence keeps the conditions of all prompts and models: %(licences)s. Make two projects of them, or leave some out."
            )
            % {"licences": ", ".join(sorted(of_texts))},
        )
    chosen = wanted or (DEFAULT if DEFAULT in fitting else fitting[0])
    if chosen not in fitting:
        raise Refused(
            "licence_too_free",
            _(
                "The licences of the prompts and models don't allow %(wanted)s: %(licences)s. Choose one of: %(fitting)s."
            )
            % {
                "wanted": wanted,
                "licences": ", ".join(sorted(of_texts)),
                "fitting": ", ".join(fitting),
            },
            fields={"licence": _("One of: %(fitting)s.") % {"fitting": ", ".join(fitting)}},
        )
    return chosen


def _refuse_unknown(names: Collection[str]) -> None:
    for name in sorted(names):
        if name not in LICENCES:
            raise _refused_name(name)


def _refused_name(name: str) -> Refused:
    return Refused(
        "unknown_licence",
        _(
            "What the licence “%(name)s” asks for is not known here. Use an SPDX identifier among: %(known)s."
        )
        % {"name": name[:100], "known": ", ".join(LICENCES)},
        fields={"licence": _("One of: %(known)s.") % {"known": ", ".join(GRANTED)}},
    )
