"""Generation runs: how far they have come, why sets failed, and the buttons to steer them."""

from collections.abc import Callable, Mapping
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
)
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotator.admin.base import BY_PROJECT, ReadOnlyAdmin, person
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
        "served_model",
        "server_version",
        "endpoints",
        "languages",
        "candidates",
        "seed",
        "created_by",
        "created_at",
    )
    readonly_fields = fields

    def get_urls(self) -> list[URLPattern]:
        """Add the live part of the run's page, and its buttons."""
        own = [
            path(
                "<int:run_id>/progress/",
                self.admin_site.admin_view(self.show_progress),
                name="annotator_generationrun_progress",
            ),
            path(
                "<int:run_id>/steer/",
                self.admin_site.admin_view(self.steer),
                name="annotator_generationrun_steer",
            ),
        ]
        return [*own, *super().get_urls()]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show the run's progress above its parameters."""
        run = self.get_object(request, object_id)
        context = {} if run is None else self._progress_context(request, run)
        return super().change_view(
            request, object_id, form_url, {**context, **(extra_context or {})}
        )

    @admin.display(description=gettext_lazy("parameters"))
    def shown_parameters(self, run: GenerationRun) -> SafeString:
        """Return a line for each parameter; profiles by their slugs, since their texts fill pages."""
        return format_html_join(
            mark_safe("<br>"),
            "<code>{}</code> {}",
            ((name, _shown(name, value)) for name, value in sorted(run.parameters.items())),
        )

    def show_progress(self, request: HttpRequest, run_id: int) -> HttpResponse:
        """Return the live part alone; the page asks for it every two seconds while the run goes on."""
        run = self._find(request, run_id)
        return render(
            request,
            "admin/annotator/generationrun/progress.html",
            self._progress_context(request, run),
        )

    def steer(self, request: HttpRequest, run_id: int) -> HttpResponse:
        """Pause, resume, cancel, or queue the failed sets again."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        run = self._find(request, run_id)
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
        """Return the run if this person may see it; absent and foreign are alike."""
        run: GenerationRun | None = (
            self.get_queryset(request).select_related("project").filter(pk=run_id).first()
            if run_id < 2**63
            else None
        )
        if run is None:
            raise Http404
        if not self.has_view_permission(request, run):
            raise PermissionDenied
        return run

    def _may_steer(self, request: HttpRequest, run: GenerationRun) -> bool:
        """Whoever manages the project may steer its runs, though nobody edits them."""
        return person(request).may(Right.MANAGE, run.project_id)

    def _progress_context(self, request: HttpRequest, run: GenerationRun) -> dict[str, Any]:
        failed = CandidateSet.objects.filter(
            run=run, state=CandidateSet.State.FAILED
        ).select_related("prompt")
        progress = run_progress(run)
        return {
            "run": run,
            "progress": progress,
            "remaining": None if progress.over else estimate_remaining(progress),
            "failed_sets": failed.order_by("-id")[:EXAMPLES],
            "may_steer": self._may_steer(request, run),
        }


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
