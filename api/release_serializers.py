"""What releases look like over REST."""

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from annotator.models import Release
from api.fields import StrictSerializer


class ReleaseSerializer(serializers.ModelSerializer[Release]):
    """A release; `manifest` lists its files with rows, bytes and SHA-256 once it is published."""

    class Meta:
        model = Release
        fields = (
            "version",
            "formats",
            "licence",
            "demographics",
            "state",
            "failure",
            "rows_written",
            "created_at",
            "published_at",
            "retracted_at",
            "retraction_reason",
            "manifest",
        )


class StartReleaseSerializer(StrictSerializer):
    """What a release is asked for with."""

    version = serializers.CharField(max_length=32, help_text=_("Two or three numbers: 1.0, 1.0.2."))
    formats = serializers.ListField(
        child=serializers.CharField(max_length=40),
        required=False,
        max_length=20,
        help_text=_("The formats of the export; all that fit where left out."),
    )
    licence = serializers.CharField(
        required=False,
        max_length=100,
        help_text=_("SPDX identifier; where left out, as the prompts' licences demand."),
    )
    demographics = serializers.BooleanField(
        required=False,
        help_text=_(
            "Whether it tells what people said of themselves; needs the scope read:demographics, and so do its files."
        ),
    )
