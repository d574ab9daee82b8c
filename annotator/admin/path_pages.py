"""The pages of a project's path: upload, generate, open, invite, hand out a key.

Each is: find the project among those that may be seen, parse, call one service, show.
"""

import csv
import io
from collections.abc import Mapping
from typing import Any, BinaryIO, cast
from urllib.parse import quote

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from annotator.admin.access_forms import InviteForm, TokenForm, after_days
from annotator.admin.base import person
from annotator.admin.forms import UploadForm
from annotator.admin.generation_forms import GenerateForm
from annotator.admin.project_pages import ProjectPages, add_errors
from annotator.errors import Refused
from annotator.models import SCOPE_RIGHTS, Annotator, Project, Right, Scope
from annotator.selectors.readiness import list_lacks, list_language_states
from annotator.services.candidates import import_candidates
from annotator.services.generation import start_run
from annotator.services.invitations import invite_rows, read_table
from annotator.services.joint import open_joint_comparisons
from annotator.services.people import create_invitations, invitation_url
from annotator.services.projects import close_project, open_project, pause_project
from annotator.services.prompt_rows import RowRules
from annotator.services.prompts import ImportReport, import_prompts
from annotator.services.readers import format_of, read_rows
from annotator.services.tokens import create_token


class PathPages(ProjectPages):
    """The way from prompts to a study that is open."""

    def upload(self, request: HttpRequest, project_id: int) -> HttpResponse:
        """Import prompts, with or without their responses, from a file."""
        project = self._find(request, project_id)
        form = UploadForm(request.POST or None, request.FILES or None)
        report = None
        if form.is_valid():
            try:
                report = _import(project, form)
            except Refused as refusal:
                form.add_error(None, refusal.sentence)
            if report and not report.refused:
                summary = _summary(report)
                self._admin.log_change(
                    request,
                    project,
                    _("Uploaded %(file)s: %(summary)s")
                    % {"file": form.cleaned_data["file"].name, "summary": summary},
                )
                self._admin.message_user(request, summary)
                if not report.errors:
                    return self._go_back(project)
        context = {"form": form, "report": report}
        return self._show(request, project, "upload", _("Upload prompts"), context)

    def generate(self, request: HttpRequest, project_id: int) -> HttpResponse:
        """Tell what a run would take, or start it and lead to its page."""
        project = self._find(request, project_id)
        form = GenerateForm(request.POST or None, project=project)
        only_estimate = "estimate" in request.POST
        estimate = None
        if form.is_valid() and not only_estimate:
            try:
                run = start_run(project=project, created_by=person(request), **form.wanted())
            except Refused as refusal:
                # Of what was sent: a field that is refused counts no more.
                estimate = form.estimate()
                add_errors(form, refusal)
            else:
                self._admin.log_change(
                    request, project, _("Started generation run %(run)s.") % {"run": run}
                )
                return HttpResponseRedirect(
                    reverse("admin:annotator_generationrun_change", args=[run.pk])
                )
        context = {"form": form, "estimate": estimate or form.estimate()}
        if only_estimate and request.headers.get("HX-Request"):
            return render(request, "admin/annotator/project/estimate.html", context)
        return self._show(request, project, "generate", _("Start generation"), context)

    def change_state(self, request: HttpRequest, project_id: int) -> HttpResponse:
        """Open, pause or close."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        project = self._find(request, project_id)
        action = request.POST.get("action", "")
        try:
            message = _change_state(project, action, person(request))
        except Refused as refusal:
            self._admin.message_user(request, refusal.sentence, "error")
        else:
            self._admin.log_change(request, project, message)
            self._admin.message_user(request, message)
        return self._go_back(project)

    def pair_prompts(self, request: HttpRequest, project_id: int) -> HttpResponse:
        """Open the comparisons of two prompts for the sets that wait for a partner."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        project = self._find(request, project_id)
        try:
            opened = open_joint_comparisons(project=project)
        except Refused as refusal:
            self._admin.message_user(request, refusal.sentence, "error")
        else:
            message = _("%(opened)d comparisons of two prompts opened.") % {"opened": opened}
            self._admin.log_change(request, project, message)
            self._admin.message_user(request, message)
        return self._go_back(project)

    def invite(self, request: HttpRequest, project_id: int) -> HttpResponse:
        """Make links, shown this once, with a file of them to save."""
        project = self._find(request, project_id)
        form = InviteForm(request.POST or None, request.FILES or None, project=project)
        rows: list[dict[str, str]] = []
        if form.is_valid():
            wanted = form.cleaned_data
            try:
                rows = _invite(project, wanted, person(request))
            except Refused as refusal:
                add_errors(form, refusal)
            else:
                self._admin.log_change(
                    request, project, _("Made %(count)d invitations.") % {"count": len(rows)}
                )
        context = {
            "form": form,
            "links": [row["url"] for row in rows],
            "file": _as_file(rows),
            "file_name": f"{project.slug}-invitations.csv",
        }
        return self._show(request, project, "invite", _("Invite people"), context)

    def make_token(self, request: HttpRequest, project_id: int) -> HttpResponse:
        """Make a researcher's key, shown this once."""
        project = self._see(request, project_id, to=Right.EXPORT)
        form = TokenForm(
            request.POST or None,
            scopes=[
                scope
                for scope in Scope.values
                if person(request).may(SCOPE_RIGHTS[scope], project.pk)
            ],
        )
        key = ""
        if form.is_valid():
            wanted = form.cleaned_data
            try:
                token, key = create_token(
                    name=wanted["name"],
                    owner=person(request),
                    scopes=wanted["scopes"],
                    projects=[project],
                    expires_at=after_days(wanted["days"]),
                )
            except Refused as refusal:
                add_errors(form, refusal)
            else:
                self._admin.log_change(
                    request,
                    project,
                    _("Made the key %(token)s for “%(name)s”.")
                    % {"token": token, "name": token.name},
                )
        return self._show(request, project, "token", _("Make a key"), {"form": form, "key": key})


def _import(project: Project, form: UploadForm) -> ImportReport:
    wanted = form.cleaned_data
    file: UploadedFile[bytes] = wanted["file"]
    rules = RowRules(
        mapping=form.mapping(),
        language=wanted["language"],
        id_prefix=wanted["id_prefix"],
        group_kind=wanted["group_kind"],
    )
    rows = read_rows(
        stream=cast(BinaryIO, file.file),
        file_format=format_of(file.name or ""),
        columns=[] if wanted["with_responses"] else rules.columns(),
    )
    run = import_candidates if wanted["with_responses"] else import_prompts
    return run(project=project, rows=rows, rules=rules, skip_bad=wanted["skip_bad"])


def _summary(report: ImportReport) -> str:
    parts = [
        _("%(count)d prompts added.") % {"count": report.added},
        _("%(count)d were there already.") % {"count": report.already_there},
    ]
    if report.sets_added:
        parts.append(
            _("%(sets)d candidate sets with %(comparisons)d comparisons added.")
            % {"sets": report.sets_added, "comparisons": report.comparisons_opened}
        )
    if report.skipped:
        parts.append(_("%(count)d bad rows left out.") % {"count": report.skipped})
    if report.languages_added:
        parts.append(
            _("New languages: %(languages)s.") % {"languages": ", ".join(report.languages_added)}
        )
    return " ".join(parts)


def _change_state(project: Project, action: str, by: Annotator) -> str:
    """Do it and return what was done, as a sentence."""
    if action == "open":
        lacks = [
            lack.sentence
            for lack in list_lacks(project=project, states=list_language_states(project=project))
            if lack.is_necessary
        ]
        if lacks:
            raise Refused(
                "not_ready", _("The project can't open yet. %(lacks)s") % {"lacks": " ".join(lacks)}
            )
        open_project(project=project, by=by)
        return _("The project is open: people can work, under the settings as they are now.")
    if action == "pause":
        pause_project(project=project, by=by)
        return _("The project is paused: nothing more is handed out.")
    if action == "close":
        close_project(project=project, by=by)
        return _("The project is closed.")
    raise Refused("unknown_action", _("Choose one of the buttons on the page."))


def _invite(
    project: Project, wanted: Mapping[str, Any], created_by: Annotator
) -> list[dict[str, str]]:
    """Make the links: one for each row of the file, else as many as asked for."""
    expires_at = after_days(wanted["days"])
    if wanted["file"]:
        try:
            text = wanted["file"].read().decode("utf-8-sig")
        except UnicodeDecodeError:
            sentence = _("This file is not in UTF-8. Save it as UTF-8 and choose it again.")
            raise Refused("rows", sentence, fields={"file": sentence}) from None
        return invite_rows(
            project=project, rows=read_table(text), expires_at=expires_at, created_by=created_by
        )
    secrets = create_invitations(
        project=project,
        count=wanted["count"] or 1,
        language=wanted["language"],
        country=wanted["country"],
        max_uses=wanted["uses"] or 1,
        expires_at=expires_at,
        created_by=created_by,
    )
    return [{"url": invitation_url(project=project, secret=secret)} for secret in secrets]


def _as_file(rows: list[dict[str, str]]) -> str:
    """Return the links as a CSV file inside an address: nothing on the server keeps them."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]) if rows else ["url"])
    writer.writeheader()
    writer.writerows(rows)
    return "data:text/csv;charset=utf-8," + quote(text.getvalue())
