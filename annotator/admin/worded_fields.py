"""A box of JSON for things to choose with words per language, and how they read once they can be read."""

from collections.abc import Callable, Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from annotator.admin.fields import JsonField, read_json
from annotator.forms import language_name


class WordedWidget(forms.Textarea):
    """The box, an example to copy, and below it what people will read."""

    def __init__(self, *, example: str, check: Callable[[object], None]) -> None:
        super().__init__(attrs={"rows": 5, "spellcheck": "false", "dir": "ltr"})
        self.example = example
        self.check = check

    def render(
        self, name: str, value: Any, attrs: Mapping[str, Any] | None = None, renderer: Any = None
    ) -> SafeString:
        """Show the box with its preview; what can't be read has none."""
        box = super().render(name, value, dict(attrs or {}), renderer)
        context = {"box": box, "example": self.example, "entries": self._entries(value)}
        return render_to_string("admin/annotator/worded_widget.html", context)

    def _entries(self, value: Any) -> list[dict[str, Any]]:
        try:
            read = read_json(value or "[]", invalid="")
            self.check(read)
        except ValidationError:
            return []
        return [
            {
                "slug": entry["slug"],
                "is_rating": entry.get("kind") == "rating",
                "is_choice": "kind" in entry and entry["kind"] == "choice",
                "required": entry.get("required", False),
                "texts": [
                    {"tag": tag, "language": language_name(tag), "text": text}
                    for tag, text in entry["texts"].items()
                ],
            }
            for entry in read
        ]


class WordedField(JsonField):
    """A list of things to choose; an empty box is an empty list."""

    def __init__(self, *, example: str, check: Callable[[object], None], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.widget = WordedWidget(example=example, check=check)
        self._check = check

    def clean(self, value: Any) -> Any:
        """Return the list, or say which entry can't be asked."""
        read = super().clean(value)
        if read is None:
            return []
        self._check(read)
        return read

    def to_python(self, value: Any) -> Any:
        """Read the box; the sentence says where the JSON breaks."""
        try:
            return super().to_python(value)
        except ValidationError as error:
            if error.code != "invalid":
                raise
            raise ValidationError(
                _(
                    "This is not JSON. Begin with the example below the box; every text stands between double quotes, and nothing follows the last entry."
                ),
                code="invalid",
            ) from error
