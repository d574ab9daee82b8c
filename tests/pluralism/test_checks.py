"""What is refused of a set, and what is only told."""

import pytest

from pluralism.checks import REFUSALS, CheckedSet, check_set, is_refusal
from pluralism.languages import Finding
from pluralism.strategies import Candidate, UnusableError

SAME = Finding("en", "same", mixed=False)
TEXTS = (
    "Duty comes first: those who raised you have a claim on your time.",
    "You owe nothing that you did not promise; be kind because you want to.",
    "Ask what each of you needs now, and share the work with your siblings.",
)
NEARLY = f"{TEXTS[0][:-1]}!"


def checked(
    *texts: str,
    shared: bool = True,
    findings: dict[str, Finding] | None = None,
    promises_difference: bool = True,
    max_length_ratio: float | None = None,
) -> CheckedSet:
    """Check texts that came in one answer, or each in its own."""
    return check_set(
        [Candidate(text, 0 if shared else number) for number, text in enumerate(texts)],
        check_language=lambda text: (findings or {}).get(text, SAME),
        promises_difference=promises_difference,
        max_length_ratio=max_length_ratio,
    )


def refused(*texts: str, **options: object) -> tuple[str, str]:
    with pytest.raises(UnusableError) as caught:
        checked(*texts, **options)  # type: ignore[arg-type]
    return caught.value.reason, caught.value.detail


def test_a_good_set_keeps_its_order_and_is_measured() -> None:
    found = checked(*TEXTS)
    assert tuple(response.candidate.text for response in found.responses) == TEXTS
    assert [response.flags for response in found.responses] == [(), (), ()]
    assert found.diversity.distinct == 3
    assert 0.5 < found.diversity.mean_dissimilarity < 1


@pytest.mark.parametrize(
    "debris",
    [
        "A view.\n### Another view.",
        "A view.\n  ###\n",
        "Response A: A view.",
        "**Response 2:** A view.",
        "[Answer 3] - A view.",
        "Réponse 2 : Une idée.",
        "RISPOSTA 1. Un'idea.",
        "Resposta 1 – Uma ideia.",
        "उत्तर 1: एक विचार।",
        "الرد ١: فكرة.",
        "回答1：一种看法。",
        "Response 1\nA view.",
    ],
)
def test_what_a_protocol_leaves_behind_is_refused(debris: str) -> None:
    assert refused(*TEXTS, debris)[0] == "debris"


def test_a_heading_is_no_debris_where_each_response_is_an_answer_of_its_own() -> None:
    heading = "### Two sides\nThere are reasons for both."
    assert refused(*TEXTS, heading)[0] == "debris"
    assert len(checked(*TEXTS, heading, shared=False).responses) == 4
    assert refused(*TEXTS, "A view.\n###\n", shared=False)[0] == "debris"
    assert refused(*TEXTS, "### Response B:\nA view.", shared=False)[0] == "debris"


@pytest.mark.parametrize(
    "text",
    [
        "Responses differ, so listen first.",
        "Answer: it depends on what was promised.",
        "1. Listen. 2. Ask. 3. Decide.",
        "A response 1 may like is not one that 2 likes.",
        "#### A small heading\nAnd a text.",
        "Use the tag ### with care.",
        "Response a person gives in anger: none.",
    ],
)
def test_a_text_that_only_looks_alike_is_kept(text: str) -> None:
    assert checked(*TEXTS, text).responses[3].candidate.text == text


def test_one_response_in_another_language_refuses_the_set() -> None:
    other = {TEXTS[1]: Finding("fr", "other", mixed=False)}
    assert refused(*TEXTS, findings=other) == (
        "wrong_language",
        "response 2 is in another language than asked for: fr",
    )
    assert refused(*TEXTS, findings=other, promises_difference=False)[0] == "wrong_language"


def test_what_cannot_be_told_and_what_is_mixed_is_kept_and_told() -> None:
    found = checked(
        *TEXTS,
        findings={
            TEXTS[0]: Finding("", "unchecked", mixed=False),
            TEXTS[1]: Finding("en", "same", mixed=True),
        },
    )
    assert [response.language.check for response in found.responses] == [
        "unchecked",
        "same",
        "same",
    ]
    assert [response.flags for response in found.responses] == [(), ("code_mixed",), ()]


def test_lengths_are_balanced_where_a_ratio_is_given() -> None:
    long = " ".join(TEXTS) + " " + " ".join(reversed(TEXTS))
    assert checked(*TEXTS, long).diversity.length_spread > 5
    reason, detail = refused(*TEXTS, long, max_length_ratio=5.0)
    assert reason == "length_balance"
    assert "5 times are allowed" in detail
    assert checked(*TEXTS, long, max_length_ratio=7.0).diversity.length_spread < 7


def test_near_identical_responses_are_refused_where_difference_was_promised() -> None:
    assert refused(*TEXTS, NEARLY) == (
        "near_identical",
        "response 4 says nearly the same as response 1",
    )


def test_a_baseline_keeps_near_identical_responses_and_tells() -> None:
    found = checked(*TEXTS, NEARLY, promises_difference=False)
    near = ("near_identical",)
    assert [response.flags for response in found.responses] == [near, (), (), near]
    assert found.diversity.distinct == 3


@pytest.mark.parametrize(
    "text",
    [
        "I’m sorry, but I can’t help with that.",
        "As an AI language model, I do not hold views.",
        "Je ne peux pas vous aider sur ce sujet.",
        "Mi dispiace, ma non posso rispondere.",
        "Desculpe, mas não posso ajudar com isso.",
        "Lo siento, pero no puedo ayudarte con eso.",
        "Dabei kann ich dir leider nicht helfen.",
        "Es tut mir leid, aber ich kann dazu nichts sagen.",
        "माफ़ करें, लेकिन मैं इसमें मदद नहीं कर सकता।",
        "عذرًا، لا أستطيع مساعدتك في هذا.",
        "抱歉，我无法回答这个问题。",
    ],
)
def test_a_refusal_is_told_and_kept(text: str) -> None:
    found = checked(*TEXTS, text)
    assert [response.flags for response in found.responses] == [(), (), (), ("refusal",)]


def test_a_phrase_far_into_a_text_is_no_refusal() -> None:
    assert not is_refusal(f"{' '.join(TEXTS)} {TEXTS[0]} A helper may say: I can't help with that.")
    assert not any(is_refusal(text) for text in TEXTS)


def test_every_phrase_is_compared_as_texts_are() -> None:
    for language, phrases in REFUSALS.items():
        assert phrases, language
        assert all(phrase == phrase.casefold() for phrase in phrases)
        assert all(is_refusal(phrase.upper()) for phrase in phrases)
