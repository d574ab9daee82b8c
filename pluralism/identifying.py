"""What in a text may say who wrote it: e-mail addresses, phone numbers, national ids, the writer's own names.

A finding is a question to a reviewer, so each kind is as precise as its public rule allows:

- e-mail addresses by the shape of RFC 5321, in any script (RFC 6531), and with the at and the dot written out;
- phone numbers by the numbering plans of ITU-T E.164 (`phonenumbers`), national ones in the countries of the writer;
- national ids by their published check digits, dates and shapes (`stdnum`), in the countries of the writer;
- names as whole words, without regard to case and accents.

Digits of all scripts count as digits. Invisible characters hide nothing.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from phonenumbers import Leniency, PhoneNumberMatcher

from pluralism.identity_numbers import COUNTRIES_OF_LANGUAGES, NUMBERS

Kind = Literal["email", "phone", "national_id", "name"]
VERSION = 1
"""Rises when the check finds something else: texts checked by an older one are checked again."""


@dataclass(frozen=True, order=True)
class Found:
    """Something in a text that may identify a person: its characters from `start` up to `end`, counted in code points."""

    start: int
    end: int
    kind: Kind


INVISIBLE = re.compile(
    "[\u00ad\u0300-\u036f\u0640\u064b-\u0652\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]"
)
"""Soft hyphens, accents, vowel signs of Arabic, joiners and marks of direction: read over in a text."""


class _Plain(dict[int, str]):
    """Each character as the check reads it: digits in ASCII, narrow forms, letters of cased scripts without accents."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        if char.isdecimal():
            plain = str(unicodedata.decimal(char))
        else:
            plain = unicodedata.normalize("NFKC", char)
            base, *marks = list(unicodedata.normalize("NFD", plain))
            if base.lower() != base.upper() and all(map(unicodedata.combining, marks)):
                plain = base
        self[code] = plain = plain if len(plain) == 1 else char
        return plain


_PLAIN = _Plain()
_DIGITS = re.compile(r"\d")
FEWEST_DIGITS = 4

LOCAL = r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}"
LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
AT, DOT = r"(?:@|\s?[\[({]\s?at\s?[\])}]\s?)", r"(?:\.|\s?[\[({]\s?dot\s?[\])}]\s?)"
EMAILS = (
    re.compile(rf"{LOCAL}{AT}(?:{LABEL}{DOT})+[A-Za-z]{{2,63}}(?![A-Za-z0-9])", re.IGNORECASE),
    re.compile(rf"{LOCAL} at (?:{LABEL} dot )+[A-Za-z]{{2,63}}\b", re.IGNORECASE),
    # In scripts without spaces or case only what can stand in no address ends it.
    re.compile(
        r"""[^\s@<>()\[\]{},;:"'“”«»|\\]{1,64}@(?:[^\s@<>()\[\]{},;:"'“”«»|\\/.!?]{1,63}\.)+[^\W\d_][^\s@<>()\[\]{},;:"'“”«»|\\/.!?。、，！？]{1,62}"""
    ),
)
HAS_AT = re.compile(r"@|\bat\b", re.IGNORECASE)

NOT_PHONES = (
    re.compile(r"\d{1,3}(?:\.\d{1,3}){3}(?!\d)"),  # IPv4
    re.compile(r"\d+\.\d{5,}(?!\d)"),  # decimals
    re.compile(r"(?:1\d|20)\d\d\s?[-–/]\s?(?:1\d|20)\d\d(?!\d)"),  # years
    re.compile(r"(?:1\d|20)\d\d([-./ ])\d{1,2}\1\d{1,2}(?!\d)"),  # dates
    re.compile(r"97[89][- ]?(?:\d[- ]?){9}\d(?!\d)"),  # ISBN-13
)
NUMBER = re.compile(r"(?:isbn|issn|doi|arxiv|pmid|№)\W{0,3}(?:\d\d\W)?\Z", re.IGNORECASE)
"""What stands before numbers of books and papers."""
PHONE_LIKE = re.compile(r"(?:\d\D{0,3}){6}\d")

LONGEST_NAME = 150
FEWEST_LETTERS = 3
FEWEST_SIGNS = 2
ROLES = frozenset(
    [
        "info",
        "marketing",
        "sales",
        "support",
        "abuse",
        "noc",
        "security",
        "postmaster",
        "hostmaster",
        "usenet",
        "news",
        "webmaster",
        "www",
        "uucp",
        "ftp",
        "admin",
        "administrator",
        "contact",
        "hello",
        "mail",
        "office",
        "root",
        "test",
        "user",
        "username",
    ]
)
"""Mailboxes of roles (RFC 2142, and those like them): no names of people."""
UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]"
)
"""Scripts in which a name may stand against what follows it: Han, kana, Hangul, Thai, Lao, Burmese, Khmer."""
PROCLITICS = "وفبلك"
"""Arabic words of one letter, written together with the name behind them."""


def find_identifying(
    text: str, *, names: Sequence[str] = (), countries: Iterable[str] = (), language: str = ""
) -> list[Found]:
    """Return what in a text may identify its writer, in order, none overlapping another.

    Parameters
    ----------
    text
        What a person wrote.
    names
        The writer's names, one an item: user name, first name, last name, local part of the e-mail address.
    countries
        ISO 3166-1 codes of the countries whose phone numbers and ids are looked for, beside those of the language.
    language
        BCP-47 tag of the text.
    """
    plain, places = _read(text)
    taken: list[Found] = []
    own = _countries(countries, language)
    has_digits = len(_DIGITS.findall(plain)) >= FEWEST_DIGITS
    searches: list[tuple[Kind, Iterator[tuple[int, int]]]] = [("email", _emails(plain))]
    if has_digits:
        searches += [("national_id", _ids(plain, own)), ("phone", _phones(plain, own))]
    searches.append(("name", _names(plain, names)))
    for kind, spans in searches:
        for start, end in spans:
            if all(end <= other.start or other.end <= start for other in taken):
                taken.append(Found(start, end, kind))
    if places is None:
        return sorted(taken)
    return sorted(Found(places[f.start], places[f.end - 1] + 1, f.kind) for f in taken)


def _read(text: str) -> tuple[str, list[int] | None]:
    """Return the text as the check reads it, and where each of its characters stood; None: where it stands."""
    if text.isascii():
        return text, None
    if not INVISIBLE.search(text):
        return text.translate(_PLAIN), None
    places = [place for place, char in enumerate(text) if not INVISIBLE.match(char)]
    return "".join(text[place] for place in places).translate(_PLAIN), places


def _countries(countries: Iterable[str], language: str) -> list[str]:
    _base, *rest = language.split("-")
    of_tag = [part for part in rest if len(part) == 2 and part.isupper()]
    spoken = COUNTRIES_OF_LANGUAGES.get(_base, "").split()
    return [code for code in dict.fromkeys([*countries, *of_tag, *spoken]) if code]


def _emails(plain: str) -> Iterator[tuple[int, int]]:
    if HAS_AT.search(plain):
        for pattern in EMAILS:
            for match in pattern.finditer(plain):
                yield match.span()


def _phones(plain: str, countries: list[str]) -> Iterator[tuple[int, int]]:
    if not PHONE_LIKE.search(plain):
        return
    for country in countries or ["ZZ"]:
        for match in PhoneNumberMatcher(plain, country, leniency=Leniency.VALID):
            if not _is_other_number(plain, match.start, match.end):
                yield match.start, match.end


def _is_other_number(plain: str, start: int, end: int) -> bool:
    """Tell whether what looks like a phone number is rather a date, a book's number, an address of a machine …"""
    if plain[start] == "+":
        return False
    before, after = plain[:start][-12:], plain[end : end + 1]
    return (
        any(pattern.match(plain, start) for pattern in NOT_PHONES)
        or NUMBER.search(before) is not None
        or before[-1:] in ("/", "=", "_", "#", "$", "€", "£", "¥", "₹")
        or (before[-1:] in (".", ",", "-", ":") and before[-2:-1].isdecimal())
        or after in ("€", "%", "°")
    )


def _ids(plain: str, countries: list[str]) -> Iterator[tuple[int, int]]:
    for shape in NUMBERS:
        if shape.country in countries or shape.is_everywhere:
            for match in shape.pattern.finditer(plain):
                if shape.is_valid(match.group()):
                    yield match.span()


def _names(plain: str, names: Sequence[str]) -> Iterator[tuple[int, int]]:
    wanted = [name for name in dict.fromkeys(map(_read_name, names)) if _tells(name)]
    if not wanted:
        return
    listed = "|".join(re.escape(name) for name in sorted(wanted, key=len, reverse=True))
    for match in re.finditer(listed, plain, re.IGNORECASE):
        if _is_a_word(plain, *match.span()):
            yield match.span()


def _read_name(name: str) -> str:
    return " ".join(_read(name)[0].split())


def _tells(name: str) -> bool:
    fewest = FEWEST_SIGNS if UNSPACED.search(name) else FEWEST_LETTERS
    return (
        fewest <= len(name) <= LONGEST_NAME and name.lower() not in ROLES and not name.isdecimal()
    )


def _is_a_word(plain: str, start: int, end: int) -> bool:
    before, after = plain[:start][-2:], plain[end : end + 1]
    if before[-1:] in PROCLITICS and before and not _goes_on(before[:-1]):
        before = ""
    return (not _goes_on(before[-1:]) or UNSPACED.match(plain, start) is not None) and (
        not _goes_on(after) or UNSPACED.match(plain, end - 1) is not None
    )


def _goes_on(char: str) -> bool:
    """Tell whether a character belongs to a word: a letter, a sign on one, a digit."""
    return char != "" and unicodedata.category(char)[0] in "LMN"
