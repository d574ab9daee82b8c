"""Whether somebody is asked to explain, drawn before they see the task."""

from annotator.models import Assignment


def draw_explanation(draw: float, asked: float, required: float) -> Assignment.ExplanationAsked:
    """Map a uniform draw to what is asked: `required` counts within `asked`."""
    if draw < min(required, asked):
        return Assignment.ExplanationAsked.REQUIRED
    return Assignment.ExplanationAsked.OPTIONAL if draw < asked else Assignment.ExplanationAsked.NO
