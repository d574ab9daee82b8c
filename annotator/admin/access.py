"""Keys, invitations, waves and the log: made on a project's page, looked at here."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotator.admin.base import BY_PROJECT, ReadOnlyAdmin, person, visible_projects
from annotator.models import ApiToken, AuditEvent, Invitation, Right, Wave
from annotator.services.tokens import revoke_token


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnlyAdmin):
    """Researchers' keys."""

    project_path = None  # a key may open several projects
    viewing = changing = Right.EXPORT
    list_display = (
        "__str__",
        "name",
        "owner",
        "scopes",
        "created_at",
        "expires_at",
        "revoked_at",
        "last_used_at",
    )
    list_select_related = ("owner",)
    actions = ("revoke",)
    fields = (
        "name",
        "prefix",
        "owner",
        "scopes",
        "opens",
        "created_at",
        "expires_at",
        "revoked_at",
        "last_used_at",
    )
    readonly_fields = ("opens",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiToken]:
        """Return the keys that open a visible project, with the names of the visible ones alone."""
        projects = visible_projects(request, to=Right.EXPORT)
        opening = ApiToken.projects.through.objects.filter(project__in=projects)
        visible = Prefetch("projects", projects, to_attr="visible_projects")
        return (
            super()
            .get_queryset(request)
            .filter(pk__in=opening.values("apitoken"))
            .prefetch_related(visible)
        )

    @admin.display(description=gettext_lazy("projects"))
    def opens(self, token: Any) -> str:
        """Return the projects that it opens, as far as they may be seen."""
        return ", ".join(str(project) for project in token.visible_projects)

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        """Whoever may make keys may end those that they see."""
        return person(request).may(Right.EXPORT)

    @admin.action(description=gettext_lazy("Revoke the chosen keys"), permissions=["revoke"])
    def revoke(self, request: HttpRequest, tokens: QuerySet[ApiToken]) -> None:
        """End the keys at once."""
        count = 0
        for token in tokens:
            revoke_token(token=token, by=person(request))
            self.log_change(request, token, _("Revoked."))
            count += 1
        self.message_user(
            request,
            _("%(count)d keys no longer open anything.") % {"count": count},
            messages.SUCCESS,
        )


@admin.register(Invitation)
class InvitationAdmin(ReadOnlyAdmin):
    """Links into projects: whether they were used. The links themselves are not kept."""

    list_display = (
        "id",
        "project",
        "language",
        "country",
        "uses",
        "max_uses",
        "expires_at",
        "created_at",
    )
    list_display_links = ("id",)
    list_select_related = ("project",)
    list_filter = (BY_PROJECT,)
    exclude = ("digest",)


@admin.register(Wave)
class WaveAdmin(ReadOnlyAdmin):
    """The frozen settings under which judgments were given."""

    list_display = ("id", "project", "number", "config_hash", "opened_at")
    list_display_links = ("id",)
    list_select_related = ("project",)
    list_filter = (BY_PROJECT,)


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnlyAdmin):
    """What was done that matters, and by whom."""

    viewing = Right.MANAGE
    list_display = ("id", "at", "project", "action", "actor", "subject", "details")
    list_display_links = ("id",)
    list_select_related = ("project", "actor")
    list_filter = (BY_PROJECT, "action")
