"""Nonsense in an address is answered with a 4xx and a sentence, never with a 500."""

import base64

import pytest

from annotator.models import Project
from tests.api.caller import Caller

pytestmark = pytest.mark.django_db

LISTS = ["/api/v1/projects/", "prompts/", "generation-runs/", "candidate-sets/", "judgments/"]


def cursor(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize(
    "query",
    [
        "page_size=0",
        "page_size=-1",
        "page_size=501",
        "page_size=9223372036854775808",
        "page_size=1e2",
        "page_size=",
        "page_size=%00",
        "page_size=%D9%A3",
        "page_size=NaN",
        "cursor=x",
        "cursor=%00",
        "cursor=%FF%FE",
        f"cursor={cursor('p=abc')}",
        f"cursor={cursor('p=9223372036854775808')}",
        f"cursor={cursor('p=-1')}",
        f"cursor={cursor('p=1.5')}",
        f"cursor={cursor('o=-1&p=1')}",
        f"cursor={cursor('o=x')}",
    ],
)
def test_absurd_paging_is_refused(project: Project, rita: Caller, path: str, query: str) -> None:
    answer = rita.get(f"{path}?{query}")
    assert (answer.status_code, list(answer.json()["fields"])) == (400, [query.partition("=")[0]])


@pytest.mark.parametrize("size", [1, 500])
def test_the_limits_of_paging_are_allowed(project: Project, rita: Caller, size: int) -> None:
    assert rita.get(f"prompts/?page_size={size}").status_code == 200


@pytest.mark.parametrize(
    "query",
    [
        "wave=0",
        "wave=-1",
        "wave=9223372036854775808",
        "wave=1.0",
        "wave=1e1",
        "wave=true",
        "wave=%D9%A3",
        "wave=",
        "turn=NaN",
        "turn=0",
        "since=-1",
        "since=x",
        "since=9223372036854775808",
        "since=%00",
        "language=not%20a%20tag",
        "language=%00",
        "language=en%00",
        "language=",
        "country=fr",
        "country=FRA",
        "country=FR%0A",
        "country=%00",
        "strategy=%00",
        "strategy=",
        "counted=maybe",
        "criterion=safety",
        "pairs=two",
        "format=%00",
        "format=xml",
        "formt=native",
        "page_size=5",
    ],
)
def test_an_export_names_the_parameter_that_is_wrong(
    project: Project, rita: Caller, query: str
) -> None:
    answer = rita.get(f"export/?{query}")
    assert (answer.status_code, list(answer.json()["fields"])) == (400, [query.partition("=")[0]])


@pytest.mark.parametrize(
    "number",
    [
        "0",
        "-1",
        "9223372036854775807",
        "9223372036854775808",
        "9" * 5000,
        "%D9%A3",
        "1.0",
        "NaN",
        "%00",
    ],
)
@pytest.mark.parametrize("verb", ["", "pause/"])
def test_an_id_that_cannot_be_is_not_found(
    project: Project, rita: Caller, number: str, verb: str
) -> None:
    answer = (
        rita.post(f"generation-runs/{number}/{verb}")
        if verb
        else rita.get(f"generation-runs/{number}/")
    )
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    "slug", ["%00", "every%20day", "%ED%A0%80", "%D9%A3", "x" * 3000, "..", "everyday%2F"]
)
def test_a_slug_that_cannot_be_is_not_found(project: Project, rita: Caller, slug: str) -> None:
    answer = rita.get(f"/api/v1/projects/{slug}/export/")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("charset", ["rot13", "hex", "utf-7", "nonsense", "utf-16"])
def test_a_charset_changes_nothing_about_utf_8(
    project: Project, rita: Caller, charset: str
) -> None:
    assert (
        rita.post(
            "generation-runs/", b"{", content_type=f"application/json; charset={charset}"
        ).status_code
        == 400
    )


@pytest.mark.parametrize(
    "content_type",
    ["", "json", "application/", ";;;", "application/json\x7f", "multipart/form-data; boundary=x"],
)
def test_a_content_type_that_is_none_is_refused(
    project: Project, rita: Caller, content_type: str
) -> None:
    for path in ("prompts/", "generation-runs/"):
        assert rita.post(path, b"{}", content_type=content_type).status_code in (400, 415)


def test_ten_megabytes_are_too_many_and_the_sentence_says_how_many_are_not(
    project: Project, rita: Caller
) -> None:
    answer = rita.post("prompts/", b"x" * 10_000_000, content_type="text/csv")
    assert answer.status_code == 413
    assert "5000000" in answer.json()["detail"]
