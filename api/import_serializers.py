"""What imports take and answer, for the schema: the imports themselves check the rows."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from api.fields import LanguageTag
from api.serializers import ErrorSerializer


class PromptRowSerializer(serializers.Serializer[Any]):
    """A prompt to add; of a table, one line. For the schema only: the import itself checks the rows."""

    text = serializers.CharField(max_length=100_000)
    language = LanguageTag()
    external_id = serializers.CharField(
        max_length=200, required=False, help_text=_("A second row with it adds nothing.")
    )
    group = serializers.CharField(max_length=200, required=False)
    group_kind = serializers.ChoiceField(choices=["translation", "template"], required=False)
    system = serializers.CharField(required=False)
    topic = serializers.CharField(max_length=200, required=False)
    licence = serializers.CharField(max_length=100, required=False)
    responses = serializers.ListField(
        child=serializers.CharField(max_length=100_000),
        required=False,
        min_length=2,
        max_length=8,
        help_text=_(
            "Made elsewhere: texts, or objects with text, model and codes. Their comparisons open at once."
        ),
    )


class LineErrorSerializer(serializers.Serializer[Any]):
    """A bad row."""

    line = serializers.IntegerField()
    detail = serializers.CharField()


class ImportReportSerializer(serializers.Serializer[Any]):
    """What came of an import."""

    added = serializers.IntegerField(help_text=_("New prompts."))
    already_there = serializers.IntegerField()
    candidate_sets_added = serializers.IntegerField()
    comparisons_opened = serializers.IntegerField()
    languages_added = serializers.ListField(child=serializers.CharField())
    error_count = serializers.IntegerField()
    errors = LineErrorSerializer(many=True, help_text=_("The first 100 bad rows."))  # type: ignore[assignment]


class RefusedImportSerializer(ErrorSerializer):
    """What is wrong with the body; where it could be read, and bad rows kept everything out, which these are."""

    error_count = serializers.IntegerField(required=False)
    errors = LineErrorSerializer(many=True, required=False, help_text=_("The first 100 bad rows."))  # type: ignore[assignment]
