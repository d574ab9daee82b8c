"""Accounts, and people in projects."""

from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from annotator.admin.base import BY_PROJECT, BoundedPaginator, PlurivoxAdmin, person
from annotator.admin.standing import StandingAdmin
from annotator.models import Annotator, Participation, Right
from annotator.selectors.releases import list_releases_holding


@admin.register(Annotator)
class AnnotatorAdmin(UserAdmin, PlurivoxAdmin):  # type: ignore[type-arg]
    """Accounts. People who come by an invitation have one without a password."""

    project_path = (
        None  # accounts are the site's: who may see them is told by Django's own permissions
    )
    paginator = BoundedPaginator
    ordering = ("-pk",)
    list_display = ("username", "ui_language", "is_staff", "is_active", "date_joined")
    list_filter = ("is_staff", "is_active")
    sortable_by = ("username",)
    search_fields = ("=username", "=email")
    search_help_text = _("Searches whole user names and e-mail addresses.")
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        (_("Person"), {"fields": ("first_name", "last_name", "email", "ui_language")}),
        (
            _("What this account may do"),
            {
                "fields": ("is_active", "is_staff", "is_superuser", "groups", "user_permissions"),
                "description": _(
                    "Annotators need none of these. Staff may open this site; superusers may do everything in it."
                ),
            },
        ),
        (_("Important dates"), {"fields": ("last_login", "date_joined")}),
    )

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Ask for Django's permissions, which superusers give."""
        return UserAdmin.has_module_permission(self, request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Ask for Django's permission."""
        del obj
        return bool(request.user.has_perm("annotator.view_annotator"))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Ask for Django's permission."""
        del obj
        return bool(request.user.has_perm("annotator.change_annotator"))


class StandingFilter(admin.SimpleListFilter):
    """Whether people work, are paused, left out, or have left."""

    title = _("standing")
    parameter_name = "standing"
    CONDITIONS: ClassVar[dict[str, dict[str, bool]]] = {
        "here": {
            "withdrawn_at__isnull": True,
            "excluded_at__isnull": True,
            "paused_at__isnull": True,
        },
        "paused": {"paused_at__isnull": False, "withdrawn_at__isnull": True},
        "excluded": {"excluded_at__isnull": False},
        "withdrawn": {"withdrawn_at__isnull": False},
    }

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Return the choices."""
        del request, model_admin
        return [
            ("here", _("takes part")),
            ("paused", _("paused")),
            ("excluded", _("left out")),
            ("withdrawn", _("has left")),
        ]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[Participation]
    ) -> QuerySet[Participation]:
        """Keep the people who stand so."""
        del request
        value = self.value()
        if value is None:
            return queryset
        conditions = self.CONDITIONS.get(value)
        return queryset.filter(**conditions) if conditions else queryset.none()


@admin.register(Participation)
class ParticipationAdmin(StandingAdmin):
    """People in projects, by the names that researchers see."""

    change_form_template = "admin/annotator/participation/change_form.html"
    list_display = (
        "pseudonym",
        "project",
        "languages",
        "country",
        "judgments_given",
        "same_again",
        "joined_at",
        "paused_at",
        "excluded_at",
        "withdrawn_at",
    )
    list_display_links = ("pseudonym",)
    list_select_related = ("project",)
    list_filter = (BY_PROJECT, StandingFilter)
    search_fields = ("=pseudonym",)
    search_help_text = _("Searches whole pseudonyms.")
    fields = (
        "pseudonym",
        "project",
        "languages",
        "country",
        "stratum",
        "consent_version",
        "judgments_given",
        "same_again",
        "joined_at",
        "paused_at",
        "excluded_at",
        "excluded_for",
        "withdrawn_at",
        "releases",
    )  # not the account: who reads judgments by pseudonym should not meet the person
    readonly_fields = fields

    @admin.display(description=_("same answer when asked again"))
    def same_again(self, participation: Participation) -> str:
        """Return how often they agreed with themselves, of how many times."""
        if not participation.repeats_given:
            return "–"
        return gettext("%(same)d of %(given)d") % {
            "same": participation.repeats_same,
            "given": participation.repeats_given,
        }

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show above the person what may be decided about them."""
        participation = self.get_object(request, object_id)
        context = {
            "participation": participation,
            "may_decide": participation is not None
            and person(request).may(Right.MANAGE, participation.project_id),
        }
        return super().change_view(
            request, object_id, form_url, {**context, **(extra_context or {})}
        )

    @admin.display(description=_("in the releases"))
    def releases(self, participation: Participation) -> str:
        """Return which releases hold what this person said; a withdrawal can't take it out of those."""
        return (
            ", ".join(
                release.version for release in list_releases_holding(participation=participation)
            )
            or "–"
        )
