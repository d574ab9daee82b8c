"""Previews: the consent page, the instructions and a task, as an annotator of a language sees them.

The page is rendered as it is for annotators and shown in a frame that lets nothing out: no script of it
runs and no form of it is sent.
"""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotator.admin.project_pages import ProjectPages
from annotator.forms import language_name
from annotator.models import Project
from annotator.selectors.effort import get_effort
from annotator.selectors.previews import sample_task
from annotator.views.desk import describe
from annotator.views.reading import compose

PAGES = {
    "consent": gettext_lazy("Consent"),
    "instructions": gettext_lazy("Instructions"),
    "task": gettext_lazy("Task"),
}


class PreviewPage(ProjectPages):
    """What annotators see, before they do."""

    def preview(self, request: HttpRequest, project_id: int) -> HttpResponse:
        """Show one page in one language, under the settings as they are saved.

        Queries: the session, the person, the project; of a task two, of the instructions one.
        """
        project = self._see(request, project_id)
        tags = project.languages or ["en"]
        tag = request.GET.get("language", "")
        tag = tag if tag in tags else tags[0]
        name = request.GET.get("page", "")
        name = name if name in PAGES else "consent"
        with translation.override(_interface(tag)):
            html = SHOWN[name](request, project, tag)
        context = {
            "pages": [
                (label, f"?{urlencode({'page': each, 'language': tag})}", each == name)
                for each, label in PAGES.items()
            ],
            "languages": [
                (
                    language_name(each),
                    f"?{urlencode({'page': name, 'language': each})}",
                    each == tag,
                )
                for each in tags
            ],
            "frame": html,
            "frame_title": f"{PAGES[name]}, {language_name(tag)}",
        }
        return self._show(request, project, "preview", _("Preview"), context)


def _interface(tag: str) -> str:
    """Return the interface's language for people of a language: theirs, where there is one, else English."""
    known = dict(settings.LANGUAGES)
    return next((each for each in (tag, tag.split("-")[0]) if each in known), "en")


def _consent(request: HttpRequest, project: Project, tag: str) -> str:
    reading = compose(project.consent_text, tag)
    if not reading.html:
        return ""
    context = {
        "project": project,
        "reading": reading,
        "is_given": False,
        "asked": project.consent_ticks,
        "ticked": [],
        "after_withdrawal": project.after_withdrawal,
        "errors": {},
    }
    return render_to_string("consent.html", context, request)


def _instructions(request: HttpRequest, project: Project, tag: str) -> str:
    context = {
        "project": project,
        "reading": compose(project.instructions, tag),
        "effort": get_effort(project=project),
    }
    return render_to_string("instructions.html", context, request)


def _task(request: HttpRequest, project: Project, tag: str) -> str:
    task = sample_task(project=project, language=tag)
    if task is None:
        return ""
    context: dict[str, Any] = {
        **describe(task),
        "project": project,
        "given": 0,
        "target": project.target_per_person,
        "state": "task",
        "url": reverse("task", args=[project.slug]),
        "drafts": reverse("drafts", args=[project.slug]),
    }
    return render_to_string("task/page.html", context, request)


SHOWN: dict[str, Callable[[HttpRequest, Project, str], str]] = {
    "consent": _consent,
    "instructions": _instructions,
    "task": _task,
}
