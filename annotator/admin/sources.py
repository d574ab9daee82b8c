"""What candidates are made with: the model servers as workers see them, and the value profiles."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotator.admin.base import PlurivoxAdmin, ReadOnlyAdmin, person, visible_projects
from annotator.admin.fields import TextsField
from annotator.models import ModelEndpoint, Right, ValueProfile


@admin.register(ModelEndpoint)
class ModelEndpointAdmin(ReadOnlyAdmin):
    """What the workers last saw of each model server."""

    project_path = None  # all projects share the servers
    ordering = ("name",)
    sortable_by = ()
    list_display = (
        "__str__",
        "state",
        "notice",
        "version",
        "served_models",
        "limit",
        "waiting",
        "prefix_hit_rate",
        "seen_at",
    )


class ValueProfileForm(forms.ModelForm):  # type: ignore[type-arg]
    """A profile with a box for each language."""

    class Meta:
        model = ValueProfile
        fields = ("name", "slug", "dimension", "project", "is_active", "texts")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "texts" in self.fields:
            self.fields["texts"] = TextsField(
                languages=list(self.instance.texts) or ["en"],
                label=_("System message"),
                help_text=_(
                    "Two to four sentences that speak to the model: “You hold that …”. A language without its own text is asked in English."
                ),
            )

    def clean_texts(self) -> dict[str, str]:
        """A profile without a text says nothing."""
        texts: dict[str, str] = self.cleaned_data["texts"]
        if not texts:
            raise forms.ValidationError(_("Write the message in at least one language."))
        return texts


@admin.register(ValueProfile)
class ValueProfileAdmin(PlurivoxAdmin):
    """Values that a candidate is asked to speak from."""

    form = ValueProfileForm
    ordering = ("dimension", "pk")
    list_display = ("name", "slug", "dimension", "project", "languages", "is_active")
    list_select_related = ("project",)
    list_filter = ("is_active", "dimension")
    sortable_by = ()
    prepopulated_fields = {"slug": ("name",)}
    project_path = None  # the shared ones belong to none; see get_queryset

    def get_queryset(self, request: HttpRequest) -> QuerySet[ValueProfile]:
        """Return the library and the profiles of visible projects."""
        rows: QuerySet[ValueProfile] = super().get_queryset(request)
        return rows.filter(Q(project=None) | Q(project__in=visible_projects(request)))

    def formfield_for_foreignkey(
        self, db_field: Any, request: HttpRequest, **kwargs: Any
    ) -> forms.ModelChoiceField[Any] | None:
        """Offer the projects that this person manages; only superusers add to the shared library."""
        managed = visible_projects(request, to=Right.MANAGE)
        field = super().formfield_for_foreignkey(
            db_field, request, **{"queryset": managed, **kwargs}
        )
        if field is not None:
            field.required = not person(request).is_superuser
        return field

    def get_prepopulated_fields(
        self, request: HttpRequest, obj: ValueProfile | None = None
    ) -> dict[str, Sequence[str]]:
        """Suggest a slug for a new profile only: it names the profile in what is stored and exported."""
        return {} if obj else dict(super().get_prepopulated_fields(request, obj))

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Managers add profiles to their projects."""
        return person(request).may(Right.MANAGE)

    def has_change_permission(self, request: HttpRequest, obj: ValueProfile | None = None) -> bool:
        """The shared library belongs to superusers."""
        if obj is not None and obj.project_id is None:
            return person(request).is_superuser
        return super().has_change_permission(request, obj)

    def get_readonly_fields(
        self, request: HttpRequest, obj: ValueProfile | None = None
    ) -> tuple[str, ...]:
        """Keep the slug and the project of a profile that is there."""
        del request
        return ("slug", "project") if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: ValueProfile | None = None) -> bool:
        """Profiles are switched off, not deleted: sets were made with them."""
        del request, obj
        return False

    @admin.display(description=gettext_lazy("languages"))
    def languages(self, profile: ValueProfile) -> str:
        """Return the tags of its texts."""
        return ", ".join(profile.texts)
