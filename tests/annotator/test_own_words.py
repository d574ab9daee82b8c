"""What matters to people in their own words: optional, append-only, theirs to take back, unseen by others."""

import json
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from annotator.errors import Refused
from annotator.models import (
    CandidateSet,
    Exchange,
    OwnWords,
    Participation,
    Project,
    Response,
    WordsUse,
)
from annotator.selectors.profiles import with_profiles
from annotator.selectors.readiness import list_lacks
from annotator.services.generation import (
    ask_for_turn,
    claim_sets,
    requeue_overdue,
    start_run,
)
from annotator.services.generation.queue import ClaimedSet
from annotator.services.own_words import FEWEST_LENDERS, save_own_words
from annotator.services.profiles import add_library_profiles
from annotator.services.withdrawal import withdraw
from tests.annotator.conversing import SERVER
from tests.factories import (
    make_annotator,
    make_own_turn,
    make_participation,
    make_project,
    make_prompt,
)
from tests.workers.test_candidate_queue import store

pytestmark = pytest.mark.django_db
URL = "/projects/everyday/words/"
TASK = "/projects/everyday/task/"
PROFILES = ["traditional", "care", "order", "thrift"]


@pytest.fixture(autouse=True)
def _a_model_server(settings: Settings) -> None:
    settings.VLLM_BASE_URL = SERVER
    add_library_profiles()


@pytest.fixture
def project() -> Project:
    return make_words_project()


def make_words_project(**settings: Any) -> Project:
    profiles = with_profiles(parameters={"profiles": PROFILES}, project=Project())
    defaults = {
        "own_words_asked": True,
        "own_prompt_share": 1.0,
        "strategy": "value_systems",
        "strategy_parameters": profiles,
    }
    return make_project(**{**defaults, **settings})


def come_in(client: Client, project: Project, **fields: Any) -> Participation:
    alice = make_annotator("alice")
    client.force_login(alice)
    return make_participation(project, alice, **fields)


def lenders(project: Project, count: int, *, language: str = "en") -> list[Participation]:
    people = [
        make_participation(project, make_annotator(f"{language}{number}"), languages=[language])
        for number in range(count)
    ]
    for number, person in enumerate(people):
        save_own_words(
            participation=person, text=f"What {number} holds dear.", language=language, lend=True
        )
    return people


def claim(run_id: int | None) -> list[ClaimedSet]:
    return claim_sets(run_id=run_id or 0, limit=100)


def texts(claimed: ClaimedSet) -> list[str]:
    return [words.text for words in claimed.words]


# Writing them


def test_people_are_asked_once_and_may_leave_it_empty(client: Client, project: Project) -> None:
    alice = come_in(client, project)
    assert client.get(TASK)["Location"] == URL
    html = client.get(URL).content.decode()
    assert '<form id="words"' in html
    assert "your own messages" in html
    assert "required" not in html
    assert (
        client.post(URL, {"text": " \u200b\n", "language": "en", "lend": "yes"})["Location"] == TASK
    )
    assert client.get(TASK).status_code == 200
    alice.refresh_from_db()
    assert alice.words == OwnWords.objects.get()
    assert (OwnWords.objects.get().text, OwnWords.objects.get().lent) == ("", False)


def test_who_writes_no_messages_is_promised_no_response_to_them(client: Client) -> None:
    come_in(client, make_words_project(own_prompt_share=0.0))
    assert "your own messages" not in client.get(URL).content.decode()


def test_nobody_is_asked_where_the_project_does_not_want_it(client: Client) -> None:
    come_in(client, make_project())
    assert client.get(TASK).status_code == 200
    assert client.get(URL)["Location"] == TASK


def test_each_change_is_a_revision_and_the_same_again_is_none(
    client: Client, project: Project
) -> None:
    alice = come_in(client, project)
    said = {"text": "My children come first.\r\nThen honesty. {words} %s", "language": "en"}
    for sent in (said, said, {**said, "lend": "yes"}, {"text": "", "language": "en"}):
        client.post(URL, sent)
    rows = list(OwnWords.objects.order_by("number").values_list("number", "text", "lent"))
    text = "My children come first.\nThen honesty. {words} %s"
    assert rows == [(1, text, False), (2, text, True), (3, "", False)]
    alice.refresh_from_db()
    assert alice.words == OwnWords.objects.get(number=3)


def test_the_page_shows_what_was_said_and_my_data_leads_to_it(
    client: Client, project: Project, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    come_in(client, project, languages=["en", "ar"])
    client.post(URL, {"text": "الصدق <b>قبل</b> كل شيء", "language": "ar", "lend": "yes"})
    with django_assert_num_queries(4):  # session, account, participation, words
        html = client.get(URL).content.decode()
    assert 'lang="ar" dir="auto">الصدق &lt;b&gt;قبل&lt;/b&gt; كل شيء</textarea>' in html
    assert 'value="ar" checked' in html
    assert 'name="lend" value="yes" checked' in html
    assert f'href="{URL}"' in client.get("/account/").content.decode()
    [told] = json.loads(client.get("/account/download/").content)["projects"]
    assert told["what_matters_to_you"][0]["text"] == "الصدق <b>قبل</b> كل شيء"


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"text": "x" * 2001}, "text"),
        ({"text": "a\0b"}, "text"),
        ({"text": "x", "language": "fr"}, "language"),
        ({"text": "x", "language": ""}, "language"),
    ],
)
def test_what_cannot_be_kept_is_refused_at_its_field(
    client: Client, project: Project, sent: dict[str, str], field: str
) -> None:
    come_in(client, project)
    refused = client.post(URL, {"language": "en", **sent})
    assert refused.status_code == 422
    assert list(refused.context["errors"]) == [field]
    assert 'class="error"' in refused.content.decode()
    assert not OwnWords.objects.exists()


def test_revisions_are_never_rewritten_and_nothing_empty_is_lent(project: Project) -> None:
    (person,) = lenders(project, 1)
    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
        OwnWords.objects.update(text="x")
    with pytest.raises(IntegrityError, match="only_words_that_are_there"), transaction.atomic():
        OwnWords.objects.create(participation=person, number=9, language="en", lent=True)


# Live sets


def test_a_live_set_is_made_with_the_words_of_the_person_who_waits(project: Project) -> None:
    alice, bob = lenders(project, 2)
    asked = ask_for_turn(turn=make_own_turn(alice))
    mute = ask_for_turn(turn=make_own_turn(make_participation(project, make_annotator("carol"))))
    held = {claimed.set_id: texts(claimed) for claimed in claim(asked.run_id)}
    assert held == {asked.pk: ["What 0 holds dear."], mute.pk: []}
    assert not WordsUse.objects.filter(words__participation=bob).exists()


@pytest.mark.parametrize("changes", [{"own_words_asked": False}, {"strategy": "independent", "strategy_parameters": {}}])  # fmt: skip
def test_a_project_that_has_no_use_for_words_uses_none(changes: dict[str, Any]) -> None:
    project = make_words_project(**changes)
    (alice,) = lenders(project, 1)
    asked = ask_for_turn(turn=make_own_turn(alice))
    assert [texts(claimed) for claimed in claim(asked.run_id)] == [[]]
    assert not WordsUse.objects.exists()


# Bulk


def bulk(project: Project, *, prompts: int, own_words: int = 1) -> int:
    for number in range(prompts):
        make_prompt(project, f"Case {number}?")
    run = start_run(project=project, parameters={"profiles": PROFILES, "own_words": own_words})
    return run.pk


def test_lent_words_of_the_language_come_equally_often(project: Project) -> None:
    lenders(project, 5)
    lenders(project, 5, language="fr")
    mute = make_participation(project, make_annotator("mute"))
    save_own_words(participation=mute, text="Not for others.", language="en", lend=False)
    run = bulk(project, prompts=10, own_words=2)
    used = [texts(claimed) for claimed in claim(run)]
    assert {len(set(words)) for words in used} == {2}
    counts = {text: sum(text in words for words in used) for words in used for text in words}
    assert counts == {f"What {number} holds dear.": 4 for number in range(5)}
    assert not WordsUse.objects.exclude(words__language="en").exists()


def test_where_few_lend_nobodys_words_are_used(project: Project) -> None:
    lenders(project, FEWEST_LENDERS - 1)
    with pytest.raises(Refused) as refusal:
        bulk(project, prompts=1)
    assert refusal.value.code == "no_words"
    assert "parameters.own_words" in refusal.value.fields
    assert not CandidateSet.objects.exists()


@pytest.mark.parametrize("how", ["taken back", "not lent any more", "left", "left, all kept"])
def test_words_that_were_taken_back_are_not_sent_any_more(how: str) -> None:
    project = make_words_project(after_withdrawal="keep" if how == "left, all kept" else "erase")
    people = lenders(project, 5)
    run = bulk(project, prompts=5)
    if how.startswith("left"):
        withdraw(participation=people[0])
    else:
        text = "" if how == "taken back" else "What 0 holds dear."
        save_own_words(participation=people[0], text=text, language="en", lend=False)
    used = sorted(texts(claimed) for claimed in claim(run))
    assert used == [[], *([f"What {number} holds dear."] for number in range(1, 5))]


def test_who_withdraws_takes_their_words_out_of_all_that_was_made_with_them(
    project: Project,
) -> None:
    people = lenders(project, 5)
    run = bulk(project, prompts=10)
    done, under_way = (one for one in claim(run) if texts(one) == ["What 0 holds dear."])
    store(done)
    assert Exchange.objects.get(candidate_set=done.set_id).request != {}
    withdraw(participation=people[0])
    assert OwnWords.objects.get(participation=people[0]).text == ""
    assert Exchange.objects.get(candidate_set=done.set_id).request == {}
    assert Response.objects.filter(candidate_set=done.set_id).exclude(text="").count() == 4
    # Its worker comes too late, and the set is made again without them.
    assert store(under_way).late == 1
    requeue_overdue()
    assert [(one.set_id, texts(one)) for one in claim(run)] == [(under_way.set_id, [])]


def test_an_admin_is_told_where_nothing_is_made_of_them() -> None:
    told = [
        any("nothing is made of it" in lack.sentence for lack in list_lacks(project=made, states=[]))
        for made in (make_words_project(slug="a"), make_words_project(slug="b", strategy="nc_prompt", strategy_parameters={}))
    ]  # fmt: skip
    assert told == [False, True]
