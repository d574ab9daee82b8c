"""Leaving people out, taking that back, letting them go on: each on a page that says what will happen."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from annotator.admin.base import ReadOnlyAdmin, Views, find, person
from annotator.admin.project_pages import ProjectPages, add_errors
from annotator.errors import Refused
from annotator.models import Annotator, Exclusion, Outcome, Participation, Right
from annotator.selectors.standing import foresee, get_standing
from annotator.services.exclusion import LONGEST_NOTE, exclude, include, lift_pause


class NoteForm(forms.Form):
    """Why something is done."""

    note = forms.CharField(
        label=gettext_lazy("Why"),
        max_length=LONGEST_NOTE,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy(
            "It stands in the log, which nobody can change. Name nobody in it: the log outlives people's data."
        ),
    )


class ExcludeForm(NoteForm):
    """Why somebody is left out."""

    reason = forms.ChoiceField(
        label=gettext_lazy("Reason"),
        choices=Exclusion.choices,
        help_text=gettext_lazy("Releases tell how many people were left out for which reason."),
    )
    field_order = ("reason", "note")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["note"].required = False


class StandingAdmin(ReadOnlyAdmin):
    """The pages below a person: exclude, include, let go on."""

    def row_views(self) -> Views:
        """Return the pages."""
        return {"exclude": self.leave_out, "include": self.take_in, "unpause": self.let_go_on}

    def leave_out(self, request: HttpRequest, participation_id: int) -> HttpResponse:
        """Leave the person out."""

        def act(participation: Participation, said: dict[str, str], by: Annotator) -> str:
            count = exclude(participation=participation, by=by, **said)
            return ngettext(
                "The person is left out. %(count)d place opened again.",
                "The person is left out. %(count)d places opened again.",
                count,
            ) % {"count": count}

        return self._decide(request, participation_id, "exclude", ExcludeForm, act)

    def take_in(self, request: HttpRequest, participation_id: int) -> HttpResponse:
        """Take it back."""

        def act(participation: Participation, said: dict[str, str], by: Annotator) -> str:
            count = include(participation=participation, by=by, **said)
            return ngettext(
                "The person may work again. %(count)d of their answers counts.",
                "The person may work again. %(count)d of their answers count.",
                count,
            ) % {"count": count}

        return self._decide(request, participation_id, "include", NoteForm, act)

    def let_go_on(self, request: HttpRequest, participation_id: int) -> HttpResponse:
        """Let a paused person go on."""

        def act(participation: Participation, said: dict[str, str], by: Annotator) -> str:
            lift_pause(participation=participation, by=by, **said)
            return _("The person may go on.")

        return self._decide(request, participation_id, "unpause", NoteForm, act)

    def _decide(
        self,
        request: HttpRequest,
        participation_id: int,
        page: str,
        form_class: type[forms.Form],
        act: Callable[[Participation, dict[str, str], Annotator], str],
    ) -> HttpResponse:
        """Say what will happen; do it where it is confirmed."""
        people = self.get_queryset(request).select_related("project")
        participation: Participation = find(request, people, participation_id, to=Right.MANAGE)
        form = form_class(request.POST if request.method == "POST" else None)
        if form.is_valid():
            try:
                message = act(participation, form.cleaned_data, person(request))
            except Refused as refusal:
                add_errors(form, refusal)
            else:
                self.message_user(request, message)
                return HttpResponseRedirect(
                    reverse("admin:annotator_participation_change", args=[participation.pk])
                )
        titles = {
            "exclude": _("Leave %(person)s out"),
            "include": _("Take %(person)s in again"),
            "unpause": _("Let %(person)s go on"),
        }
        context = {
            "project": participation.project,
            "participation": participation,
            "form": form,
            "foreseen": foresee(participation=participation),
        }
        title = titles[page] % {"person": participation}
        status = 422 if form.is_bound else 200
        return self.show(request, f"participation/{page}", title, context, status=status)


class PeoplePage(ProjectPages):
    """Who came, who left and who was left out, by group."""

    def people(self, request: HttpRequest, project_id: int) -> HttpResponse:
        """Show it. Queries: the session, the person, the project and the right in it; three of the page."""
        project = self._see(request, project_id)
        context = {
            "standing": get_standing(project=project),
            "outcomes": [label for _value, label in Outcome.choices],
        }
        return self._show(request, project, "people", _("People by group"), context)
