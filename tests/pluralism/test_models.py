"""One candidate from each of several models: a baseline."""

from collections import Counter

from tests.pluralism.asking import QUESTION, ask, bodies


def test_each_request_names_its_model_and_says_the_same() -> None:
    requests = ask("models", k=2)
    assert [body["model"] for body in bodies(requests)] == ["small", "large"]
    assert [request.messages for request in requests] == [QUESTION] * 2
    assert [request.origin for request in requests] == [
        {"asked_model": "small"},
        {"asked_model": "large"},
    ]


def test_fewer_models_than_responses_are_asked_in_turn_with_different_seeds() -> None:
    requests = ask("models", k=5)
    assert [request.model for request in requests] == ["small", "large"] * 2 + ["small"]
    assert len({request.seed for request in requests}) == 5


def test_of_more_models_some_are_drawn_by_the_seed() -> None:
    names = [f"m{number}" for number in range(5)]
    drawn = Counter[str]()
    for seed in range(300):
        asked = [
            request.model for request in ask("models", k=2, seed=seed, parameters={"models": names})
        ]
        assert len(set(asked)) == 2
        drawn.update(asked)
    assert all(abs(drawn[name] - 120) < 40 for name in names)
