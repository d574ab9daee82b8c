"""Accounts, and people in projects."""

from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from annotator.admin.base import (
    BY_PROJECT,
    BoundedPaginator,
    ConditionFilter,
    PlurivoxAdmin,
    person,
)
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


class StandingFilter(ConditionFilter):
    """Whether people work, are paused, left out, or have left."""

    title = _("standing")
    parameter_name = "standing"
    conditions: ClassVar = {
        "here": (
            _("takes part"),
            {"withdrawn_at": None, "excluded_at": None, "paused_at": None},
        ),
        "paused": (_("paused"), {"paused_at__isnull": False, "withdrawn_at": None}),
        "excluded": (_("left out"), {"excluded_at__isnull": False}),
        "withdrawn": (_("has left"), {"withdrawn_at__isnull": False}),
    }


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

    def form_context(self, request: HttpRequest, obj: Participation) -> dict[str, Any]:
        """Show above the person what may be decided about them."""
        may_decide = person(request).may(Right.MANAGE, obj.project_id)
        return {"participation": obj, "may_decide": may_decide}

    @admin.display(description=_("in the releases"))
    def releases(self, participation: Participation) -> str:
        """Return which releases hold what this person said; a withdrawal can't take it out of those."""
        return (
            ", ".join(
                release.version for release in list_releases_holding(participation=participation)
            )
            or "–"
        )
