"""A person's own words, all the way: into one request, into the origin of one response, and onto no page."""

import pytest
from django.test import Client

from annotator.models import Exchange, OwnWords, Project, Response
from annotator.selectors.profiles import with_profiles
from annotator.services.generation import ask_for_turn
from annotator.services.own_words import save_own_words
from annotator.services.profiles import add_library_profiles
from tests.factories import make_annotator, make_own_turn, make_participation, make_project
from tests.pages import task_url
from tests.workers.runs import pump

WORDS = "Honesty before comfort."


@pytest.mark.usefixtures("model_server")
def test_one_response_is_made_with_the_words_and_nothing_on_the_page_tells_which(
    transactional_db: None, client: Client
) -> None:
    add_library_profiles()
    slugs = ["traditional", "care", "order", "thrift"]
    project = make_project(
        own_words_asked=True,
        own_prompt_share=1.0,
        strategy="value_systems",
        strategy_parameters=with_profiles(parameters={"profiles": slugs}, project=Project()),
    )
    alice = make_participation(project, make_annotator("alice"))
    save_own_words(participation=alice, text=WORDS, language="en", lend=False)
    turn = make_own_turn(alice)
    made = ask_for_turn(turn=turn)
    assert made.run is not None
    pump(made.run)
    origins = Response.objects.filter(candidate_set=made).values_list("origin", flat=True)
    assert [origin["words"] for origin in origins if "words" in origin] == [
        OwnWords.objects.get().pk
    ]
    sent = [exchange.request["messages"][0]["content"] for exchange in Exchange.objects.all()]
    assert sum(WORDS in content for content in sent) == 1
    client.force_login(alice.annotator)
    html = client.get(task_url()).content.decode()
    assert 'data-response="d"' in html
    for told in ("own-words", WORDS, "traditional", "value_systems"):
        assert told not in html
