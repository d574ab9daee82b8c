"""Leaving people out, taking that back, letting them go on: each on a page that says what will happen."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from annotator.admin.base import ReadOnlyAdmin, person
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

    def get_urls(self) -> list[URLPattern]:
        """Add the pages."""
        own = [
            path(
                f"<int:participation_id>/{name}/",
                self.admin_site.admin_view(view),
                name=f"annotator_participation_{name}",
            )
            for name, view in (
                ("exclude", self.leave_out),
                ("include", self.take_in),
                ("unpause", self.let_go_on),
            )
        ]
        return [*own, *super().get_urls()]

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
        participation = self._find(request, participation_id)
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
            **self.admin_site.each_context(request),
            "title": titles[page] % {"person": participation},
            "opts": self.opts,
            "project": participation.project,
            "participation": participation,
            "form": form,
            "foreseen": foresee(participation=participation),
        }
        template = f"admin/annotator/participation/{page}.html"
        return render(request, template, context, status=422 if form.is_bound else 200)

    def _find(self, request: HttpRequest, participation_id: int) -> Participation:
        """Return the person if this member of the staff may decide; absent and foreign are alike."""
        people: QuerySet[Participation] = self.get_queryset(request).select_related("project")
        found = people.filter(pk=participation_id).first() if participation_id < 2**63 else None
        if found is None:
            raise Http404
        if not person(request).may(Right.MANAGE, found.project_id):
            raise PermissionDenied
        return found


class PeoplePage(ProjectPages):
    """Who came, who left and who was left out, by group."""

    def people(self, request: HttpRequest, project_id: int) -> HttpResponse:
        """Show it. Queries: the session, the person, the project and the right in it; three of the page."""
        project = self._see(request, project_id)
        context = {
            **self._admin.admin_site.each_context(request),
            "title": _("People by group"),
            "opts": self._admin.opts,
            "project": project,
            "standing": get_standing(project=project),
            "outcomes": [label for _value, label in Outcome.choices],
        }
        return render(request, "admin/annotator/project/people.html", context)
