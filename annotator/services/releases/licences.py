"""Under which licence a release may stand, given those of the prompts in it."""

from collections.abc import Collection

from django.utils.translation import gettext as _

from annotator.errors import Refused

DEFAULT = "CC-BY-4.0"
CONDITIONS: dict[str, frozenset[str]] = {
    "CC0-1.0": frozenset(),
    "MIT": frozenset({"by"}),
    "Apache-2.0": frozenset({"by"}),
    "ODC-By-1.0": frozenset({"by"}),
    "CC-BY-3.0": frozenset({"by"}),
    "CC-BY-4.0": frozenset({"by"}),
    "CC-BY-SA-4.0": frozenset({"by", "sa"}),
    "CC-BY-NC-4.0": frozenset({"by", "nc"}),
    "CC-BY-NC-SA-4.0": frozenset({"by", "nc", "sa"}),
}
"""What each asks of whoever passes the data on, by SPDX identifier: to name the author, to keep the same
licence, to make no commerce of it. Licences that forbid changed copies can't be in a release at all."""
GRANTED = ("CC0-1.0", "CC-BY-4.0", "CC-BY-SA-4.0", "CC-BY-NC-4.0", "CC-BY-NC-SA-4.0")
"""Those that a release can stand under, from the freest on."""


def derive_licence(*, of_prompts: Collection[str], wanted: str = "") -> str:
    """Return the freest licence that keeps all conditions; `wanted` if it keeps them too.

    Raises
    ------
    Refused
        unknown_licence, licences_conflict, licence_too_free.
    """
    _refuse_unknown([*of_prompts, *([wanted] if wanted else [])])
    if wanted and wanted not in GRANTED:
        raise _refused_name(wanted)
    kept = frozenset().union(*(CONDITIONS[name] for name in of_prompts))
    copyleft = {name for name in of_prompts if "sa" in CONDITIONS[name]}
    fitting = [name for name in GRANTED if CONDITIONS[name] >= kept and copyleft <= {name}]
    if not fitting:
        raise Refused(
            "licences_conflict",
            _(
                "No licence keeps the conditions of all prompts: %(licences)s. Make two projects of them, or leave some out."
            )
            % {"licences": ", ".join(sorted(of_prompts))},
        )
    chosen = wanted or (DEFAULT if DEFAULT in fitting else fitting[0])
    if chosen not in fitting:
        raise Refused(
            "licence_too_free",
            _(
                "The prompts' licences don't allow %(wanted)s: %(licences)s. Choose one of: %(fitting)s."
            )
            % {
                "wanted": wanted,
                "licences": ", ".join(sorted(of_prompts)),
                "fitting": ", ".join(fitting),
            },
            fields={"licence": _("One of: %(fitting)s.") % {"fitting": ", ".join(fitting)}},
        )
    return chosen


def _refuse_unknown(names: Collection[str]) -> None:
    for name in sorted(names):
        if name not in CONDITIONS:
            raise _refused_name(name)


def _refused_name(name: str) -> Refused:
    return Refused(
        "unknown_licence",
        _(
            "What the licence “%(name)s” asks for is not known here. Use an SPDX identifier among: %(known)s."
        )
        % {"name": name[:100], "known": ", ".join(CONDITIONS)},
        fields={"licence": _("One of: %(known)s.") % {"known": ", ".join(GRANTED)}},
    )
