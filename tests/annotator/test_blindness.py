"""What a browser receives tells nothing of where a response came from."""

import re

import pytest
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from annotator.models import Assignment, CandidateSet, Project, Response
from annotator.services.comparisons import open_for
from tests.factories import make_annotator, make_participation, make_project, make_prompt, make_set
from tests.pages import HTMX, hidden, task_url

pytestmark = pytest.mark.django_db

WORDS = {"one": "The first text.", "other": "The second text."}


def shown(swapped: bool, *, through_htmx: bool, task_format: str) -> tuple[str, dict[str, str]]:
    """Show a pair to a new person and return its page and headers; swapped, each text has the other's origin."""
    slug = "swapped" if swapped else "plain"
    project = make_project(
        slug, name="Everyday", task_format=task_format, ways_out=["none"], candidates=2
    )
    person = make_participation(project, make_annotator(slug))
    client = Client()
    client.force_login(person.annotator)
    first = make_set(project, make_prompt(project, "Before"), texts=list(WORDS.values()))
    if through_htmx:
        before = hidden(client.get(task_url(slug)).content.decode())
    make_pair(project, swapped)
    Assignment.objects.filter(state="open", comparison__in=first.comparisons.all()).delete()
    for place in Assignment.objects.filter(project=project):
        options = place.comparison.options.order_by("response__text")
        place.display_order = [option.position for option in options]
        place.explanation_asked = "optional"
        place.save()
    if not through_htmx:
        answer = client.get(task_url(slug))
    else:
        given = (
            {"rank-a": "1", "rank-b": "2"}
            if task_format == "ranking"
            else {"choice": "a", "strength": "1"}
        )
        fields = {**before, **given, "action": "submit"}
        answer = client.post(task_url(slug), fields, headers=HTMX)
    assert answer.status_code == 200
    return answer.content.decode(), dict(answer.headers)


def make_pair(project: Project, swapped: bool) -> None:
    """Make a set of the two texts; swapped, each has the other's slot, model, strategy, seed and length."""
    prompt = make_prompt(project)
    origins = [
        {"model": "alpha-7b", "strategy": "nc_prompt", "seed": 1, "finish_reason": "stop"},
        {"model": "omega-70b", "strategy": "independent", "seed": 2, "finish_reason": "length"},
    ]
    with transaction.atomic():
        made = CandidateSet.objects.create(
            project=project,
            prompt=prompt,
            language="en",
            strategy="nc_prompt",
            state=CandidateSet.State.COMPLETE,
            completed_at=timezone.now(),
        )
        for slot, text in enumerate(list(WORDS.values())[:: -1 if swapped else 1]):
            Response.objects.create(
                project=project,
                candidate_set=made,
                slot=slot,
                text=text,
                html=f"<p>{text}</p>",
                **origins[slot],
            )
        open_for(candidate_sets=[made])


def without_what_is_new_each_time(html: str) -> str:
    """Take out the token of the form, the person's key, the place's own numbers and the end of the lease."""
    for pattern, by in (
        (r'csrfmiddlewaretoken" value="\w+"', "token"),
        (r'(name="assignment" value|about=task-)"?=?"?\d+"?', "place"),
        (r'name="(assignment|place)" value="\d+"', "place"),
        (r'name="submission_id" value="[\w-]+"', "submission"),
        (r'data-lease-until="\d+"', "lease"),
        (r'data-who="\w+"', "who"),
        (r"/projects/(plain|swapped)/", "/projects/everyday/"),
        (r"Leave \((plain|swapped)\)", "Leave"),
    ):
        html = re.sub(pattern, by, html)
    return html


@pytest.mark.parametrize("through_htmx", [False, True])
@pytest.mark.parametrize("task_format", ["best_of_k", "pairwise", "ranking"])
def test_the_same_pair_with_its_origins_swapped_is_the_same_page(
    through_htmx: bool, task_format: str
) -> None:
    pages, headers = zip(
        *(
            shown(swapped, through_htmx=through_htmx, task_format=task_format)
            for swapped in (False, True)
        ),
        strict=True,
    )
    assert all(text in pages[0] for text in WORDS.values())
    assert without_what_is_new_each_time(pages[0]) == without_what_is_new_each_time(pages[1])
    quiet = [{k: v for k, v in each.items() if k != "Content-Length"} for each in headers]
    assert quiet[0] == quiet[1]
    assert "Server-Timing" not in headers[0]


def test_no_id_of_a_response_a_set_or_a_slot_is_in_the_page() -> None:
    with connection.cursor() as cursor:  # ids that nothing else in a page looks like
        for table in ("response", "candidateset", "comparison", "comparisonoption", "prompt"):
            cursor.execute(
                "SELECT setval(pg_get_serial_sequence(%s, 'id'), 987650000)", [f"annotator_{table}"]
            )
    project = make_project()
    person = make_participation(project, make_annotator("alice"))
    make_pair(project, swapped=False)
    client = Client()
    client.force_login(person.annotator)
    html = client.get(task_url()).content.decode()
    assert WORDS["one"] in html
    assert "98765" not in html
    assert not re.search(r"alpha|omega|nc_prompt|independent|slot|strategy", html)
