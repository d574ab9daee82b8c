"""What templates need to show texts in many scripts."""

import uuid
from collections.abc import Mapping
from typing import Any

from django import template
from django.conf import settings
from django.utils.crypto import salted_hmac
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from annotator.forms import language_name as name_of
from annotator.markup import text_direction
from annotator.models import Annotator
from annotator.models.worded import pick_text
from annotator.selectors.endpoints import generating_endpoints
from annotator.selectors.questions import Worded

register = template.Library()

LETTERS = {"ar": "أبجدهوزح", "hi": "कखगघचछजझ"}
"""The letters that name the responses, where a language does not list things by A, B, C."""
WAYS_OUT = {
    "both_good": _("Both good"),
    "no_difference": _("No difference"),
    "both_bad": _("Both bad"),
    "all_bad": _("All bad"),
    "none": _("None represents me"),
}
WAY_KEYS = {"both_good": "g", "no_difference": "e", "both_bad": "b", "all_bad": "b", "none": "n"}
ARABIC_DIGITS = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")


@register.simple_tag
def are_texts_bundled() -> bool:
    """Tell whether what is shown was written for the demo, since no model server made it."""
    return settings.DEMO and not generating_endpoints()


@register.simple_tag
def device_key(account: Annotator) -> str:
    """Return what tells this person's unsent work from another's on a device that several use."""
    return salted_hmac("annotator.device", str(account.pk)).hexdigest()[:16]


@register.simple_tag
def new_number() -> str:
    """Return a number that names one sending of a form: sent twice, it counts once."""
    return str(uuid.uuid4())


@register.filter
def letter(value: str) -> str:
    """Show a response's letter in the interface's own letters."""
    own = LETTERS.get(get_language() or "")
    return own["abcdefgh".index(value)] if own else value.upper()


@register.filter
def digits(value: object) -> str:
    """Show a number or a date in the interface's own digits."""
    return str(value).translate(ARABIC_DIGITS) if get_language() == "ar" else str(value)


@register.filter
def direction(text: str) -> str:
    """Return a text's own direction, `ltr` or `rtl`."""
    return text_direction(text)


@register.filter
def language_name(tag: str) -> str:
    """Return a language's own name."""
    return name_of(tag)


@register.filter
def way_key(kind: str) -> str:
    """Return the key that gives an answer without a winner."""
    return WAY_KEYS[kind]


@register.filter
def way_out(kind: str) -> str:
    """Return the words on the button of an answer without a winner."""
    return str(WAYS_OUT[kind])


@register.filter
def at(mapping: Mapping[str, Any] | str, key: str) -> Any:
    """Return what stands under a key; nothing where there is nothing, or no mapping."""
    return mapping.get(key, "") if isinstance(mapping, Mapping) else ""


@register.filter
def words(worded: Worded) -> str:
    """Return what a criterion or a reason says in the interface's language, or the next best."""
    return worded.words(get_language() or "")[0]


@register.filter
def told(texts: Mapping[str, str]) -> str:
    """Return a text in the interface's language, or the next best."""
    return pick_text(texts, get_language() or "")[0]


@register.filter
def told_in(texts: Mapping[str, str]) -> str:
    """Return the language in which `told` tells it."""
    return pick_text(texts, get_language() or "")[1]


@register.filter
def words_language(worded: Worded) -> str:
    """Return the language in which `words` says it."""
    return worded.words(get_language() or "")[1]
