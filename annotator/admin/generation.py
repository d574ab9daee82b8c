"""Generation runs: how far they have come, why sets failed, and the buttons to steer them."""

from collections.abc import Callable, Mapping
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotator.admin.base import BY_PROJECT, ReadOnlyAdmin, Views, find, person
from annotator.errors import Refused
from annotator.models import CandidateSet, GenerationRun, Right
from annotator.selectors.estimates import estimate_remaining
from annotator.selectors.generation import run_progress
from annotator.services.generation import cancel_run, pause_run, resume_run, retry_failed

STEER: Mapping[str, Callable[..., object]] = {
    "pause": pause_run,
    "resume": resume_run,
    "cancel": cancel_run,
    "retry": retry_failed,
}
EXAMPLES = 10


@admin.register(GenerationRun)
class GenerationRunAdmin(ReadOnlyAdmin):
    """One request for candidates."""

    change_form_template = "admin/annotator/generationrun/change_form.html"
    list_display = (
        "__str__",
        "project",
        "state",
        "model",
        "languages",
        "created_by",
        "created_at",
        "finished_at",
    )
    list_select_related = ("project", "created_by")
    list_filter = (BY_PROJECT, "state")
    # The live part above tells the rest.
    fields = (
        "project",
        "purpose",
        "queue",
        "strategy",
        "shown_parameters",
        "model",
        "endpoints",
        "languages",
        "candidates",
        "seed",
        "created_by",
        "created_at",
    )
    readonly_fields = fields

    def row_views(self) -> Views:
        """Return the live part of the run's page, and its buttons."""
        return {"progress": self.show_progress, "steer": self.steer}

    def form_context(self, request: HttpRequest, obj: GenerationRun) -> dict[str, Any]:
        """Show the run's progress above its parameters."""
        failed = CandidateSet.objects.filter(run=obj, state=CandidateSet.State.FAILED)
        progress = run_progress(obj)
        return {
            "run": obj,
            "progress": progress,
            "remaining": None if progress.over else estimate_remaining(progress),
            "failed_sets": failed.select_related("prompt").order_by("-id")[:EXAMPLES],
            "may_steer": self._may_steer(request, obj),
        }

    @admin.display(description=gettext_lazy("parameters"))
    def shown_parameters(self, run: GenerationRun) -> SafeString:
        """Return a line for each parameter; profiles by their slugs, since their texts fill pages."""
        return format_html_join(
            mark_safe("<br>"),
            "<code>{}</code> {}",
            ((name, _shown(name, value)) for name, value in sorted(run.parameters.items())),
        )

    def show_progress(self, request: HttpRequest, generationrun_id: int) -> HttpResponse:
        """Return the live part alone; the page asks for it every two seconds while the run goes on."""
        run = self._find(request, generationrun_id)
        context = self.form_context(request, run)
        return render(request, "admin/annotator/generationrun/progress.html", context)

    def steer(self, request: HttpRequest, generationrun_id: int) -> HttpResponse:
        """Pause, resume, cancel, or queue the failed sets again."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        run = self._find(request, generationrun_id)
        if not self._may_steer(request, run):
            raise PermissionDenied
        action = request.POST.get("action", "")
        try:
            _steer(run, action)
        except Refused as refusal:
            self.message_user(request, refusal.sentence, "error")
        else:
            self.log_change(request, run, _("Asked to: %(action)s.") % {"action": action})
        return HttpResponseRedirect(reverse("admin:annotator_generationrun_change", args=[run.pk]))

    def _find(self, request: HttpRequest, run_id: int) -> GenerationRun:
        runs: QuerySet[GenerationRun] = self.get_queryset(request).select_related("project")
        return find(request, runs, run_id, to=self.viewing)

    def _may_steer(self, request: HttpRequest, run: GenerationRun) -> bool:
        """Whoever manages the project may steer its runs, though nobody edits them."""
        return person(request).may(Right.MANAGE, run.project_id)


def _shown(name: str, value: object) -> str:
    match name, value:
        case "profiles", list():
            return ", ".join(str(profile["slug"]) for profile in value)
        case "base_parameters", dict():
            return ", ".join(f"{inner}: {_shown(inner, it)}" for inner, it in value.items())
        case _, list():
            return ", ".join(map(str, value))
        case _:
            return "–" if value in (None, "") else str(value)


def _steer(run: GenerationRun, action: str) -> None:
    if action not in STEER:
        raise Refused("unknown_action", _("Choose one of the buttons on the page."))
    STEER[action](run=run)
