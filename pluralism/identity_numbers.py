"""The numbers by which states know people: in which country, of which shape, checked by which module of `stdnum`.

A number of digits alone with a weak check is looked for only in texts by people of that country. What letters,
dates and check digits together make unmistakable is looked for everywhere. Numbers of companies are none of them.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

COUNTRIES_OF_LANGUAGES = {
    "am": "ET", "ar": "EG SA DZ MA IQ SY JO LB TN AE", "as": "IN", "az": "AZ", "bn": "BD IN", "de": "DE AT CH", "el": "GR",
    "en": "US GB", "es": "ES MX AR CO", "fa": "IR", "fr": "FR BE", "ha": "NG", "hi": "IN", "id": "ID", "it": "IT",
    "ja": "JP", "ko": "KR", "nl": "NL BE", "pl": "PL", "pt": "BR PT", "ru": "RU", "su": "ID", "sw": "KE TZ", "ta": "IN",
    "te": "IN", "th": "TH", "tr": "TR", "uk": "UA", "ur": "PK", "vi": "VN", "zh": "CN TW HK",
}  # fmt: skip
"""Where most people live who write a language; whoever's country is known is looked up there as well."""


@dataclass(frozen=True)
class Shape:
    """A national id; `is_valid` sees what the pattern matched."""

    country: str
    pattern: re.Pattern[str]
    is_valid: Callable[[str], bool]
    is_everywhere: bool = False


def _alone(pattern: str) -> re.Pattern[str]:
    """Return the pattern for a number that stands alone: no letter, digit or decimal goes on."""
    return re.compile(rf"(?<![A-Za-z0-9])(?<!\d[.,-]){pattern}(?![A-Za-z0-9]|[.,-]\d)")


def _by_stdnum(module: str) -> Callable[[str], bool]:
    return lambda number: bool(import_module(f"stdnum.{module}").is_valid(number))


def is_iranian(number: str) -> bool:
    """Tell whether ten digits are a national id of Iran: the last one is a weighted sum modulo 11."""
    *digits, check = map(int, number)
    rest = sum(weight * digit for weight, digit in zip(range(10, 1, -1), digits, strict=True)) % 11
    return len(set(number)) > 1 and check == (rest if rest < 2 else 11 - rest)


def _always(_number: str) -> bool:
    return True


_BY_STDNUM = (
    ("AR", "ar.cuit", r"(?:20|23|24|27)-\d{8}-\d"),
    ("BE", "be.nn", r"\d{2}\.\d{2}\.\d{2}-\d{3}\.\d{2}"),
    ("BR", "br.cpf", r"\d{3}\.\d{3}\.\d{3}-\d{2}|\d{11}"),
    ("CH", "ch.ssn", r"756\.\d{4}\.\d{4}\.\d{2}"),
    ("CL", "cl.rut", r"\d{1,2}\.\d{3}\.\d{3}-[\dKk]"),
    ("CZ", "cz.rc", r"\d{6}/\d{3,4}"),
    ("DE", "de.idnr", r"[1-9]\d (?:\d{3} ){2}\d{3}|[1-9]\d{10}"),
    ("DK", "dk.cpr", r"\d{6}-\d{4}"),
    ("ES", "es.dni", r"\d{8}-?[A-Za-z]|\d{8} [A-Z]"),
    ("ES", "es.nie", r"[XYZxyz][ -]?\d{7}[ -]?[A-Za-z]"),
    ("FI", "fi.hetu", r"\d{6}[-+A-FU-Y]\d{3}[0-9A-Y]"),
    ("FR", "fr.nir", r"[12] ?\d{2} ?\d{2} ?\d[\dAB] ?\d{3} ?\d{3} ?\d{2}"),
    ("GR", "gr.amka", r"\d{11}"),
    ("ID", "id.nik", r"\d{16}"),
    ("IL", "il.idnr", r"\d{9}"),
    ("IN", "in_.aadhaar", r"[2-9]\d{3} \d{4} \d{4}|[2-9]\d{3}-\d{4}-\d{4}|[2-9]\d{11}"),
    ("IN", "in_.epic", r"[A-Z]{3}\d{7}"),
    ("IN", "in_.pan", r"[A-Z]{3}[P][A-Z]\d{4}[A-Z]"),
    ("IT", "it.codicefiscale", r"[A-Za-z]{6}\d{2}[A-Za-z]\d{2}[A-Za-z]\d{3}[A-Za-z]"),
    ("JP", "jp.in_", r"\d{4}[ -]\d{4}[ -]\d{4}|\d{12}"),
    ("KR", "kr.rrn", r"\d{6}-[1-8]\d{6}"),
    ("MX", "mx.curp", r"[A-Z]{4}\d{6}[HMX][A-Z]{5}[0-9A-Z]\d"),
    ("NL", "nl.bsn", r"\d{9}"),
    ("PK", "pk.cnic", r"\d{5}-\d{7}-\d"),
    ("PL", "pl.pesel", r"\d{11}"),
    ("RO", "ro.cnp", r"[1-9]\d{12}"),
    ("RU", "ru.inn", r"\d{12}"),
    ("SE", "se.personnummer", r"(?:\d{2})?\d{6}[-+]\d{4}"),
    ("TH", "th.pin", r"\d-\d{4}-\d{5}-\d{2}-\d|\d{13}"),
    ("TR", "tr.tckimlik", r"[1-9]\d{10}"),
    ("US", "us.ssn", r"\d{3}-\d{2}-\d{4}"),
    ("ZA", "za.idnr", r"\d{13}"),
    ("CN", "cn.ric", r"\d{17}[\dXx]"),
)
UNMISTAKABLE = (
    "cn.ric",
    "it.codicefiscale",
    "kr.rrn",
    "mx.curp",
    "us.ssn",
    "fr.nir",
    "be.nn",
    "fi.hetu",
)

NUMBERS = (
    *(
        Shape(country, _alone(f"(?:{pattern})"), _by_stdnum(module), module in UNMISTAKABLE)
        for country, module, pattern in _BY_STDNUM
    ),
    # National Insurance: prefixes that HMRC gives to nobody are left out.
    Shape(
        "GB",
        _alone(r"(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z](?: ?\d\d){3} ?[A-D]"),
        _always,
    ),
    # Century, date of birth, governorate, serial number.
    Shape(
        "EG",
        _alone(
            r"[23]\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:0[1-4]|1[1-9]|2[1-9]|3[1-5]|88)\d{5}"
        ),
        _always,
    ),
    Shape("IR", _alone(r"\d{10}"), is_iranian),
)
