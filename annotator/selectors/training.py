"""What a person reads after a training item."""

from dataclasses import dataclass

from annotator.models import CheckItem, Judgment


@dataclass(frozen=True)
class Feedback:
    """Whether the answer was right, the text of a right one, and the words of the item."""

    is_right: bool
    right_html: list[str]
    language: str
    text: str


def get_feedback(*, judgment: Judgment, language: str) -> Feedback | None:
    """Return the feedback to a training answer; None for any other."""
    item = (
        CheckItem.objects.filter(comparison=judgment.comparison_id, comparison__kind="training")
        .select_related("comparison")
        .first()
    )
    if item is None:
        return None
    options = item.comparison.options.select_related("response").order_by("position")
    right = [option.response for option in options if option.position in item.right]
    texts: dict[str, str] = item.feedback
    words = next(
        (texts[t] for t in (item.comparison.language, language, "en", *texts) if texts.get(t)), ""
    )
    return Feedback(
        judgment.choice_response_id in {response.pk for response in right},
        [response.html for response in right],
        item.comparison.language,
        words,
    )
