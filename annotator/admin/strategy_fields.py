"""A strategy and its parameters as form fields, made from the strategy's own schema.

All strategies stand on the page, each with its parameters; the style sheet shows those of the chosen one.
So it works without scripts, and a strategy that is added needs nothing here.
"""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from pydantic import ValidationError as InvalidParameters

from annotator.admin.fields import JsonField, LinesField
from annotator.models import Project
from annotator.selectors.profiles import list_profiles, snapshot_profiles
from pluralism.strategies import STRATEGIES, Strategy

Made = tuple[str, dict[str, Any]]
"""A strategy's name and those of its parameters that are not the default."""


class ParameterForm(forms.Form):
    """The parameters of one strategy."""

    use_required_attribute = False

    def __init__(
        self,
        data: Any = None,
        *,
        strategy: type[Strategy],
        project: Project,
        parameters: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(data, prefix=strategy.name)
        self.strategy = strategy
        self.parameters: dict[str, Any] = {}
        given = parameters or {}
        schema = strategy.model_json_schema()
        self._may_be_none = {
            name
            for name, told in schema["properties"].items()
            if {"type": "null"} in told.get("anyOf", ())
        }
        own_first = sorted(schema["properties"], key=lambda name: name in Strategy.model_fields)
        for name in own_first:
            told = schema["properties"][name]
            initial = given.get(name, told.get("default"))
            self.fields[name] = (
                ProfilesField(project=project, initial=[item["slug"] for item in initial or ()])
                if name == "profiles"
                else _field(told, initial)
            )
            self.fields[name].label = _(told.get("title", name)).capitalize()
            self.fields[name].help_text = _(told["description"]) if "description" in told else ""

    def clean(self) -> dict[str, Any]:
        """Let the strategy itself check what was sent; an empty box is its default."""
        sent = super().clean() or {}
        if self.errors:
            return sent
        values = {
            name: None if value in (None, "", []) else value
            for name, value in sent.items()
            if value not in (None, "", []) or self._was_emptied(name)
        }
        try:
            checked = self.strategy.model_validate(values)
        except InvalidParameters as error:
            for item in error.errors():
                field = str(item["loc"][0]) if item["loc"] else None
                where = ".".join(map(str, item["loc"][1:]))
                sentence = f"{where}: {item['msg']}" if where else item["msg"]
                self.add_error(field if field in self.fields else None, sentence)
        else:
            self.parameters = checked.model_dump(mode="json", exclude_defaults=True)
        return sent

    def _was_emptied(self, name: str) -> bool:
        """Tell whether an empty box says “none” and not “the default”."""
        return name in self._may_be_none and self.add_prefix(name) in self.data


def _field(told: Mapping[str, Any], initial: Any) -> forms.Field:
    """Return the field for one property of a JSON schema."""
    kinds = [kind for kind in told.get("anyOf", [told]) if kind != {"type": "null"}]
    kind = kinds[0] if len(kinds) == 1 else {}
    options: dict[str, Any] = {"initial": initial, "required": False}
    if "enum" in kind:
        none = [("", "—")] if "anyOf" in told else []
        choices = [*none, *((value, value) for value in kind["enum"])]
        return forms.ChoiceField(choices=choices, **options)
    match kind.get("type"):
        case "boolean":
            return forms.BooleanField(**options)
        case "integer" | "number" as number:
            return _number_field(number, kind, options)
        case "string":
            return forms.CharField(max_length=kind.get("maxLength"), **options)
        case "array" if kind.get("items", {}).get("type") == "string":
            return LinesField(initial=initial)
    return JsonField(initial=initial)


def _number_field(
    number: str, kind: Mapping[str, Any], options: Mapping[str, Any]
) -> forms.IntegerField:
    least, most = kind.get("minimum"), kind.get("maximum")
    if number == "integer":
        return forms.IntegerField(min_value=least, max_value=most, **options)
    field = forms.FloatField(min_value=least, max_value=most, **options)
    field.widget.attrs["step"] = "any"
    return field


class ProfilesField(forms.MultipleChoiceField):
    """Value profiles by name; what is kept is a copy of their texts."""

    def __init__(self, *, project: Project, **kwargs: Any) -> None:
        self._project = project
        groups: dict[str, list[tuple[str, str]]] = {}
        for profile in list_profiles(project=project):
            groups.setdefault(profile.dimension, []).append((profile.slug, profile.name))
        super().__init__(
            choices=list(groups.items()),
            required=False,
            widget=forms.CheckboxSelectMultiple,
            **kwargs,
        )

    def clean(self, value: Any) -> Any:
        """Return the profiles with their texts as they are now."""
        return snapshot_profiles(slugs=super().clean(value), project=self._project)


class StrategyWidget(forms.Widget):
    """A card for each strategy, with its parameters."""

    def __init__(self, project: Project) -> None:
        super().__init__()
        self.project = project

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> "Sent":
        """Read which one was chosen, and what was typed at each."""
        del files
        return Sent(data.get(name, ""), data, self.project)

    def value_omitted_from_data(self, data: Mapping[str, Any], files: Any, name: str) -> bool:
        """Tell whether the form held no strategy."""
        del files
        return name not in data

    def render(
        self, name: str, value: Any, attrs: Mapping[str, Any] | None = None, renderer: Any = None
    ) -> SafeString:
        """Show the cards."""
        del renderer
        sent = value if isinstance(value, Sent) else Sent(value[0], {}, self.project, value[1])
        cards = [
            {
                "name": strategy.name,
                "label": _(strategy.label),
                "description": _(strategy.description),
                "is_chosen": strategy.name == sent.name,
                "form": sent.form_of(strategy),
            }
            for strategy in STRATEGIES.values()
        ]
        return render_to_string(
            "admin/annotator/strategy_widget.html",
            {"name": name, "cards": cards, "id": (attrs or {}).get("id", name)},
        )

    def id_for_label(self, id_: str) -> str:
        """Point the label at nothing: each card has its own."""
        del id_
        return ""


class Sent:
    """The strategy that was chosen and the forms of all of them; what was typed at the others stays."""

    def __init__(
        self,
        name: str,
        data: Mapping[str, Any],
        project: Project,
        parameters: Mapping[str, Any] | None = None,
    ) -> None:
        self.name = name
        self._data = data
        self._project = project
        self._parameters = parameters
        self._forms: dict[str, ParameterForm] = {}

    def form_of(self, strategy: type[Strategy]) -> ParameterForm:
        """Return a strategy's form, with what was sent for it."""
        is_chosen = strategy.name == self.name
        if strategy.name not in self._forms:
            has_data = any(key.startswith(f"{strategy.name}-") for key in self._data)
            is_bound = has_data or (is_chosen and bool(self._data))
            self._forms[strategy.name] = ParameterForm(
                self._data if is_bound else None,
                strategy=strategy,
                project=self._project,
                parameters=self._parameters if is_chosen else None,
            )
        return self._forms[strategy.name]


class StrategyField(forms.Field):
    """A strategy with its parameters; cleans to their names and values."""

    def __init__(self, *, project: Project, **kwargs: Any) -> None:
        super().__init__(widget=StrategyWidget(project), **kwargs)

    def clean(self, value: Any) -> Made:
        """Return the strategy and its parameters, or say that some are wrong; each says what at its box."""
        if not isinstance(value, Sent) or value.name not in STRATEGIES:
            raise ValidationError(_("Choose one of the strategies."), code="required")
        form = value.form_of(STRATEGIES[value.name])
        if not form.is_valid():
            raise ValidationError(
                [_("Some parameters are not right; each says what is wrong with it.")]
            )
        return value.name, form.parameters

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compare what would be stored."""
        try:
            return bool(tuple(initial) != self.clean(data))
        except ValidationError:
            return True
