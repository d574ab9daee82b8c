"""Items with a right answer, and what they showed of people."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from annotator.admin.base import (
    BY_PROJECT,
    ConditionFilter,
    ReadOnlyAdmin,
    Views,
    beginning,
    find,
    person,
    visible_projects,
)
from annotator.admin.project_pages import ProjectPages, add_errors
from annotator.errors import Refused
from annotator.forms import language_name
from annotator.models import CheckItem, Comparison, ComparisonOption, Project, QualityFlag, Right
from annotator.services.check_items import correct_check, mark_seen, retire_check
from annotator.services.checks import KINDS, import_checks

LONGEST = 20_000


class FeedbackForm(forms.Form):
    """What is right, and what is said after it."""

    right = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Right"),
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=gettext_lazy("At least one, and not all."),
    )
    feedback = forms.CharField(
        label=gettext_lazy("Said after it, in training"),
        required=False,
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("In the language of the item: why this is right."),
    )

    def __init__(self, *args: Any, choices: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        right = self.fields["right"]
        assert isinstance(right, forms.TypedMultipleChoiceField)
        right.choices = choices


class CheckForm(FeedbackForm):
    """An item to make."""

    kind = forms.ChoiceField(
        label=gettext_lazy("Kind"),
        choices=[(kind.value, kind.label) for kind in KINDS],
        widget=forms.RadioSelect,
        help_text=gettext_lazy(
            "Training comes before the first task, with what was right. Attention asks for a certain answer (“choose the one about bread”). Gold is a question of fact."
        ),
    )
    factual = forms.BooleanField(
        label=gettext_lazy("A fact decides what is right here"),
        required=False,
        help_text=gettext_lazy(
            "Needed for gold. A question of value has no right answer, so it can't be gold."
        ),
    )
    language = forms.ChoiceField(label=gettext_lazy("Language"))
    text = forms.CharField(
        label=gettext_lazy("Question"),
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, data: Any, *, project: Project) -> None:
        count = responses_of(project)
        super().__init__(data, choices=[(at, _("Response %d") % (at + 1)) for at in range(count)])
        language = self.fields["language"]
        assert isinstance(language, forms.ChoiceField)
        language.choices = [(tag, f"{language_name(tag)} ({tag})") for tag in project.languages]
        for at in range(count):
            self.fields[f"response_{at}"] = forms.CharField(
                label=_("Response %d") % (at + 1),
                max_length=LONGEST,
                widget=forms.Textarea(attrs={"rows": 3}),
            )
        texts = [f"response_{at}" for at in range(count)]
        self.order_fields(["kind", "factual", "language", "text", *texts, "right", "feedback"])

    def row(self) -> dict[str, Any]:
        """Return the item as `import_checks` takes it."""
        said = self.cleaned_data
        texts = [name for name in self.fields if name.startswith("response_")]
        return {
            **{name: said[name] for name in ("kind", "factual", "language", "text", "right")},
            "responses": [said[name] for name in texts],
            "feedback": {said["language"]: said["feedback"]} if said["feedback"] else {},
        }


def responses_of(project: Project) -> int:
    """Return how many responses a task of the project shows: an item with another number would be known by it."""
    two = (Project.TaskFormat.PAIRWISE, Project.TaskFormat.TWO_PROMPTS)
    return 2 if project.task_format in two else project.candidates


class CheckPage(ProjectPages):
    """Where an item is made."""

    def check(self, request: HttpRequest, project_id: int) -> HttpResponse:
        """Make an item and lead to its page."""
        project = self._find(request, project_id)
        form = CheckForm(request.POST or None, project=project)
        if form.is_valid():
            try:
                import_checks(project=project, rows=[form.row()])
            except Refused as refusal:
                form.add_error(None, refusal.sentence.removeprefix("1: "))
            else:
                item = CheckItem.objects.filter(project=project).latest("pk")
                self._admin.message_user(request, _("The item is made."))
                return HttpResponseRedirect(
                    reverse("admin:annotator_checkitem_change", args=[item.pk])
                )
        return self._show(request, project, "check", _("Make a check item"), {"form": form})


class KindFilter(ConditionFilter):
    """Training, attention or gold: the kind stands in the item's comparison."""

    title = gettext_lazy("kind")
    parameter_name = "kind"

    conditions: ClassVar = {kind.value: (kind.label, {"comparison__kind": kind}) for kind in KINDS}


class InUseFilter(ConditionFilter):
    """Items that are given to people, and retired ones."""

    title = gettext_lazy("in use")
    parameter_name = "in_use"

    conditions: ClassVar = {
        "yes": (gettext_lazy("in use"), {"retired_at": None}),
        "no": (gettext_lazy("retired"), {"retired_at__isnull": False}),
    }


@admin.register(CheckItem)
class CheckItemAdmin(ReadOnlyAdmin):
    """Items with a right answer: made on a project's page, corrected and retired here."""

    change_form_template = "admin/annotator/checkitem/change_form.html"
    list_display = ("question", "project", "kind", "language", "right_ones", "retired_at")
    list_display_links = ("question",)
    list_filter = (BY_PROJECT, KindFilter, InUseFilter)
    list_select_related = ("project", "comparison__candidate_set__prompt")
    fields = (
        "project",
        "kind",
        "language",
        "question",
        "responses",
        "right_ones",
        "feedback",
        "retired_at",
    )
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[CheckItem]:
        """Return the items with their responses."""
        options = ComparisonOption.objects.select_related("response").order_by("position")
        rows: QuerySet[CheckItem] = super().get_queryset(request)
        return rows.prefetch_related(Prefetch("comparison__options", options))

    def row_views(self) -> Views:
        """Return the pages that correct and retire."""
        return {"correct": self.correct, "retire": self.retire}

    def form_context(self, request: HttpRequest, obj: CheckItem) -> dict[str, Any]:
        """Show above the item what may be done with it."""
        return {"item": obj, "may_decide": person(request).may(Right.MANAGE, obj.project_id)}

    def correct(self, request: HttpRequest, checkitem_id: int) -> HttpResponse:
        """Say anew what is right."""
        item = self._find(request, checkitem_id)
        language = item.comparison.language
        form = FeedbackForm(
            request.POST if request.method == "POST" else None,
            choices=[
                (option.position, beginning(option.response.text))
                for option in item.comparison.options.all()
            ],
            initial={"right": item.right, "feedback": item.feedback.get(language, "")},
        )
        if form.is_valid():
            try:
                correct_check(
                    item=item,
                    right=form.cleaned_data["right"],
                    feedback={language: form.cleaned_data["feedback"]},
                    by=person(request),
                )
            except Refused as refusal:
                add_errors(form, refusal)
            else:
                return self._done(request, item, _("The item is corrected."))
        return self._show(request, item, "correct", _("Correct the item"), form)

    def retire(self, request: HttpRequest, checkitem_id: int) -> HttpResponse:
        """Give it to nobody any more."""
        item = self._find(request, checkitem_id)
        if request.method == "POST":
            retire_check(item=item, by=person(request))
            return self._done(request, item, _("The item is given to nobody any more."))
        return self._show(request, item, "retire", _("Retire the item"), forms.Form())

    def _show(
        self, request: HttpRequest, item: CheckItem, page: str, title: str, form: forms.Form
    ) -> HttpResponse:
        context = {
            "project": item.project,
            "item": item,
            "question": self.question(item),
            "form": form,
        }
        status = 422 if form.is_bound else 200
        return self.show(request, f"checkitem/{page}", title, context, status=status)

    def _done(self, request: HttpRequest, item: CheckItem, message: str) -> HttpResponse:
        self.message_user(request, message)
        return HttpResponseRedirect(reverse("admin:annotator_checkitem_change", args=[item.pk]))

    def _find(self, request: HttpRequest, item_id: int) -> CheckItem:
        items = self.get_queryset(request).select_related(*self.list_select_related)
        return find(request, items, item_id, to=Right.MANAGE)

    @admin.display(description=gettext_lazy("kind"))
    def kind(self, item: CheckItem) -> str:
        """Return the kind of its comparison."""
        return str(Comparison.Kind(item.comparison.kind).label)

    @admin.display(description=gettext_lazy("language"))
    def language(self, item: CheckItem) -> str:
        """Return its language."""
        return str(item.comparison.language)

    @admin.display(description=gettext_lazy("question"))
    def question(self, item: CheckItem) -> str:
        """Return what is asked."""
        made = item.comparison.candidate_set
        return beginning(made.prompt.text) if made and made.prompt else "–"

    @admin.display(description=gettext_lazy("responses"))
    def responses(self, item: CheckItem) -> str:
        """Return all responses, numbered."""
        options = item.comparison.options.all()
        return "\n".join(f"{o.position + 1}. {o.response.text}" for o in options)

    @admin.display(description=gettext_lazy("right"))
    def right_ones(self, item: CheckItem) -> str:
        """Return the right responses."""
        options = item.comparison.options.all()
        right = [beginning(o.response.text, 40) for o in options if o.position in item.right]
        return " · ".join(right)


class SeenFilter(ConditionFilter):
    """Flags that somebody has looked at, and those that wait."""

    title = gettext_lazy("looked at")
    parameter_name = "seen"

    conditions: ClassVar = {
        "no": (gettext_lazy("to look at"), {"seen_at": None}),
        "yes": (gettext_lazy("looked at"), {"seen_at__isnull": False}),
    }


@admin.register(QualityFlag)
class QualityFlagAdmin(ReadOnlyAdmin):
    """What checks showed of people, the newest first: to look at, and to mark as looked at."""

    list_display = (
        "id",
        "project",
        "participation",
        "kind",
        "judgment",
        "made_at",
        "seen_at",
        "seen_by",
    )
    list_display_links = ("id",)
    list_filter = (BY_PROJECT, "kind", SeenFilter)
    list_select_related = ("project", "participation", "judgment", "seen_by")
    search_fields = ("=participation__pseudonym",)
    search_help_text = gettext_lazy("Searches whole pseudonyms.")
    actions = ("mark_seen",)
    fields = ("project", "participation", "kind", "judgment", "made_at", "seen_at", "seen_by")

    def has_review_permission(self, request: HttpRequest) -> bool:
        """Reviewers look at flags."""
        return person(request).may(Right.REVIEW)

    @admin.action(description=gettext_lazy("Mark as looked at"), permissions=["review"])
    def mark_seen(self, request: HttpRequest, flags: QuerySet[QualityFlag]) -> None:
        """Note who looked at them; flags of projects in which they may not review stay."""
        mine = flags.filter(project__in=visible_projects(request, to=Right.REVIEW))
        ids = list(mine.order_by().values_list("pk", flat=True))
        count = mark_seen(flag_ids=ids, by=person(request))
        self.message_user(
            request,
            ngettext(
                "%(count)d flag is marked as looked at.",
                "%(count)d flags are marked as looked at.",
                count,
            )
            % {"count": count},
        )
