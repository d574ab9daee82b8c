"""Texts that may say who wrote them: a reviewer reads each and decides what becomes of it."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from annotator.admin.base import person
from annotator.admin.project_pages import ProjectPages
from annotator.forms import read_id
from annotator.models import Finding, Project, Right
from annotator.selectors import findings
from annotator.services.findings import decide_findings, release_responses

PREFIX = "finding-"
KEPT = ("models", "decided")
"""Which list is shown again after deciding."""


class TextsPage(ProjectPages):
    """Where findings in texts are decided."""

    def texts(self, request: HttpRequest, project_id: int) -> HttpResponse:
        """Show a page of texts with what was found in them, or take the decisions about it.

        Queries of the page: the session, the person, the project (and the roles and two of Django's permissions, for
        whoever is no superuser); the count, the page's findings, and their texts.
        """
        project = self._see(request, project_id, to=Right.REVIEW)
        if request.method == "POST":
            return self._decide(request, project)
        decided = request.GET.get("show") == "decided"
        by_models = request.GET.get("of") == "models"
        texts = findings.list_flagged_texts(
            project=project,
            decided=decided,
            after=read_id(request.GET.get("after", "")) or 0,
            by_models=by_models,
        )
        found = [marked.finding.pk for text in texts for marked in text.findings]
        context = {
            "texts": texts,
            "decided": decided,
            "by_models": by_models,
            "undecided": findings.count_undecided(project=project),
            "decisions": _offered(by_models=by_models),
            "last": max(found, default=0),
            "more": len(found) >= findings.SHOWN,
        }
        return self._show(request, project, "texts", _("Texts to review"), context)

    def _decide(self, request: HttpRequest, project: Project) -> HttpResponse:
        """Store what was chosen, and lead to what is left."""
        changed = decide_findings(
            project=project, decisions=_decisions(request.POST), by=person(request)
        )
        if until := read_id(request.POST.get("release_until", "")):
            changed += release_responses(project=project, until=until, by=person(request))
        self._admin.message_user(
            request,
            ngettext("%(count)d decision is stored.", "%(count)d decisions are stored.", changed)
            % {"count": changed},
        )
        address = reverse("admin:annotator_project_texts", args=[project.pk])
        kept = {
            name: request.POST[name] for name in ("of", "show") if request.POST.get(name) in KEPT
        }
        return HttpResponseRedirect(address + (f"?{urlencode(kept)}" if kept else ""))


def _offered(*, by_models: bool) -> list[Any]:
    """Return the decisions to choose from: a response is released or redacted, so that what was compared can be read."""
    left_out = {Finding.Decision.OPEN, *([Finding.Decision.WITHHOLD] if by_models else [])}
    return [(value, label) for value, label in Finding.Decision.choices if value not in left_out]


def _decisions(sent: Mapping[str, Any]) -> dict[int, str]:
    """Return the decisions by finding; a button decides all that is open on the page and was not chosen otherwise."""
    chosen = {
        read_id(name.removeprefix(PREFIX)) or 0: str(value)
        for name, value in sent.items()
        if name.startswith(PREFIX)
    }
    rest = str(sent.get("rest", ""))
    if rest:
        listed = [read_id(each) or 0 for each in str(sent.get("open", "")).split()]
        chosen = {**dict.fromkeys(listed, rest), **chosen}
    return chosen
