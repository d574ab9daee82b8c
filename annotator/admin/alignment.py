"""Aligned sets: the page that starts their translation, and the page where a reviewer reads it."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotator.admin.base import ReadOnlyAdmin, Views, find, person
from annotator.admin.project_pages import ProjectPages, add_errors
from annotator.errors import Refused
from annotator.forms import language_name
from annotator.models import CandidateSet, Project, Right
from annotator.selectors.alignment import DraftPair, list_draft_pairs, next_in_review
from annotator.services.generation import accept_translation, reject_translation, start_alignment

LONGEST_NUMBER = 9
LINE, FEWEST_ROWS, MOST_ROWS = 60, 3, 24
"""Characters of a line of the box, and how many lines it opens with."""


class AlignForm(forms.Form):
    """What to translate."""

    source_language = forms.ChoiceField(
        label=gettext_lazy("Translate from"),
        help_text=gettext_lazy(
            "Of each group of translated prompts, the newest complete set in this language is translated."
        ),
    )
    target_languages = forms.MultipleChoiceField(
        label=gettext_lazy("Into"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("None chosen: all other languages that a group has."),
    )
    model = forms.CharField(
        label=gettext_lazy("Model"),
        required=False,
        max_length=200,
        help_text=gettext_lazy(
            "Empty: the configured model, or the first one that the server lists."
        ),
    )
    limit = forms.IntegerField(
        label=gettext_lazy("At most"),
        required=False,
        min_value=1,
        max_value=2**31 - 1,
        help_text=gettext_lazy("Sets. Somebody has to read each of them: begin with a few."),
    )

    def __init__(self, data: Any, *, project: Project) -> None:
        super().__init__(data)
        for name in ("source_language", "target_languages"):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = [(tag, f"{language_name(tag)} ({tag})") for tag in project.languages]


class AlignPage(ProjectPages):
    """Starts a run of translations."""

    def align(self, request: HttpRequest, project_id: int) -> HttpResponse:
        """Queue the translations and lead to their run's page."""
        project = self._find(request, project_id)
        form = AlignForm(request.POST or None, project=project)
        if form.is_valid():
            try:
                run = start_alignment(
                    project=project, created_by=person(request), **form.cleaned_data
                )
            except Refused as refusal:
                add_errors(form, refusal)
            else:
                self._admin.log_change(
                    request, project, _("Started to translate sets: run %(run)s.") % {"run": run}
                )
                return HttpResponseRedirect(
                    reverse("admin:annotator_generationrun_change", args=[run.pk])
                )
        return self._show(request, project, "align", _("Translate sets"), {"form": form})


class ReviewedSetAdmin(ReadOnlyAdmin):
    """Candidate sets, with the page where translated ones are read and opened."""

    def row_views(self) -> Views:
        """Return the reviewer's page."""
        return {"review": self.review}

    @admin.display(description=gettext_lazy("review"))
    def review_link(self, candidate_set: CandidateSet) -> str:
        """Lead to the page of a set that waits."""
        if candidate_set.state != CandidateSet.State.REVIEW:
            return ""
        address = reverse("admin:annotator_candidateset_review", args=[candidate_set.pk])
        return format_html('<a href="{}">{}</a>', address, _("Review"))

    def review(self, request: HttpRequest, candidateset_id: int) -> HttpResponse:
        """Show a translated set beside its source; open it as reviewed, or reject it.

        Queries of the page: the session, the person; the set with its prompts and project; the drafts
        with their sources; the next set. Whoever is no superuser needs one for their roles.
        """
        candidate_set = self._find_set(request, candidateset_id)
        if candidate_set.state != CandidateSet.State.REVIEW:
            self.message_user(request, _("This translation is not waiting any more."), "warning")
            return HttpResponseRedirect(_waiting_list(candidate_set))
        if request.method != "POST":
            return self._show_review(request, candidate_set)
        try:
            done = self._decide(request, candidate_set)
        except Refused as refusal:
            if refusal.fields:
                return self._show_review(request, candidate_set, refusal)
            self.message_user(request, refusal.sentence, "error")
        else:
            self.log_change(request, candidate_set, done)
            self.message_user(request, done)
        return self._go_on(candidate_set)

    def _find_set(self, request: HttpRequest, set_id: int) -> CandidateSet:
        related = ("project", "prompt", "source_set__prompt")
        sets: QuerySet[CandidateSet] = self.get_queryset(request).select_related(*related)
        return find(request, sets.filter(source_set__isnull=False), set_id, to=Right.REVIEW)

    def _decide(self, request: HttpRequest, candidate_set: CandidateSet) -> str:
        """Accept or reject, and return what was done, as a sentence."""
        attempt = _number(request.POST.get("attempt", ""))
        if request.POST.get("action") == "reject":
            reject_translation(
                candidate_set=candidate_set,
                attempt=attempt,
                reason=request.POST.get("reason", ""),
            )
            return _("Rejected set %(set)s.") % {"set": candidate_set}
        accept_translation(
            candidate_set=candidate_set,
            attempt=attempt,
            reviewer=person(request),
            texts=_texts(request.POST),
        )
        return _("Opened set %(set)s, as reviewed.") % {"set": candidate_set}

    def _show_review(
        self, request: HttpRequest, candidate_set: CandidateSet, refusal: Refused | None = None
    ) -> HttpResponse:
        errors = {} if refusal is None else refusal.fields
        texts = _texts(request.POST)
        pairs = list_draft_pairs(candidate_set=candidate_set)
        context = {
            "subtitle": str(candidate_set),
            "set": candidate_set,
            "source_set": candidate_set.source_set,
            "pairs": [_row(pair, texts, errors) for pair in pairs],
            "refusal": refusal,
            "reason": request.POST.get("reason", ""),
            "reason_error": errors.get("reason", ""),
            "next": next_in_review(candidate_set=candidate_set),
            "list_url": _waiting_list(candidate_set),
        }
        title, status = _("Review a translation"), 200 if refusal is None else 422
        return self.show(request, "candidateset/review", title, context, status=status)

    def _go_on(self, candidate_set: CandidateSet) -> HttpResponse:
        following = next_in_review(candidate_set=candidate_set)
        if following is None:
            return HttpResponseRedirect(_waiting_list(candidate_set))
        return HttpResponseRedirect(
            reverse("admin:annotator_candidateset_review", args=[following.pk])
        )


def _waiting_list(candidate_set: CandidateSet) -> str:
    """Return the address of the list of the project's sets that wait."""
    wishes = f"project__id__exact={candidate_set.project_id}&state__exact=review"
    return f"{reverse('admin:annotator_candidateset_changelist')}?{wishes}"


def _texts(sent: Mapping[str, str]) -> dict[int, str]:
    """Return the texts by slot; names that are none of the form's are left out."""
    prefix = "text-"
    return {
        _number(name.removeprefix(prefix)): sent[name] for name in sent if name.startswith(prefix)
    }


def _number(text: str) -> int:
    """Return a number from 0, or −1 for what is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER else -1


def _row(pair: DraftPair, texts: Mapping[int, str], errors: Mapping[str, str]) -> dict[str, Any]:
    """Return what one pair of the page shows: what was typed, where it was sent back."""
    text = texts.get(pair.slot, pair.draft)
    name = f"text-{pair.slot}"
    longest = max(text, pair.source, key=len)
    rows = sum(1 + len(line) // LINE for line in longest.splitlines())
    return {
        "number": pair.slot + 1,
        "name": name,
        "source": pair.source,
        "text": text,
        "error": errors.get(name, ""),
        "rows": min(max(rows, FEWEST_ROWS), MOST_ROWS),
    }
