"""Telling less of an answer instead of hiding it: a country's region, a wider band of ages.

Each step maps a value to the next coarser one, and the same value always to the same; the last step, telling
nothing, is `pluralism.anonymity.suppress_rare`. Regions are those of the United Nations (M49), by their codes.
"""

import re
from collections.abc import Iterable, Sequence

SUBREGIONS = {
    "015": "DZ EG LY MA SD TN EH",
    "014": "IO BI KM DJ ER ET TF KE MG MW MU YT MZ RE RW SC SO SS UG TZ ZM ZW",
    "017": "AO CM CF TD CG CD GQ GA ST",
    "018": "BW SZ LS NA ZA",
    "011": "BJ BF CV CI GM GH GN GW LR ML MR NE NG SH SN SL TG",
    "029": "AI AG AW BS BB BQ VG KY CU CW DM DO GD GP HT JM MQ MS PR BL KN LC MF VC SX TT TC VI",
    "013": "BZ CR SV GT HN MX NI PA",
    "005": "AR BO BV BR CL CO EC FK GF GY PY PE GS SR UY VE",
    "021": "BM CA GL PM US",
    "143": "KZ KG TJ TM UZ",
    "030": "CN HK MO KP JP MN KR TW",
    "035": "BN KH ID LA MY MM PH SG TH TL VN",
    "034": "AF BD BT IN IR MV NP PK LK",
    "145": "AM AZ BH CY GE IQ IL JO KW LB OM QA SA PS SY TR AE YE",
    "151": "BY BG CZ HU PL MD RO RU SK UA",
    "154": "AX GG JE DK EE FO FI IS IE IM LV LT NO SJ SE GB",
    "039": "AL AD BA HR GI GR VA IT MT ME MK PT SM RS SI ES",
    "155": "AT BE FR DE LI LU MC NL CH",
    "053": "AU CX CC HM NZ NF",
    "054": "FJ NC PG SB VU",
    "057": "GU KI MH FM NR MP PW UM",
    "061": "AS CK PF NU PN WS TK TO TV WF",
}
REGIONS = {
    "002": "015 014 017 018 011",
    "019": "029 013 005 021",
    "142": "143 030 035 034 145",
    "150": "151 154 039 155",
    "009": "053 054 057 061",
}
REGION_NAMES = {
    "002": "africa", "005": "south america", "009": "oceania", "011": "western africa", "013": "central america",
    "014": "eastern africa", "015": "northern africa", "017": "middle africa", "018": "southern africa", "019": "americas",
    "021": "northern america", "029": "caribbean", "030": "eastern asia", "034": "southern asia", "035": "south-eastern asia",
    "039": "southern europe", "053": "australia and new zealand", "054": "melanesia", "057": "micronesia", "061": "polynesia",
    "142": "asia", "143": "central asia", "145": "western asia", "150": "europe", "151": "eastern europe",
    "154": "northern europe", "155": "western europe",
}  # fmt: skip
COUNTRIES = {
    part: region
    for table in (SUBREGIONS, REGIONS)
    for region, parts in table.items()
    for part in parts.split()
}
"""Each country's subregion, each subregion's region. Antarctica has none."""
EDUCATION = dict.fromkeys(
    ("Some post-secondary", "Post-secondary graduate", "Some or complete graduate degree"),
    "Post-secondary",
)
POLITICAL = {
    "Very left-leaning": "Left-leaning",
    "Somewhat left-leaning": "Left-leaning",
    "Somewhat right-leaning": "Right-leaning",
    "Very right-leaning": "Right-leaning",
}
KNOWN = {"country": COUNTRIES, "education_level": EDUCATION, "political": POLITICAL}
"""What is known of the questions of the Community Alignment dataset, by their names."""

BAND = re.compile(r"(\d{1,3})(?:\s?[-–]\s?(\d{1,3})|(\+))?\Z")


def coarser_values(question: str, options: Iterable[str]) -> dict[str, str]:
    """Return the next coarser value of each option and of those in turn; a value that has none is not among the keys.

    Known questions have their own steps. Where all options are bands of numbers, such as ages, two neighbours make
    one, and so on, as long as two bands are left.
    """
    return KNOWN.get(question) or _wider(_bands(options))


def _bands(options: Iterable[str]) -> list[tuple[str, int, int | None]]:
    """Return the options as bands in their order, with the last band open at the top; empty if one is none."""
    bands = []
    for option in options:
        match = BAND.match(option)
        if match is None:
            return []
        low = int(match[1])
        bands.append((option, low, None if match[3] else int(match[2] or low)))
    return sorted(bands, key=lambda band: band[1])


def _wider(bands: Sequence[tuple[str, int, int | None]]) -> dict[str, str]:
    steps: dict[str, str] = {}
    while len(bands) > 2:
        pairs = [bands[place : place + 2] for place in range(0, len(bands), 2)]
        if len(pairs[-1]) == 1:
            pairs[-2:] = [[*pairs[-2], *pairs[-1]]]
        wider = []
        for pair in pairs:
            low, high = pair[0][1], pair[-1][2]
            name = f"{low}+" if high is None else f"{low}-{high}"
            # Of 40+ and 50+ the first is as wide as both: its next step comes later, or never.
            steps |= {option: name for option, *_ends in pair if option != name}
            wider.append((name, low, high))
        bands = wider
    return steps
