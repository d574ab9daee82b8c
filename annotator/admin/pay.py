"""The page of a project's pay: what is owed, periods that are closed, and their lists."""

import uuid

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from annotator.admin.base import person
from annotator.admin.project_pages import ProjectPages
from annotator.errors import Refused
from annotator.forms import read_id
from annotator.models import AuditEvent, PayPeriod, Project
from annotator.selectors.pay import list_earnings, list_periods, owed_csv, period_csv, total_owed
from annotator.services.audit import record
from annotator.services.pay import close_period


class PayPage(ProjectPages):
    """What is owed and what was paid. Its files name people as their panel knows them: managers alone."""

    def pay(self, request: HttpRequest, project_id: int) -> HttpResponse:
        """Show it, close a period, or give a list as a file.

        Queries: the session, the person, the project and the right in it; two of what is owed, one of the periods.
        """
        project = self._find(request, project_id)
        if request.method == "POST":
            return self._close(request, project)
        if "file" in request.GET:
            return self._file(request, project, request.GET["file"])
        context = {
            "totals": total_owed(list_earnings(project=project)),
            "periods": list_periods(project=project),
            "key": uuid.uuid4(),
        }
        return self._show(request, project, "pay", _("Pay"), context)

    def _close(self, request: HttpRequest, project: Project) -> HttpResponse:
        try:
            key = uuid.UUID(request.POST.get("key", ""))
            close_period(project=project, key=key, by=person(request))
        except ValueError:
            self._admin.message_user(
                request, _("This page is out of date. Look at it again."), "error"
            )
        except Refused as refusal:
            self._admin.message_user(request, refusal.sentence, "error")
        else:
            self._admin.message_user(
                request, _("The period is closed. Save its list and pay by it.")
            )
        return HttpResponseRedirect(reverse("admin:annotator_project_pay", args=[project.pk]))

    def _file(self, request: HttpRequest, project: Project, name: str) -> HttpResponse:
        """Return what is owed now, or the list of a closed period; the log tells who took it."""
        if name == "owed":
            text = owed_csv(list_earnings(project=project))
        else:
            period = PayPeriod.objects.filter(project=project, pk=read_id(name) or 0).first()
            if period is None:
                raise Http404
            text = period_csv(period)
        record(
            project=project,
            action=AuditEvent.Action.EXPORT,
            by=person(request),
            subject=f"pay {name}",
        )
        response = HttpResponse(text, content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="{project.slug}-pay-{name}.csv"'
        return response
