"""Texts that researchers wrote for people: in the language of the pages, with the way to the other languages."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.http import HttpRequest
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from annotator.markup import render_markdown
from annotator.models import Participation, Wave
from annotator.models.worded import pick_text


@dataclass(frozen=True)
class Reading:
    """A text as it is shown.

    Attributes
    ----------
    html
        Sanitised; empty where there is no text.
    language
        The language it is in, which need not be one that was wished for.
    languages
        All that there are, in the order of the settings.
    """

    html: SafeString
    language: str
    languages: list[str]


def read(request: HttpRequest, *, participation: Participation, wave: Wave, name: str) -> Reading:
    """Return a frozen text in the language that was asked for, else that of the pages, else one the person works in."""
    asked = request.POST.get("language") or request.GET.get("language", "")
    return compose(wave.setting(name), asked, get_language() or "", *participation.languages)


def compose(texts: Mapping[str, str], *wished: str) -> Reading:
    """Return the text in the first of the languages that there is, or the next best."""
    text, language = pick_text(texts, *wished)
    html = mark_safe(render_markdown(text))  # noqa: S308 - render_markdown returns sanitised HTML
    return Reading(html, language, [tag for tag in texts if texts[tag]])
