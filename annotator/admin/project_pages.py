"""What the pages below a project's address share: finding the project among those that may be seen, and showing."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from annotator.admin.base import PlurivoxAdmin, find, visible_projects
from annotator.errors import Refused
from annotator.models import Project, Right


class ProjectPages:
    """Views that the project's admin hangs below its own address."""

    def __init__(self, model_admin: PlurivoxAdmin) -> None:
        self._admin = model_admin

    def _see(self, request: HttpRequest, project_id: int, *, to: str = Right.SEE) -> Project:
        """Return the project if this person has the right in it; absent and foreign are alike."""
        return find(request, visible_projects(request), project_id, to=to)

    def _find(self, request: HttpRequest, project_id: int) -> Project:
        """Return the project if this person may change it."""
        return self._see(request, project_id, to=Right.MANAGE)

    def _go_back(self, project: Project) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:annotator_project_change", args=[project.pk]))

    def _show(
        self,
        request: HttpRequest,
        project: Project,
        page: str,
        title: str,
        context: Mapping[str, Any],
    ) -> HttpResponse:
        """Show a page; a form that was sent and refused answers 422."""
        form, report = context.get("form"), context.get("report")
        refused = request.method == "POST" and form and (form.errors or (report and report.refused))
        return self._admin.show(
            request,
            f"project/{page}",
            title,
            {"subtitle": str(project), "project": project, **context},
            status=422 if refused else 200,
        )


def add_errors(form: forms.Form, refusal: Refused) -> None:
    """Put each sentence at its field, or above the form."""
    placed = {
        name.split(".")[0]: sentence
        for name, sentence in refusal.fields.items()
        if name.split(".")[0] in form.fields
    }
    for name, sentence in placed.items():
        form.add_error(name, sentence)
    if not placed:
        form.add_error(None, refusal.sentence)
