"""The form that starts a run."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotator.admin.strategy_fields import Made, StrategyField
from annotator.forms import language_name
from annotator.models import GenerationRun, ModelEndpoint, Project
from annotator.selectors.endpoints import generating_endpoints
from annotator.selectors.estimates import Estimate, estimate_run
from pluralism.strategies import make_strategy

Purpose = GenerationRun.Purpose


class GenerateForm(forms.Form):
    """A generation run."""

    purpose = forms.ChoiceField(
        label=gettext_lazy("What for"),
        choices=[(Purpose.COLLECT, Purpose.COLLECT.label), (Purpose.TRIAL, Purpose.TRIAL.label)],
        widget=forms.RadioSelect,
        initial=Purpose.COLLECT,
        required=False,
        help_text=gettext_lazy(
            "A trial makes candidates to look at and to compare strategies by, also where there are some already."
        ),
    )
    model = forms.CharField(
        label=gettext_lazy("Model"),
        required=False,
        max_length=200,
        help_text=gettext_lazy(
            "Empty: the configured model, or the first one that the server lists."
        ),
    )
    endpoints = forms.MultipleChoiceField(
        label=gettext_lazy("Model servers"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("None chosen: all that serve the model."),
    )
    languages = forms.MultipleChoiceField(
        label=gettext_lazy("Languages"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("None chosen: all of them."),
    )
    limit = forms.IntegerField(
        label=gettext_lazy("At most"),
        required=False,
        min_value=1,
        max_value=2**31 - 1,
        help_text=gettext_lazy(
            "Prompts. Try a few before all of them. Prompts that have such candidates already are left out."
        ),
    )

    def __init__(self, data: Any, *, project: Project) -> None:
        super().__init__(data)
        self.project = project
        self.fields["strategy"] = StrategyField(
            project=project,
            label=_("Strategy"),
            initial=(project.strategy, project.strategy_parameters),
        )
        self.order_fields(["strategy"])
        self._offer("languages", {tag: language_name(tag) for tag in project.languages})
        self._offer(
            "endpoints", {endpoint.name: endpoint.name for endpoint in generating_endpoints()}
        )
        served = ModelEndpoint.objects.values_list("served_models", flat=True)
        self.models = sorted({model for models in served for model in models})
        self.fields["model"].widget.attrs["list"] = "models"

    def _offer(self, name: str, choices: dict[str, str]) -> None:
        """Set the choices of a field; one with a single choice is none."""
        field = self.fields[name]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = list(choices.items())
        if len(choices) < 2:
            field.widget = forms.MultipleHiddenInput()

    def clean_purpose(self) -> str:
        """Return what was chosen, or that people compare what is made."""
        return self.cleaned_data["purpose"] or Purpose.COLLECT

    def wanted(self) -> dict[str, Any]:
        """Return the arguments of `start_run`; the form must be valid."""
        strategy, parameters = self.cleaned_data["strategy"]
        return {**self.cleaned_data, "strategy": strategy, "parameters": parameters}

    def estimate(self) -> Estimate | None:
        """Return what a run would take: as the form was sent, or as it begins; None where it is wrong."""
        if self.is_bound and not self.is_valid():
            return None
        sent = self.cleaned_data if self.is_bound else {}
        made: Made = sent.get("strategy") or self.fields["strategy"].initial
        try:
            strategy = make_strategy(*made)
        except (KeyError, ValueError):  # the project's own settings are of an older version
            return None
        return estimate_run(
            project=self.project,
            strategy=strategy,
            model=sent.get("model") or settings.VLLM_MODEL,
            languages=sent.get("languages") or (),
            limit=sent.get("limit"),
            is_trial=sent.get("purpose") == Purpose.TRIAL,
        )
