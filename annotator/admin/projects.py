"""The project: its settings, its path from prompts to judgments, and what is missing on the way."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotator.admin.alignment import AlignPage
from annotator.admin.base import PlurivoxAdmin, Views, person
from annotator.admin.board import BoardPages
from annotator.admin.checks import CheckPage
from annotator.admin.diversity import DiversityPage
from annotator.admin.forms import ProjectForm
from annotator.admin.path_pages import PathPages
from annotator.admin.pay import PayPage
from annotator.admin.previews import PreviewPage
from annotator.admin.releases import ReleasePage
from annotator.admin.standing import PeoplePage
from annotator.admin.team import TeamPage
from annotator.admin.texts import TextsPage
from annotator.admin.values import ValuesPage
from annotator.models import GenerationRun, Project, Right
from annotator.selectors.findings import count_undecided
from annotator.selectors.progress import count_progress
from annotator.selectors.questions import WAYS_OUT
from annotator.selectors.readiness import list_lacks, list_language_states
from annotator.selectors.waves import list_pending
from annotator.services.projects import own_project, record_settings
from annotator.services.quotas import set_overlap


@admin.register(Project)
class ProjectAdmin(PlurivoxAdmin):
    """One collection."""

    form = ProjectForm
    project_path = "pk"
    change_form_template = "admin/annotator/project/change_form.html"
    ordering = ("name",)
    list_display = ("name", "slug", "state", "task_format", "overlap", "languages")
    list_filter = ("state",)
    search_fields = ("name", "slug")
    prepopulated_fields = {"slug": ("name",)}
    add_fieldsets = (
        (None, {"fields": ("name", "slug", "languages", "task_format", "overlap", "open_to_all")}),
    )
    fieldsets = (
        (
            None,
            {"fields": ("next_wave", "name", "slug", "description", "languages", "open_to_all")},
        ),
        (
            gettext_lazy("What people do"),
            {
                "fields": (
                    "task_format",
                    "candidates",
                    "pairs_per_set",
                    "ways_out",
                    "strength_asked",
                    "ranking_top",
                    "overlap",
                    "target_per_person",
                    "lease_minutes",
                ),
                "description": gettext_lazy(
                    "The format can't change any more once comparisons are made. A new overlap holds for all comparisons: open places close, or new ones open; what is judged stays."
                ),
            },
        ),
        (
            gettext_lazy("What people read"),
            {
                "fields": (
                    "instructions",
                    "consent_text",
                    "consent_ticks",
                    "after_withdrawal",
                ),
                "description": gettext_lazy(
                    "New texts reach people when the project is opened again."
                ),
            },
        ),
        (
            gettext_lazy("Who is needed"),
            {
                "fields": (
                    "stratum_by",
                    "quotas",
                    "group_quotas",
                    "target_by",
                    "targets",
                    "block_size",
                ),
                "classes": ("collapse",),
                "description": gettext_lazy(
                    "Open places are cut anew when changed numbers are put into force; what is judged counts for whoever gave it."
                ),
            },
        ),
        (
            gettext_lazy("What people are asked about themselves"),
            {"fields": ("demographics", "own_words_asked"), "classes": ("collapse",)},
        ),
        (
            gettext_lazy("Panels and pay"),
            {
                "fields": ("panels", "pay_currency", "pay_per_answer", "pay_bonus"),
                "classes": ("collapse",),
            },
        ),
        (
            gettext_lazy("Training and checks"),
            {
                "fields": (
                    "training_items",
                    "training_threshold",
                    "check_share",
                    "pause_after_failed",
                ),
                "classes": ("collapse",),
                "description": gettext_lazy(
                    "The items are made on the project's page, or come from manage.py import_checks. Gold is only for questions of fact."
                ),
            },
        ),
        (
            gettext_lazy("Asked again"),
            {
                "fields": (
                    "repeat_share",
                    "repeat_distance",
                    "repeat_minutes",
                    "consistency_least",
                    "consistency_after",
                ),
                "classes": ("collapse",),
                "description": gettext_lazy(
                    "The same question once more shows how steady a person's answers are: without that, nobody can tell disagreement between people from chance."
                ),
            },
        ),
        (
            gettext_lazy("What else is asked about the responses"),
            {
                "fields": ("general_asked", "veto_asked", "criteria", "reasons"),
                "classes": ("collapse", "pv-wide"),
                "description": gettext_lazy(
                    "Each of these costs a person time at every task; all of them come after the choice, so that they don't change it. Changes reach people when the project is opened again."
                ),
            },
        ),
        (
            gettext_lazy("Conversations"),
            {
                "fields": (
                    "turns",
                    "turns_min",
                    "without_winner",
                    "own_prompt_share",
                    "topic_hints",
                ),
                "classes": ("collapse", "pv-wide"),
                "description": gettext_lazy(
                    "After the choice people write on, and a model answers while they wait. Only the first turn of a given prompt is wanted from several people."
                ),
            },
        ),
        (
            gettext_lazy("Why?"),
            {
                "fields": (
                    "explanation_share",
                    "explanation_required_share",
                    "explanation_min_length",
                )
            },
        ),
        (
            gettext_lazy("How candidates are made"),
            {"fields": ("strategy",), "classes": ("collapse", "pv-wide")},
        ),
        (
            gettext_lazy("What is released"),
            {
                "fields": (
                    "smallest_group",
                    "rare_groups",
                    "unreviewed_texts",
                    "model_licences",
                ),
                "classes": ("collapse",),
            },
        ),
        (
            gettext_lazy("Whom people stand for"),
            {"fields": ("margins",), "classes": ("collapse",)},
        ),
    )

    def has_delete_permission(self, request: HttpRequest, obj: Project | None = None) -> bool:
        """Projects are closed, not deleted: judgments stay."""
        del request, obj
        return False

    def row_views(self) -> Views:
        """Return the pages of a project's path, and those to look at a study."""
        path = PathPages(self)
        return {
            "upload": path.upload,
            "generate": path.generate,
            "align": AlignPage(self).align,
            "diversity": DiversityPage(self).diversity,
            "state": path.change_state,
            "pair": path.pair_prompts,
            "invite": path.invite,
            "token": path.make_token,
            "release": ReleasePage(self).release,
            "texts": TextsPage(self).texts,
            "team": TeamPage(self).team,
            "check": CheckPage(self).check,
            "pay": PayPage(self).pay,
            "people": PeoplePage(self).people,
            "board": BoardPages(self).board,
            "dry_run": BoardPages(self).dry_run,
            "values": ValuesPage(self).values,
            "preview": PreviewPage(self).preview,
        }

    def form_context(self, request: HttpRequest, obj: Project) -> dict[str, Any]:
        """Show where the project stands above its settings.

        Queries: the project as it is stored, since a refused form leaves in `obj` what was sent; seven of the
        progress, two by language, one each for comparisons, runs and findings.
        """
        project = Project.objects.get(pk=obj.pk)
        states = list_language_states(project=project)
        lacks = list_lacks(project=project, states=states)
        return {
            "title": project.name,
            "subtitle": None,
            "project": project,
            "progress": count_progress(project_ids=[project.pk])[project.pk],
            "language_states": states,
            "lacks": lacks,
            "may_open": not any(lack.is_necessary for lack in lacks),
            "runs": GenerationRun.objects.filter(project=project)[:5],
            "pending": list_pending(project=project),
            "may_own": person(request).may(Right.OWN, project.pk),
            "may_export": person(request).may(Right.EXPORT, project.pk),
            "may_review": person(request).may(Right.REVIEW, project.pk),
            "undecided": count_undecided(project=project).total,
            "join_url": reverse("join", args=[project.slug]),
        }

    def save_model(self, request: HttpRequest, obj: Project, form: Any, change: bool) -> None:  # noqa: FBT001 - Django's signature
        """Save; whoever makes a project owns it, and a changed overlap opens or closes places."""
        overlap = obj.overlap
        if change:
            obj.overlap = form.initial["overlap"]
        super().save_model(request, obj, form, change)
        if not change:
            obj.ways_out = list(WAYS_OUT[obj.task_format])
            obj.save(update_fields=["ways_out"])
            own_project(project=obj, owner=person(request))
        elif overlap != obj.overlap:
            set_overlap(project=obj, overlap=overlap, by=person(request))
        if change and form.changed_data:
            record_settings(project=obj, names=form.changed_data, by=person(request))

    def get_fieldsets(self, request: HttpRequest, obj: Project | None = None) -> Any:
        """Ask little of a new project, since the rest depends on it; about the next wave only where there is one."""
        if obj is None:
            return self.add_fieldsets
        fieldsets = super().get_fieldsets(request, obj)
        if obj.waves.exists():
            return fieldsets
        (title, first), *others = fieldsets
        fields = tuple(name for name in first["fields"] if name != "next_wave")
        return [(title, {**first, "fields": fields}), *others]

    def response_add(
        self, request: HttpRequest, obj: Project, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Lead from a new project to its page, where the path begins."""
        del post_url_continue
        self.message_user(
            request,
            _(
                "The project is made. Next: what people read and who is needed, in its settings; then its prompts."
            ),
        )
        return HttpResponseRedirect(reverse("admin:annotator_project_change", args=[obj.pk]))

    def response_change(self, request: HttpRequest, obj: Project) -> HttpResponse:
        """Stay on the project's page."""
        self.message_user(request, _("The settings are saved."))
        return HttpResponseRedirect(reverse("admin:annotator_project_change", args=[obj.pk]))
