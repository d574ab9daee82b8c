"""The page of a project's team: who belongs to it, and what each may do."""

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotator.admin.base import person
from annotator.admin.project_pages import ProjectPages, add_errors
from annotator.errors import Refused
from annotator.forms import read_id
from annotator.models import Membership, Project, Right, Role
from annotator.services.team import end_membership, give_role


class TeamForm(forms.Form):
    """Somebody and their role."""

    username = forms.CharField(
        label=gettext_lazy("User name"),
        max_length=150,
        help_text=gettext_lazy(
            "Of an account that is there. It may open the administration from then on, and sees its own projects alone."
        ),
    )
    role = forms.ChoiceField(
        label=gettext_lazy("Role"), choices=Role.choices, initial=Role.RESEARCHER
    )


class TeamPage(ProjectPages):
    """Who belongs to the team."""

    def team(self, request: HttpRequest, project_id: int) -> HttpResponse:
        """Show the team, give somebody a role, or take somebody out."""
        project = self._see(request, project_id, to=Right.OWN)
        form = TeamForm(request.POST if "role" in request.POST else None)
        try:
            if self._do(request, project, form):
                return HttpResponseRedirect(
                    reverse("admin:annotator_project_team", args=[project.pk])
                )
        except Refused as refusal:
            if form.is_bound:
                add_errors(form, refusal)
            else:
                self._admin.message_user(request, refusal.sentence, "error")
        members = Membership.objects.filter(project=project).select_related("annotator")
        context = {"form": form, "members": members.order_by("role", "pk")}
        return self._show(request, project, "team", _("The team"), context)

    def _do(self, request: HttpRequest, project: Project, form: TeamForm) -> bool:
        """Do what was asked and tell whether anything was."""
        leaving = read_id(request.POST.get("leaving", ""))
        if leaving is not None:
            end_membership(project=project, membership_id=leaving, by=person(request))
            self._admin.message_user(request, _("Taken out of the team."))
            return True
        if form.is_bound and form.is_valid():
            give_role(project=project, by=person(request), **form.cleaned_data)
            self._admin.message_user(request, _("The team has changed."))
            return True
        return False
