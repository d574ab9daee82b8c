"""A release stands under a licence that keeps those of its prompts and models."""

import pytest
from django.core.exceptions import ValidationError

from annotator.errors import Refused
from annotator.models.release_settings import validate_model_licences
from annotator.services.releases import start_release
from annotator.services.releases.licences import derive_licence
from tests.factories import (
    make_annotator,
    make_judgment,
    make_participation,
    make_project,
    make_set,
)


@pytest.mark.parametrize(
    ("of_texts", "wanted", "licence"),
    [
        (set(), "", "CC-BY-4.0"),
        ({"CC0-1.0"}, "", "CC-BY-4.0"),
        ({"CC0-1.0"}, "CC0-1.0", "CC0-1.0"),
        ({"CC-BY-SA-4.0", "CC-BY-4.0"}, "", "CC-BY-SA-4.0"),
        ({"CC-BY-NC-4.0"}, "", "CC-BY-NC-4.0"),
        ({"CC-BY-NC-4.0"}, "CC-BY-NC-SA-4.0", "CC-BY-NC-SA-4.0"),
    ],
)
def test_the_licence_follows_from_those_of_the_prompts(
    of_texts: set[str], wanted: str, licence: str
) -> None:
    assert derive_licence(of_texts=of_texts, wanted=wanted) == licence


@pytest.mark.parametrize(
    ("of_texts", "wanted", "code"),
    [
        ({"CC-BY-SA-4.0", "CC-BY-NC-4.0"}, "", "licences_conflict"),
        ({"CC-BY-SA-4.0"}, "CC-BY-4.0", "licence_too_free"),
        ({"CC-BY-ND-4.0"}, "", "unknown_licence"),
        (set(), "MIT", "unknown_licence"),
    ],
)
def test_licences_that_do_not_fit_are_refused(of_texts: set[str], wanted: str, code: str) -> None:
    with pytest.raises(Refused) as refused:
        derive_licence(of_texts=of_texts, wanted=wanted)
    assert refused.value.code == code


@pytest.mark.django_db
def test_the_licence_keeps_those_of_the_models_that_were_compared() -> None:
    project = make_project()
    make_set(project)
    make_judgment(make_participation(project, make_annotator()))
    project.model_licences = {"model-1": "CC-BY-NC-4.0", "never asked": "CC-BY-SA-4.0"}
    project.save()
    assert start_release(project=project, version="1.0").licence == "CC-BY-NC-4.0"
    project.model_licences["model-2"] = "CC-BY-SA-4.0"
    project.save()
    with pytest.raises(Refused) as refused:
        start_release(project=project, version="1.1")
    assert refused.value.code == "licences_conflict"


@pytest.mark.parametrize("value", [[], {"m": "Llama"}, {"m": 1}, "x"])
def test_a_models_licence_is_one_that_is_known(value: object) -> None:
    with pytest.raises(ValidationError):
        validate_model_licences(value)
