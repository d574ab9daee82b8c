"""What is told instead of an answer that too few share."""

from collections import Counter

import pytest

from annotator.models.demographics import default_demographics
from annotator.selectors.exports.countries import COUNTRIES as NAMES
from pluralism.coarsening import (
    COUNTRIES,
    REGION_NAMES,
    REGIONS,
    SUBREGIONS,
    coarser_values,
)

ASKED = {entry["slug"]: entry.get("options", []) for entry in default_demographics()}


def test_every_country_is_in_one_subregion_and_one_region() -> None:
    listed = Counter(code for codes in SUBREGIONS.values() for code in codes.split())
    assert set(listed) == set(NAMES) - {"AQ"}
    assert set(listed.values()) == {1}
    assert {COUNTRIES[COUNTRIES[code]] for code in listed} == set(REGIONS)
    assert set(REGION_NAMES) == set(SUBREGIONS) | set(REGIONS)


def test_neighbouring_bands_make_wider_ones() -> None:
    steps = coarser_values("age", ASKED["age"])
    assert steps == {"18-34": "18-45", "35-45": "18-45", "46-54": "46+", "55+": "46+"}
    assert coarser_values("age", ["30", "10", "20", "40+", "50+"])["50+"] == "30+"


def test_a_band_as_wide_as_its_pair_is_no_step_to_itself() -> None:
    steps = coarser_values("age", ["10", "20", "40+", "50+"])
    assert steps == {"10": "10-20", "20": "10-20", "50+": "40+"}


@pytest.mark.parametrize(
    ("question", "options"),
    [("gender", ["male", "female"]), ("age", ["18-34", "old"]), ("age", ["1-2", "3+"]), ("x", [])],
)
def test_what_has_no_order_is_not_told_more_coarsely(question: str, options: list[str]) -> None:
    assert coarser_values(question, options) == {}


def test_the_known_steps_are_of_the_options_asked() -> None:
    for question in ("education_level", "political"):
        assert set(coarser_values(question, ())) < set(ASKED[question])
