"""The forms of the project's pages."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotator.admin.count_fields import CountsField, find_impossible
from annotator.admin.fields import HintsField, JsonField, ObjectField, ShortTextsField, TextsField
from annotator.admin.strategy_fields import StrategyField
from annotator.admin.worded_fields import WordedField
from annotator.models import Project, PromptGroup, Tick, Wave
from annotator.models.value_settings import validate_margins
from annotator.models.worded import validate_criteria, validate_reasons
from annotator.selectors.questions import WAYS_OUT

CRITERIA_EXAMPLE = """[
  {"slug": "helpful", "kind": "choice", "required": true, "texts": {"en": "Which is more helpful?", "fr": "Laquelle est la plus utile ?"}},
  {"slug": "fitting", "kind": "rating", "texts": {"en": "How well does it fit your culture?"}}
]"""
REASONS_EXAMPLE = """[
  {"slug": "practical", "texts": {"en": "Practical", "fr": "Pratique"}},
  {"slug": "respectful", "texts": {"en": "Respectful"}}
]"""
MAX_UPLOAD = 64 * 2**20
OPTIONAL = (
    *("turns", "turns_min", "without_winner", "own_prompt_share", "explanation_min_length"),
    *("repeat_share", "repeat_distance", "repeat_minutes", "consistency_least"),
    "consistency_after",
)
"""Settings that have their default where they are left empty."""


class ProjectForm(forms.ModelForm):  # type: ignore[type-arg]
    """A project's settings."""

    ways_out = forms.MultipleChoiceField(
        label=gettext_lazy("Answers without a winner"),
        choices=Project.WayOut.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy(
            "What people may say instead of choosing. Only those that fit the format are kept."
        ),
    )
    criteria = WordedField(
        label=gettext_lazy("Criteria"),
        example=CRITERIA_EXAMPLE,
        check=validate_criteria,
        help_text=gettext_lazy(
            "Further questions about the same responses, asked once the choice is made: “choice” asks for one of the responses, “rating” for 1 to 5 of each. The slug names the answer in exports. An empty box asks none."
        ),
    )
    reasons = WordedField(
        label=gettext_lazy("Reasons"),
        example=REASONS_EXAMPLE,
        check=validate_reasons,
        help_text=gettext_lazy(
            "Short reasons that a person can tick for the choice, any number of them. An empty box offers none."
        ),
    )
    next_wave = forms.BooleanField(
        label=gettext_lazy("Yes, begin a new wave"),
        required=False,
        help_text=gettext_lazy(
            "Some settings are frozen in a wave, which every judgment carries. Changing them begins the next wave: tick this to say that you want it."
        ),
    )
    model_licences = ObjectField(
        label=gettext_lazy("Licences of the models' texts"),
        blank={},
        help_text=gettext_lazy(
            "Under which licence each model's responses may be passed on: {“model”: “CC-BY-NC-4.0”}. A release stands under one that keeps them all."
        ),
    )

    margins = ObjectField(
        label=gettext_lazy("Shares of the population"),
        blank={},
        validators=[validate_margins],
        help_text=gettext_lazy(
            "By country, question about people and option: {“FR”: {“gender”: {“female”: 0.52, “male”: 0.48}}}. Scores of values are weighted so that a country's people have these shares (raking). Options without a share, and people who did not say, are left out of the weighted scores. It may change at any time."
        ),
    )

    consent_ticks = forms.MultipleChoiceField(
        label=gettext_lazy("Asked separately"),
        choices=Tick.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        initial=Tick.values,
        help_text=gettext_lazy(
            "People may say no to each of these and still take part. Sensitive questions are asked only of those who agreed."
        ),
    )
    demographics = JsonField(
        label=gettext_lazy("Questions about people"),
        help_text=gettext_lazy(
            "A list; every question can be left open by the person. “options” are stored and exported as they stand here, “texts” and “labels” are what people read. An empty box asks nothing."
        ),
    )

    panels = JsonField(
        label=gettext_lazy("Panels"),
        help_text=gettext_lazy(
            "Who sends people here: [{“slug”: “prolific”, “preset”: “prolific”, “codes”: {“complete”: “C1”}}]. docs/panels.md has every key."
        ),
    )

    class Meta:
        model = Project
        fields = (
            *("name", "slug", "description", "languages", "open_to_all"),
            *("task_format", "candidates", "pairs_per_set", "ways_out", "strength_asked"),
            *("ranking_top", "veto_asked", "general_asked", "criteria", "reasons"),
            "explanation_min_length",
            *("turns", "turns_min", "without_winner", "own_prompt_share", "topic_hints"),
            *("overlap", "lease_minutes", "target_per_person", "instructions", "consent_text"),
            *("consent_ticks", "after_withdrawal", "demographics", "own_words_asked", "panels"),
            *("training_items", "training_threshold", "check_share", "pause_after_failed"),
            *("repeat_share", "repeat_distance", "repeat_minutes"),
            *("consistency_least", "consistency_after"),
            *("pay_currency", "pay_per_answer", "pay_bonus"),
            *("explanation_share", "explanation_required_share", "strategy"),
            *("stratum_by", "quotas", "group_quotas", "target_by", "targets", "block_size"),
            *("smallest_group", "rare_groups", "unreviewed_texts", "model_licences"),
            "margins",
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in set(OPTIONAL) & set(self.fields):
            self.fields[name].required = False
        if not self.instance.pk:
            self.initial["ways_out"] = Project.WayOut.values
        for name in ("quotas", "group_quotas", "targets"):
            if name in self.fields:
                old = self.fields[name]
                self.fields[name] = CountsField(label=old.label, help_text=old.help_text)
        self._show_texts_by_language()
        if "strategy" in self.fields:
            self.initial["strategy"] = (self.instance.strategy, self.instance.strategy_parameters)
            self.fields["strategy"] = StrategyField(
                project=self.instance,
                label=_("Strategy"),
                help_text=_("How candidates are made unless a run says otherwise."),
            )

    def _show_texts_by_language(self) -> None:
        markdown = _("Markdown. Leave a language empty to show another one instead.")
        short = _("One or two sentences for people who are asked to join, on their first page.")
        hints = _("One a line, shown to whoever writes the first prompt themselves.")
        for name, kind, help_text in (
            ("description", ShortTextsField, short),
            ("instructions", TextsField, markdown),
            ("consent_text", TextsField, markdown),
            ("topic_hints", HintsField, hints),
        ):
            if name in self.fields:
                self.fields[name] = kind(
                    languages=self.instance.languages or ["en"],
                    label=self.fields[name].label,
                    help_text=help_text,
                )

    def clean(self) -> dict[str, Any]:
        """Hold the settings against each other."""
        values: dict[str, Any] = super().clean() or {}
        for name in set(OPTIONAL) & set(self.fields):
            if values.get(name) in (None, ""):
                values[name] = getattr(Project(), name)
        for name in {"demographics", "panels"} & set(self.fields):
            values[name] = values.get(name) or []
        if not self.errors:
            self._check_conversation(values)
            self._check_who_is_needed(values)
            self._check_margins(values)
            self._ask_for_the_wave(values)
        return values

    def _check_conversation(self, values: Mapping[str, Any]) -> None:
        turns, least = (
            values.get(name, getattr(self.instance, name)) for name in ("turns", "turns_min")
        )
        if least > turns:
            self.add_error("turns_min", _("This is more than a conversation may have."))
        if turns > 1 and values.get("task_format") == Project.TaskFormat.TWO_PROMPTS:
            self.add_error("turns", _("Two prompts side by side have no further turns."))

    def _check_who_is_needed(self, values: Mapping[str, Any]) -> None:
        reserved = sum(count for count in (values.get("quotas") or {}).values())
        if reserved > values.get("overlap", self.instance.overlap):
            self.add_error(
                "quotas", _("More places are reserved than each comparison has (the overlap).")
            )
        for by, counts in (
            ("stratum_by", "quotas"),
            ("stratum_by", "group_quotas"),
            ("target_by", "targets"),
        ):
            names = list(values.get(counts) or {})
            if names and not values.get(by):
                self.add_error(by, _("Say by what people are divided."))
            elif names:
                questions = values.get("demographics", self.instance.demographics)
                sentence = find_impossible(by=values[by], names=names, questions=questions or [])
                if sentence:
                    self.add_error(counts, sentence)

    def _check_margins(self, values: Mapping[str, Any]) -> None:
        """Refuse shares of questions or options that the project does not ask about."""
        asked = {
            entry["slug"]: entry
            for entry in values.get("demographics", self.instance.demographics) or []
        }
        for country, questions in (values.get("margins") or {}).items():
            for question, shares in questions.items():
                entry = asked.get(question, {})
                known = entry.get("by_country", {}).get(country, entry.get("options", []))
                unknown = sorted(set(shares) - set(known))
                if unknown:
                    sentence = _("%(country)s: “%(question)s” has no option “%(option)s”.")
                    words = {"country": country, "question": question, "option": unknown[0]}
                    self.add_error("margins", sentence % words)

    def _ask_for_the_wave(self, values: Mapping[str, Any]) -> None:
        """Refuse a change of frozen settings, once there is a wave, until it is said to be wanted."""
        if values.get("next_wave") or not self.instance.pk:
            return
        changed = [
            name
            for name in self.changed_data
            if name in Project.FROZEN and values.get(name) != self.initial.get(name)
        ]
        latest = Wave.objects.filter(project=self.instance.pk).order_by("-number").first()
        if changed and latest:
            sentence = _(
                "This changes what is frozen in wave %(wave)d: %(settings)s. Saved, it begins wave %(next)d when the project is opened again or the next comparisons are made; judgments given until then keep wave %(wave)d."
            ) % {
                "wave": latest.number,
                "next": latest.number + 1,
                "settings": ", ".join(str(self.fields[name].label).lower() for name in changed),
            }
            self.add_error("next_wave", sentence)

    def clean_strategy(self) -> str:
        """Take the parameters along."""
        name, self.instance.strategy_parameters = self.cleaned_data["strategy"]
        return str(name)

    def clean_ways_out(self) -> list[str]:
        """Keep the answers that the format knows; `clean_task_format` comes before."""
        fitting = WAYS_OUT.get(self.cleaned_data.get("task_format", ""), ())
        return [way for way in self.cleaned_data["ways_out"] if way in fitting]

    def clean_task_format(self) -> str:
        """Keep the format once it was frozen: places and orders were drawn for it."""
        chosen: str = self.cleaned_data["task_format"]
        if (
            self.instance.pk
            and chosen != self.initial.get("task_format")
            and Wave.objects.filter(project=self.instance).exists()
        ):
            raise ValidationError(
                _(
                    "The format can't change once comparisons are made. Make a new project for the other format."
                )
            )
        return chosen


class UploadForm(forms.Form):
    """A file of prompts and how to read it."""

    file = forms.FileField(
        label=gettext_lazy("File"),
        max_length=200,
        help_text=gettext_lazy(
            "CSV, TSV, JSONL or JSON in UTF-8, each also as .gz. The same file again adds nothing."
        ),
    )
    language = forms.CharField(
        label=gettext_lazy("Language"),
        required=False,
        max_length=35,
        help_text=gettext_lazy(
            "Of rows that name none, for example en, pt-BR, zh-Hant. It joins the project's languages."
        ),
    )
    text = forms.CharField(
        label=gettext_lazy("Column of the text"),
        required=False,
        max_length=200,
        help_text=gettext_lazy("Empty: “text”."),
    )
    external_id = forms.CharField(
        label=gettext_lazy("Column of the id"),
        required=False,
        max_length=200,
        help_text=gettext_lazy(
            "Empty: “external_id”, if there is one. An id stands for one prompt for ever."
        ),
    )
    id_prefix = forms.CharField(
        label=gettext_lazy("Put before each id"), required=False, max_length=100
    )
    group = forms.CharField(
        label=gettext_lazy("Column of the group"),
        required=False,
        max_length=200,
        help_text=gettext_lazy(
            "Empty: “group”, if there is one. Prompts of a group belong together."
        ),
    )
    group_kind = forms.ChoiceField(
        label=gettext_lazy("The prompts of a group are"),
        required=False,
        choices=[("", gettext_lazy("as the rows say")), *PromptGroup.Kind.choices],
    )
    topic = forms.CharField(
        label=gettext_lazy("Column of the topic"),
        required=False,
        max_length=200,
        help_text=gettext_lazy("Empty: “topic”, if there is one."),
    )
    with_responses = forms.BooleanField(
        label=gettext_lazy("The rows bring their responses"),
        required=False,
        help_text=gettext_lazy(
            "“responses”: a list of 2 to 8; or “prompt”, “chosen” and “rejected”. Their comparisons open at once."
        ),
    )
    skip_bad = forms.BooleanField(
        label=gettext_lazy("Leave bad rows out"),
        required=False,
        help_text=gettext_lazy("Otherwise one bad row keeps the whole file out."),
    )

    def clean_file(self) -> "UploadedFile[bytes]":
        """Refuse what no request should carry."""
        file: UploadedFile[bytes] = self.cleaned_data["file"]
        if file.size is not None and file.size > MAX_UPLOAD:
            raise ValidationError(
                _(
                    "The file is larger than %(limit)d MiB. Use the command import_prompts, or send it in parts."
                )
                % {"limit": MAX_UPLOAD // 2**20}
            )
        return file

    def mapping(self) -> dict[str, str]:
        """Return which columns were named."""
        names = ("text", "external_id", "group", "topic")
        return {name: self.cleaned_data[name] for name in names if self.cleaned_data[name]}
