"""What people send, checked.

PostgreSQL stores no NUL and no lone surrogate: whatever holds one is refused here, with the field's name.
The judgment is read by hand and not by a Form: it is the one request that is made all day.
"""

import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from django import forms
from django.conf.locale import LANG_INFO
from django.contrib.auth.forms import AuthenticationForm
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotator.errors import Refused
from annotator.models import Project
from annotator.models.fields import LARGEST_ID
from annotator.services.answers import Answer

UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
CRITERION = re.compile("criteria-([a-z][a-z0-9_]{0,39}(?:-[a-h])?)")
SINGLE = ("choice", "strength", "general", "explanation", "skip_reason")
"""What has one value; a radio can't be sent twice by a browser."""
T = TypeVar("T")
OTHER_NAMES = {
    "am": "አማርኛ",
    "as": "অসমীয়া",
    "zh": "中文",
    "su": "Basa Sunda",
    "ha": "Hausa",
    "yo": "Yorùbá",
    "om": "Afaan Oromoo",
    "ti": "ትግርኛ",
}
RANKS = tuple("12345678")
DEVICES = ("phone", "tablet", "desktop")
MAX_ACTIVE_MS = 24 * 3600 * 1000


def refuse_unstorable(value: str) -> None:
    """Refuse characters that no database column takes."""
    if UNSTORABLE.search(value):
        raise ValidationError(
            gettext_lazy("This holds a character that can't be stored. Type it again without it."),
            code="unstorable",
        )


@dataclass
class Sent:
    """A judgment or a skip as it came in; what was typed is kept for showing it again."""

    assignment_id: int
    submission_id: uuid.UUID
    is_skip: bool = False
    answer: Answer = field(default_factory=Answer)
    skip_reason: str = ""
    device: str = ""
    active_ms: int | None = None
    errors: dict[str, str] = field(default_factory=dict)

    def refuse_errors(self) -> None:
        """Refuse what could not be read, if anything."""
        if self.errors:
            raise Refused("incomplete", _("Your answer is not complete yet."), fields=self.errors)


def read_judgment(post: QueryDict, *, guess_device: Callable[[], str]) -> Sent:
    """Read the form of the task page.

    What its page sets (ids, the button) is refused at once where it is wrong: no person can mend it in
    the form. What a person enters is kept, with a sentence for each field in `errors`.
    """
    action = post.get("action", "submit")
    if action not in ("submit", "skip"):
        raise _broken("action")
    sent = Sent(
        assignment_id=_read(post, "assignment", _positive),
        submission_id=_read(post, "submission_id", uuid.UUID),
        is_skip=action == "skip",
        skip_reason=post.get("skip_reason", ""),
        device=post.get("device") or guess_device(),
        active_ms=_read(post, "active_ms", _milliseconds),
    )
    if sent.device not in DEVICES:
        raise _broken("device")
    sent.answer = _read_answer(post, sent.errors)
    return sent


def _read_answer(post: QueryDict, errors: dict[str, str]) -> Answer:
    """Return what the person said; what can't be read is left out, with a sentence in `errors`."""
    for name in post:
        if any(UNSTORABLE.search(value) for value in (name, *post.getlist(name))):
            errors[_field(name)] = _(
                "This holds a character that can't be stored. Type it again without it."
            )
        elif (name in SINGLE or "-" in name) and len(post.getlist(name)) > 1:
            errors[_field(name)] = _("Give one answer to this.")
    strength = post.get("strength", "")
    if strength not in ("", "1", "2", "3"):
        errors["strength"] = _("Say how much better it is.")
    explanation = post.get("explanation", "").replace("\r\n", "\n").strip()
    return Answer(
        choice=post.get("choice", ""),
        strength=int(strength) if strength in ("1", "2", "3") else None,
        ranks=_read_ranks(post, errors),
        vetoes=post.getlist("veto"),
        general=post.get("general", ""),
        criteria=_read_criteria(post, errors),
        reasons=post.getlist("reasons"),
        explanation=UNSTORABLE.sub("", explanation),
    )


def _field(name: str) -> str:
    """Return where a sentence about a field is shown."""
    group = name.split("-")[0]
    return {"rank": "ranks", "criteria": "criteria"}.get(group, UNSTORABLE.sub("", name))


def _read_ranks(post: QueryDict, errors: dict[str, str]) -> dict[str, int]:
    ranks = {}
    for name in post:
        rank = post.get(name, "") if name.startswith("rank-") else ""
        if rank in RANKS:
            ranks[name.removeprefix("rank-")] = int(rank)
        elif rank:
            errors["ranks"] = _("Give each response one of the places that are offered.")
    return ranks


def _read_criteria(post: QueryDict, errors: dict[str, str]) -> dict[str, str]:
    criteria = {}
    for name in post:
        known = CRITERION.fullmatch(name)
        if known:
            criteria[known[1]] = post.get(name, "")
        elif name.startswith("criteria-"):
            errors["criteria"] = _("This was not asked.")
    return criteria


def _read(post: QueryDict, name: str, convert: Callable[[str], T]) -> T:
    try:
        return convert(post.get(name, ""))
    except ValueError:
        raise _broken(name) from None


def read_number(post: QueryDict, name: str) -> int:
    """Read a number from 0 that the page itself has set."""
    return _read(post, name, _natural)


def _natural(value: str) -> int:
    return 0 if value == "0" else _positive(value)


def _positive(value: str) -> int:
    number = read_id(value)
    if number is None:
        raise ValueError(value)
    return number


def read_id(value: str) -> int | None:
    """Return the id that a text spells, None where it spells none that a row can have."""
    is_id = value.isascii() and value.isdigit() and len(value) < 20 and 0 < int(value) <= LARGEST_ID
    return int(value) if is_id else None


def _milliseconds(value: str) -> int | None:
    return min(_positive(value), MAX_ACTIVE_MS) if value not in ("", "0") else None


def _broken(name: str) -> Refused:
    sentence = _(
        "The page sent something that can't be read in the field “%(name)s”. Open the task again and answer there."
    ) % {"name": name}
    return Refused("unreadable", sentence, fields={name: sentence})


class SignInForm(AuthenticationForm):
    """User name and password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for form_field in self.fields.values():
            form_field.validators.append(refuse_unstorable)


def language_name(tag: str) -> str:
    """Return a language's own name for itself, or its tag where we don't know it."""
    info = (
        LANG_INFO.get(tag)
        or LANG_INFO.get(tag.lower())
        or LANG_INFO.get(tag.split("-")[0].lower(), {})
    )
    name = info.get("name_local") or OTHER_NAMES.get(tag.split("-")[0].lower()) or tag
    name = name[:1].upper() + name[1:]
    return name if tag.lower() in LANG_INFO or "-" not in tag else f"{name} ({tag})"


class JoinForm(forms.Form):
    """The languages a person wants to judge in, where their invitation does not say."""

    languages = forms.MultipleChoiceField(
        label=gettext_lazy("Which languages do you read well?"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": gettext_lazy("Choose at least one language."),
            "invalid_choice": gettext_lazy("Choose languages from this list."),
        },
    )

    def __init__(
        self, data: Any, *, project: Project, language: str = "", suggested: str = ""
    ) -> None:
        super().__init__(data)
        languages = self.fields["languages"]
        assert isinstance(languages, forms.MultipleChoiceField)
        languages.choices = [(tag, language_name(tag)) for tag in project.languages]
        languages.required = not language
        self.initial["languages"] = [
            tag
            for tag in project.languages
            if tag.split("-")[0] == suggested or len(project.languages) == 1
        ]
