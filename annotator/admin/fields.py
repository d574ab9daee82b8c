"""Form fields for texts in several languages."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.fields import InvalidJSONInput
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from annotator.forms import language_name
from annotator.models.fields import validate_language_tag
from annotator.services.prompt_rows import canonical_language

LONGEST_TEXT = 20_000
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class TextsWidget(forms.Widget):
    """One box for each language, and an empty one for another."""

    def __init__(self, languages: Sequence[str], *, rows: int) -> None:
        super().__init__()
        self.languages = list(languages)
        self.rows = rows

    def render(
        self, name: str, value: Any, attrs: Mapping[str, Any] | None = None, renderer: Any = None
    ) -> SafeString:
        """Show the boxes."""
        del renderer
        texts: Mapping[str, str] = value if isinstance(value, Mapping) else {}
        tags = list(dict.fromkeys([*self.languages, *(tag for tag in texts if tag)]))
        boxes = [
            {
                "tag": tag,
                "name": f"{name}.{tag}",
                "label": language_name(tag),
                "text": texts.get(tag, ""),
            }
            for tag in tags
        ]
        return render_to_string(
            "admin/annotator/texts_widget.html",
            {
                "name": name,
                "boxes": boxes,
                "rows": self.rows,
                "id": (attrs or {}).get("id", name),
            },
        )

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> dict[str, str]:
        """Gather the boxes; the last one names its own language."""
        del files
        prefix = f"{name}."
        texts = {key.removeprefix(prefix): data[key] for key in data if key.startswith(prefix)}
        another = data.get(f"{name}-another-text", "")
        if another.strip():
            texts[data.get(f"{name}-another-language", "").strip()] = another
        return texts

    def value_omitted_from_data(self, data: Mapping[str, Any], files: Any, name: str) -> bool:
        """Tell whether the form held none of the boxes."""
        del files
        return not any(key.startswith((f"{name}.", f"{name}-another")) for key in data)

    def id_for_label(self, id_: str) -> str:
        """Point the label at nothing: each box has its own."""
        del id_
        return ""


class TextsField(forms.Field):
    """Markdown per language; empty texts are left out."""

    rows = 7

    def __init__(self, *, languages: Sequence[str], **kwargs: Any) -> None:
        widget = TextsWidget(languages, rows=self.rows)
        super().__init__(required=False, widget=widget, **kwargs)

    def clean(self, value: Any) -> dict[str, str]:
        """Return the texts by language tag."""
        texts: dict[str, str] = {}
        for tag, text in value.items():
            if not text.strip():
                continue
            validate_language_tag(tag)
            if len(text) > LONGEST_TEXT:
                raise ValidationError(
                    _("The text in %(language)s is longer than %(limit)d characters.")
                    % {"language": tag, "limit": LONGEST_TEXT}
                )
            check_storable(text)
            texts[canonical_language(tag)] = text.replace("\r\n", "\n")
        return texts

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compare what would be stored."""
        return dict(initial or {}) != {
            tag: text.replace("\r\n", "\n") for tag, text in (data or {}).items() if text.strip()
        }


class ShortTextsField(TextsField):
    """A sentence or two per language."""

    rows = 2


class HintsField(TextsField):
    """Short texts per language, one a line."""

    def clean(self, value: Any) -> Any:
        """Return the lines by language tag."""
        return {tag: _lines(text) for tag, text in super().clean(value).items()}

    def prepare_value(self, value: Any) -> Any:
        """Show each language's list as its lines."""
        return {
            tag: "\n".join(hints) if isinstance(hints, list) else hints
            for tag, hints in (value or {}).items()
        }

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compare what would be stored."""
        texts = {tag: _lines(text) for tag, text in (data or {}).items()}
        return dict(initial or {}) != {tag: lines for tag, lines in texts.items() if lines}


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


class ObjectField(forms.JSONField):
    """A JSON object; an empty box is `blank`. Whatever else JSON can be is refused, however deep or long."""

    def __init__(self, *, blank: Mapping[str, object] | None = None, **kwargs: Any) -> None:
        super().__init__(required=False, widget=forms.Textarea(attrs={"rows": 3}), **kwargs)
        self._blank = blank

    def to_python(self, value: Any) -> Any:
        """Read the box."""
        if value in self.empty_values:
            return self._blank
        read = read_json(value, invalid=str(self.error_messages["invalid"]))
        if not isinstance(read, Mapping):
            raise ValidationError(_("This must be an object such as {“name”: 1}."), code="invalid")
        return read

    def bound_data(self, data: Any, initial: Any) -> Any:
        """Show again what was sent, as it was sent."""
        return initial if self.disabled else InvalidJSONInput(data or "")

    def prepare_value(self, value: Any) -> Any:
        """Leave an empty box empty."""
        return super().prepare_value(value) if value else ""

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compare what would be stored."""
        try:
            return bool((initial or self._blank) != self.to_python(data))
        except ValidationError:
            return True


class JsonField(forms.JSONField):
    """Any JSON, to be checked by whoever asked for it; an empty box is None."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, widget=forms.Textarea(attrs={"rows": 4}), **kwargs)

    def to_python(self, value: Any) -> Any:
        """Read the box."""
        if value in self.empty_values:
            return None
        return read_json(value, invalid=str(self.error_messages["invalid"]))

    def bound_data(self, data: Any, initial: Any) -> Any:
        """Show again what was sent, as it was sent."""
        return initial if self.disabled else InvalidJSONInput(data or "")

    def prepare_value(self, value: Any) -> Any:
        """Leave an empty box empty."""
        return super().prepare_value(value) if value else ""


class LinesField(forms.CharField):
    """A list of texts, one a line."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, widget=forms.Textarea(attrs={"rows": 4}), **kwargs)

    def clean(self, value: Any) -> list[str]:
        """Return the lines that hold something."""
        return _lines(super().clean(value))

    def prepare_value(self, value: Any) -> Any:
        """Show a list as its lines."""
        return "\n".join(map(str, value)) if isinstance(value, list) else value


def read_json(value: str, *, invalid: str) -> Any:
    """Return what a box of JSON holds, however deep or long; nothing of it is unstorable."""
    try:
        read = json.loads(value, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise ValidationError(invalid, code="invalid", params={"value": value[:100]}) from error
    check_storable(read)
    return read


def _refuse_constant(name: str) -> object:
    raise ValueError(name)


def check_storable(value: object) -> None:
    """Refuse characters that PostgreSQL takes neither as text nor in JSON, however deep."""
    if isinstance(value, str) and _UNSTORABLE.search(value):
        raise ValidationError(
            _("This holds a character that can't be stored. Type it again without it."),
            code="unstorable",
        )
    if isinstance(value, Mapping):
        for name, item in value.items():
            check_storable(name)
            check_storable(item)
    elif isinstance(value, list):
        for item in value:
            check_storable(item)
