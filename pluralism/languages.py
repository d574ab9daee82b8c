"""Which language a text is in: a signal that doubts before it accuses.

A text is cut into windows of about a line, each window is given to lingua, and the letters of the windows
that lingua is sure of are the votes. So one quotation, one borrowed word or one name decides nothing.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

from lingua import IsoCode639_1, Language, LanguageDetectorBuilder

Check = Literal["same", "other", "unchecked"]

FEWEST_LETTERS = 20
"""A text with fewer letters is unchecked."""
FEWEST_LETTERS_FOR_OTHER = 120
"""A text with fewer letters is never said to be in another language."""
SURE = 0.8
"""Confidence from which a window's letters count as a vote."""
SHARE_FOR_OTHER = 0.9
"""So many of the letters must be votes for one other language."""
SHARE_OF_MIXED = 0.25
"""A text with so many votes for the language asked, and as many for another one, is mixed."""
LEAST_COINCIDENCE = 0.05
"""How often two letters of a text are equal: 0.06 to 0.08 in alphabets, 1/26 where letters are drawn at random."""

WITNESSES = ("en", "es", "de", "id", "tr", "sw")
"""Known beside a project's own languages. English is what models fall into. The others are large and
unlike each other: without them lingua, which only compares, is sure that every text in the Latin
alphabet is English: romanised Hindi, noise and all."""
KIN = ({"bs", "hr", "sr"}, {"id", "ms"}, {"nb", "nn", "da"}, {"st", "tn"}, {"xh", "zu"})
"""Languages so near to each other that a text in one is never held against the other."""
OTHER_NAMES = {"no": "nb", "fil": "tl", "cmn": "zh"}
NO_ALPHABET = {"zh", "ja", "ko"}

WINDOW = re.compile(r".{60,}?(?=[\s。！？।]|\Z)|.+", re.DOTALL)


@dataclass(frozen=True)
class Finding:
    """What a text looks like.

    Attributes
    ----------
    detected
        ISO 639-1 code of the language most letters speak for; empty where none is sure.
    check
        Whether that is the language asked for. `other` only where there is no doubt.
    mixed
        Whether a good part is in the language asked for and a good part in another one.
    """

    detected: str
    check: Check
    mixed: bool


class LanguageDetector:
    """Tells the languages of a project apart.

    Only these and `WITNESSES` are loaded, as trigrams alone: below 2 MB and 30 ms for each language, at once, so
    that no text waits for it. Keep one for a process and a set of languages (`detector_for`).
    """

    def __init__(self, languages: Iterable[str]) -> None:
        known = {code for tag in (*languages, *WITNESSES) if (code := code_of(tag))}
        self._detector = (
            LanguageDetectorBuilder.from_iso_codes_639_1(*(_ISO[code] for code in sorted(known)))
            .with_low_accuracy_mode()
            .with_preloaded_language_models()
            .build()
        )
        self._known = known

    def check(self, text: str, *, asked: str) -> Finding:
        """Hold a text against the BCP-47 tag of the language asked for.

        A language that lingua does not know, or was not named to this detector, is unchecked.
        """
        code = code_of(asked)
        letters = [character for character in text.casefold() if character.isalpha()]
        if code not in self._known or len(letters) < FEWEST_LETTERS:
            return Finding("", "unchecked", mixed=False)
        votes = self._votes(text)
        total = sum(votes.values())
        own = sum(votes[kin] for kin in _kin_of(code)) / total
        shares = {voted: count / total for voted, count in votes.items() if voted}
        detected = max(shares, key=lambda voted: shares[voted], default="")
        if detected in _kin_of(code):
            mixed = any(
                share >= SHARE_OF_MIXED for voted, share in shares.items() if voted != detected
            )
            return Finding(detected, "same" if own > 0.5 else "unchecked", mixed=mixed)
        other = (
            shares.get(detected, 0) >= SHARE_FOR_OTHER
            and len(letters) >= FEWEST_LETTERS_FOR_OTHER
            and (detected in NO_ALPHABET or coincidence(letters) >= LEAST_COINCIDENCE)
        )
        return Finding(detected, "other" if other else "unchecked", mixed=own >= SHARE_OF_MIXED)

    def _votes(self, text: str) -> Counter[str]:
        """Count letters by the language of their window; those of unsure windows under no name."""
        votes: Counter[str] = Counter()
        for window in WINDOW.findall(text):
            letters = sum(map(str.isalpha, window))
            if letters:
                best = self._detector.compute_language_confidence_values(window)[0]
                name = best.language.iso_code_639_1.name.lower() if best.value >= SURE else ""
                votes[name] += letters
        return votes


_ISO: dict[str, IsoCode639_1] = {
    language.iso_code_639_1.name.lower(): language.iso_code_639_1 for language in Language.all()
}


@cache
def detector_for(languages: frozenset[str]) -> LanguageDetector:
    """Return this process's detector for these BCP-47 tags."""
    return LanguageDetector(languages)


def code_of(tag: str) -> str:
    """Return the code under which lingua knows a language; empty where it does not.

    A tag that names a script is not known, but for Chinese: lingua knows each language in one script.
    """
    name, *rest = tag.lower().split("-")
    code = OTHER_NAMES.get(name, name)
    in_a_script = bool(rest) and len(rest[0]) == 4 and rest[0].isalpha()
    return code if code in _ISO and (not in_a_script or code == "zh") else ""


def coincidence(letters: Sequence[str]) -> float:
    """Return the probability that two letters drawn from these without putting back are equal."""
    n = len(letters)
    return sum(count * (count - 1) for count in Counter(letters).values()) / max(n * (n - 1), 1)


def _kin_of(code: str) -> set[str]:
    return next((kin for kin in KIN if code in kin), {code})
