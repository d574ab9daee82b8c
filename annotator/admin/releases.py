"""Releases: asked for on a page of their project; each has a page with its progress, its files and the way back."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.files.storage import default_storage
from django.db.models import QuerySet
from django.http import (
    FileResponse,
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
)
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotator.admin.base import BY_PROJECT, ReadOnlyAdmin, Views, find, person
from annotator.admin.project_pages import ProjectPages, add_errors
from annotator.errors import Refused
from annotator.models import Release, Right
from annotator.selectors.exports import FORMATS
from annotator.services.releases import retract_release, start_release
from annotator.services.releases.licences import GRANTED


class ReleaseForm(forms.Form):
    """What a release is to hold."""

    version = forms.CharField(
        label=gettext_lazy("Version"),
        max_length=32,
        help_text=gettext_lazy(
            "Two or three numbers: 1.0, 1.0.2. A version exists once, for good."
        ),
    )
    formats = forms.MultipleChoiceField(
        label=gettext_lazy("Formats"),
        required=False,
        choices=[(name, name) for name in FORMATS],
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("None chosen: all that fit the project."),
    )
    licence = forms.ChoiceField(
        label=gettext_lazy("Licence"),
        required=False,
        choices=[
            ("", gettext_lazy("as the prompts and models demand")),
            *((name, name) for name in GRANTED),
        ],
    )
    demographics = forms.BooleanField(
        label=gettext_lazy("Tell what people said of themselves"),
        required=False,
        help_text=gettext_lazy(
            "As far as they agreed, and no combination that too few people share: the project's settings say how few."
        ),
    )


class ReleasePage(ProjectPages):
    """Where a release is asked for."""

    def release(self, request: HttpRequest, project_id: int) -> HttpResponse:
        """Ask for a release and lead to its page.

        Queries of the page: the session, the person, the project, the right in it; the releases.
        """
        project = self._see(request, project_id, to=Right.EXPORT)
        releases = list(Release.objects.filter(project=project)[:20])
        form = ReleaseForm(request.POST or None, initial={"version": _next_version(releases)})
        if form.is_valid():
            try:
                release = start_release(
                    project=project, created_by=person(request), **form.cleaned_data
                )
            except Refused as refusal:
                add_errors(form, refusal)
            else:
                return HttpResponseRedirect(_page_of(release))
        context = {"form": form, "releases": releases}
        return self._show(request, project, "release", _("Make a release"), context)


@admin.register(Release)
class ReleaseAdmin(ReadOnlyAdmin):
    """What was published."""

    changing = viewing = Right.EXPORT
    change_form_template = "admin/annotator/release/change_form.html"
    list_display = ("version", "project", "state", "licence", "rows_written", "published_at")
    list_display_links = ("version",)
    list_select_related = ("project",)
    list_filter = (BY_PROJECT, "state")
    exclude = ("manifest", "failure", "retraction_reason", "rows_written", "state")

    def row_views(self) -> Views:
        """Return the live part of a release's page, its files and its retraction."""
        return {"progress": self.show_progress, "retract": self.retract, "file": self.load}

    def form_context(self, request: HttpRequest, obj: Release) -> dict[str, Any]:
        """Show how far it is, and its files, above what was asked for."""
        del request
        return _shown(obj)

    def show_progress(self, request: HttpRequest, release_id: int) -> HttpResponse:
        """Return the live part alone; the page asks for it every two seconds while it is being built."""
        release = self._find(request, release_id)
        return render(request, "admin/annotator/release/progress.html", _shown(release))

    def retract(self, request: HttpRequest, release_id: int) -> HttpResponse:
        """Take a release back; its reason stays where its files were."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        release = self._find(request, release_id)
        try:
            retract_release(
                release=release, reason=request.POST.get("reason", ""), by=person(request)
            )
        except Refused as refusal:
            self.message_user(request, refusal.sentence, "error")
        else:
            self.message_user(request, _("The release is retracted."))
        return HttpResponseRedirect(_page_of(release))

    def load(self, request: HttpRequest, release_id: int) -> HttpResponseBase:
        """Return a file of a release that stands, by `name`."""
        release = self._find(request, release_id)
        name = request.GET.get("name", "")
        listed = [file["path"] for file in (release.manifest or {}).get("files", ())]
        if release.state != Release.State.PUBLISHED or name not in listed:
            raise Http404
        shown = f"{release.project.slug}-{release.version}-{name.replace('/', '-')}"
        file = default_storage.open(f"{release.folder}/{name}")
        return FileResponse(file, as_attachment=True, filename=shown)

    def _find(self, request: HttpRequest, release_id: int) -> Release:
        releases: QuerySet[Release] = self.get_queryset(request).select_related("project")
        return find(request, releases, release_id, to=self.viewing)


def _shown(release: Release) -> dict[str, Any]:
    manifest = release.manifest or {}
    files = manifest.get("files", [])
    return {
        "release": release,
        "is_over": release.state != Release.State.BUILDING,
        "is_published": release.state == Release.State.PUBLISHED,
        "judgments": manifest.get("judgments"),
        "excluded": sum(manifest.get("excluded", {}).values()),
        "documents": [file for file in files if not file["format"]],
        "data_files": [file for file in files if file["rows"]],
        "size": sum(file["bytes"] for file in files),
    }


def _next_version(releases: list[Release]) -> str:
    """Suggest the version after the newest one."""
    if not releases:
        return "1.0"
    *before, last = releases[0].version.split(".")
    return ".".join([*before, str(int(last) + 1)])


def _page_of(release: Release) -> str:
    return reverse("admin:annotator_release_change", args=[release.pk])
