"""Keys and invitations: made on a project's page, shown once, ended here."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotator.admin.base import ReadOnlyAdmin, visible_projects
from annotator.models import ApiToken, Invitation, Wave
from annotator.services.tokens import revoke_token


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnlyAdmin):
    """Researchers' keys."""

    project_path = None  # a key may open several projects
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
        "projects",
        "created_at",
        "expires_at",
        "revoked_at",
        "last_used_at",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiToken]:
        """Return the keys that open a visible project."""
        opening = ApiToken.projects.through.objects.filter(project__in=visible_projects(request))
        return super().get_queryset(request).filter(pk__in=opening.values("apitoken"))

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        """Whoever may change keys may end them."""
        return request.user.has_perm("annotator.change_apitoken")

    @admin.action(description=gettext_lazy("Revoke the chosen keys"), permissions=["revoke"])
    def revoke(self, request: HttpRequest, tokens: QuerySet[ApiToken]) -> None:
        """End the keys at once."""
        count = 0
        for token in tokens:
            revoke_token(token=token)
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
    list_filter = ("project",)
    exclude = ("digest",)


@admin.register(Wave)
class WaveAdmin(ReadOnlyAdmin):
    """The frozen settings under which judgments were given."""

    list_display = ("id", "project", "number", "config_hash", "opened_at")
    list_display_links = ("id",)
    list_select_related = ("project",)
    list_filter = ("project",)
