"""Which characters of a text may say who wrote it. The ids are those of the documentation of `stdnum`; nobody has them."""

import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pluralism.identifying import Found, find_identifying
from pluralism.identity_numbers import is_iranian

CASES = json.loads(
    (Path(__file__).parent / "cases" / "identifying.json").read_text(encoding="utf-8")
)


def check(case: dict[str, Any]) -> list[Found]:
    return find_identifying(
        case["text"],
        names=case.get("names", ()),
        countries=[case.get("country", "")],
        language=case["language"],
    )


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["text"][:30])
def test_what_identifies_is_found_and_nothing_else(case: dict[str, Any]) -> None:
    found = [[f.kind, case["text"][f.start : f.end]] for f in check(case)]
    assert sorted(found) == sorted(case["found"])


def test_the_languages_of_a_study_are_all_among_the_cases() -> None:
    studied = {"ar", "as", "az", "zh", "am", "el", "id", "fa", "es", "ko", "ha", "en", "su"}
    assert studied <= {case["language"] for case in CASES if case["found"]}


@given(st.text(max_size=200), st.lists(st.text(max_size=12), max_size=3))
def test_any_text_gives_places_inside_it_that_do_not_overlap(text: str, names: list[str]) -> None:
    found = find_identifying(text, names=names, countries=["US", "IN"], language="ar")
    ends = [0]
    for place in found:
        assert ends[-1] <= place.start < place.end <= len(text)
        ends.append(place.end)
    assert found == find_identifying(text, names=names, countries=["US", "IN"], language="ar")


@pytest.mark.parametrize(
    "text",
    [
        "a" * 100_000,
        "1 " * 50_000,
        "a@" * 50_000,
        "a." * 50_000 + "@",
        "at dot " * 20_000,
        "(" * 50_000,
    ],
    ids=["letters", "digits", "ats", "dots", "words", "brackets"],
)
def test_hostile_texts_take_no_time(text: str) -> None:
    begin = time.perf_counter()
    find_identifying(text, names=["Jane"], countries=["US"], language="en")
    assert time.perf_counter() - begin < 5


def test_ids_of_iran_have_their_check_digit() -> None:
    assert is_iranian("0084575948")
    assert not is_iranian("0084575949")
    assert not is_iranian("1111111111")
