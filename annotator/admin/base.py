"""What all pages of the admin have in common: whose rows are shown, how lists stay fast, what is logged."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, TypeVar

from django.contrib import admin
from django.contrib.admin import ShowFacets
from django.contrib.admin.options import ModelAdmin
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils.functional import Promise, cached_property
from django.utils.translation import gettext_lazy as _

from annotator.models import Annotator, Project, Right
from annotator.models.fields import LARGEST_ID

M = TypeVar("M", bound=Model)

Views = Mapping[str, Callable[..., HttpResponseBase]]

COUNTED = 10_000
"""Rows are counted up to here; beyond, a list says “more than” and is narrowed by its filters."""


class BoundedPaginator(Paginator):  # type: ignore[type-arg]
    """Pages through the first rows of a list without counting all of them."""

    @cached_property
    def count(self) -> int:
        """Return the number of rows, or one more than are counted."""
        rows = self.object_list
        assert isinstance(rows, QuerySet)
        return rows.order_by()[: COUNTED + 1].count()


class ProjectFilter(admin.RelatedFieldListFilter):
    """The projects that may be seen, and no others by name."""

    def field_choices(
        self, field: Any, request: HttpRequest, model_admin: Any
    ) -> list[tuple[str, Any]]:
        """Return the visible projects."""
        del field, model_admin
        return [(str(project.pk), str(project)) for project in visible_projects(request)]


BY_PROJECT = ("project", ProjectFilter)


class LanguageFilter(admin.SimpleListFilter):
    """Languages as the projects list them: the rows themselves are not searched for it."""

    title = _("language")
    parameter_name = "language"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the languages of all visible projects."""
        del model_admin
        lists = visible_projects(request).values_list("languages", flat=True)
        return [(tag, tag) for tag in sorted({tag for languages in lists for tag in languages})]

    def queryset(self, request: HttpRequest, queryset: QuerySet[M]) -> QuerySet[M]:
        """Keep the rows of the language that was chosen."""
        del request
        value = self.value()
        if value is None:
            return queryset
        return (
            queryset.filter(language=value)
            if value in dict(self.lookup_choices)
            else queryset.none()
        )


class ConditionFilter(admin.SimpleListFilter):
    """Choices, each with its label and the condition that its rows fulfil."""

    conditions: ClassVar[Mapping[str, tuple[str | Promise, Mapping[str, Any]]]]

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Return the choices."""
        del request, model_admin
        return [(value, label) for value, (label, _condition) in self.conditions.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[M]) -> QuerySet[M]:
        """Keep the rows of the choice; one that is not offered has none."""
        del request
        value = self.value()
        if value is None:
            return queryset
        if value not in self.conditions:
            return queryset.none()
        _label, condition = self.conditions[value]
        return queryset.filter(**condition)


def person(request: HttpRequest) -> Annotator:
    """Return who is signed in; the admin lets nobody else through."""
    assert isinstance(request.user, Annotator)
    return request.user


def visible_projects(request: HttpRequest, *, to: str = Right.SEE) -> QuerySet[Project]:
    """Return the projects in which this member of the staff has the right: every look-up begins here."""
    return Project.objects.visible_to(person(request), to=to)


def find(request: HttpRequest, rows: QuerySet[M], pk: int, *, to: str) -> M:
    """Return one of the rows that may be seen, if this member of the staff has the right in its project.

    Foreign and absent rows are answered alike.
    """
    row = rows.filter(pk=pk).first() if pk <= LARGEST_ID else None
    if row is None:
        raise Http404
    if not person(request).may(to, getattr(row, "project_id", row.pk)):
        raise PermissionDenied
    return row


class PlurivoxAdmin(ModelAdmin):  # type: ignore[type-arg]
    """A list ordered by its key, without the total; forms whose refusals answer 422; further pages of a row."""

    project_path: str | None = "project"
    """How a row leads to its project; None for rows that belong to none."""
    viewing: str = Right.SEE
    """The right in its project that looking at a row takes."""
    changing: str = Right.MANAGE
    """The right that changing it takes."""

    paginator = BoundedPaginator
    show_full_result_count = False
    show_facets = ShowFacets.NEVER
    list_per_page = 50
    ordering: ClassVar[tuple[str, ...]] = ("-pk",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the rows of visible projects."""
        rows = super().get_queryset(request)
        if self.project_path is None:
            return rows
        return rows.filter(
            **{f"{self.project_path}__in": visible_projects(request, to=self.viewing)}
        )

    def project_of(self, obj: Any) -> int | None:
        """Return the id of the project that a row belongs to, None where it belongs to none."""
        return getattr(obj, "pk" if self.project_path == "pk" else "project_id", None)

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Show the list to whoever may look at its rows in some project."""
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Ask for the right to look, in the row's project."""
        return self._may(request, self.viewing, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Ask for the right to change, in the row's project."""
        return self._may(request, self.changing, obj)

    def _may(self, request: HttpRequest, right: str, obj: Any) -> bool:
        if not request.user.is_authenticated:  # the sign-in page asks as well
            return False
        who = person(request)
        project = None if obj is None else self.project_of(obj)
        return who.may(right, project)

    def row_views(self) -> Views:
        """Return the views of a row's further pages, by the last word of their addresses.

        Each takes the row's key, named after its model: `project_id`.
        """
        return {}

    def get_urls(self) -> list[URLPattern]:
        """Add the further pages of rows."""
        model = self.opts.model_name
        own = [
            path(
                f"<int:{model}_id>/{word}/",
                self.admin_site.admin_view(view),
                name=f"{self.opts.app_label}_{model}_{word}",
            )
            for word, view in self.row_views().items()
        ]
        return [*own, *super().get_urls()]

    def show(
        self,
        request: HttpRequest,
        template: str,
        title: str,
        context: Mapping[str, Any],
        *,
        status: int = 200,
    ) -> HttpResponse:
        """Show a further page in the frame of the admin."""
        frame = {**self.admin_site.each_context(request), "title": title, "opts": self.opts}
        return render(
            request, f"admin/annotator/{template}.html", {**frame, **context}, status=status
        )

    def form_context(self, request: HttpRequest, obj: Any) -> dict[str, Any]:
        """Return what a row's page shows beside its form."""
        del request, obj
        return {}

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Show beside the form of a row that is there what `form_context` returns."""
        if kwargs.get("obj") is not None:
            context.update(self.form_context(request, kwargs["obj"]))
        return super().render_change_form(request, context, *args, **kwargs)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the list without filters where they hold what no column takes."""
        if "\0" in request.META["QUERY_STRING"] or "%00" in request.META["QUERY_STRING"]:
            return HttpResponseRedirect(request.path)
        return super().changelist_view(request, extra_context)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Answer a form that was sent back with its errors as what it is: not accepted."""
        context = {"show_save_and_add_another": False, "show_save_and_continue": False}
        response = super().changeform_view(
            request, object_id, form_url, {**context, **(extra_context or {})}
        )
        if request.method == "POST" and response.status_code == 200:
            response.status_code = 422
        return response


class ReadOnlyAdmin(PlurivoxAdmin):
    """Rows to look at; what writes them are the services."""

    list_display_links: Any = ("__str__",)
    sortable_by: ClassVar[tuple[str, ...]] = (
        "id",
    )  # the only order that an index gives for every list

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        """Nobody adds rows here."""
        del request, args
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody changes rows here."""
        del request, obj
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody deletes rows here."""
        del request, obj
        return False


def beginning(text: str, length: int = 90) -> str:
    """Return the beginning of a text, on one line."""
    line = " ".join(text[: 2 * length].split())
    return line if len(line) <= length else line[:length].rstrip() + "…"
