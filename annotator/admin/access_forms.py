"""The forms that hand out ways in: invitations and keys."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotator.forms import language_name
from annotator.models import Project, Scope

MOST_INVITATIONS = 1000


class InviteForm(forms.Form):
    """Invitations to make."""

    count = forms.IntegerField(
        label=gettext_lazy("How many"),
        min_value=1,
        max_value=MOST_INVITATIONS,
        initial=10,
    )
    language = forms.ChoiceField(
        label=gettext_lazy("Language"),
        required=False,
        help_text=gettext_lazy("The one these people judge in."),
    )
    country = forms.RegexField(
        label=gettext_lazy("Country"),
        required=False,
        regex=r"^[A-Za-z]{2}\Z",
        help_text=gettext_lazy(
            "Two letters, for example FR. Needed only where places are reserved by country."
        ),
        error_messages={"invalid": gettext_lazy("A country is two letters, such as FR.")},
    )
    file = forms.FileField(
        label=gettext_lazy("Or a list of people"),
        required=False,
        max_length=200,
        help_text=gettext_lazy(
            "CSV with a header and a row for each person; its columns “language” and “country” take the place of those above. The rows come back, each with its link; nothing else of them is kept."
        ),
    )
    uses = forms.IntegerField(
        label=gettext_lazy("People per link"),
        min_value=1,
        max_value=100_000,
        required=False,
        help_text=gettext_lazy(
            "Empty: each link lets one person in. More for a link that is posted where many see it."
        ),
    )
    days = forms.IntegerField(
        label=gettext_lazy("Valid for (days)"),
        min_value=1,
        max_value=3650,
        required=False,
        help_text=gettext_lazy("Empty: for ever."),
    )

    def __init__(self, data: Any, files: Any = None, *, project: Project) -> None:
        super().__init__(data, files)
        language = self.fields["language"]
        assert isinstance(language, forms.ChoiceField)
        language.choices = [
            ("", _("they choose")),
            *((tag, language_name(tag)) for tag in project.languages),
        ]


class TokenForm(forms.Form):
    """A researcher's key."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=100,
        help_text=gettext_lazy("Who uses it and what for."),
    )
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("It may"),
        choices=Scope.choices,
        widget=forms.CheckboxSelectMultiple,
        initial=[
            Scope.READ_PROJECT,
            Scope.READ_PROMPTS,
            Scope.READ_JUDGMENTS,
            Scope.READ_STATISTICS,
        ],
    )
    days = forms.IntegerField(
        label=gettext_lazy("Valid for (days)"), min_value=1, max_value=3650, initial=90
    )

    def __init__(self, data: Any, *, scopes: Sequence[str]) -> None:
        super().__init__(data)
        field = self.fields["scopes"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = [(value, label) for value, label in Scope.choices if value in scopes]


def after_days(days: int | None) -> Any:
    """Return the moment so many days from now, or None."""
    return timezone.now() + timedelta(days=days) if days else None
