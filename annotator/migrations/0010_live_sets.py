"""A turn has one set at a time; an admin's trial may have a prompt of its own."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("annotator", "0009_release")]

    operations = [
        migrations.AddConstraint(
            model_name="candidateset",
            constraint=models.UniqueConstraint(
                fields=("turn",),
                condition=models.Q(state__in=("queued", "running", "complete")),
                name="one_living_set_per_turn",
            ),
        ),
        migrations.AlterField(
            model_name="prompt",
            name="source",
            field=models.CharField(
                choices=[
                    ("pregenerated", "given"),
                    ("own", "written by an annotator"),
                    ("trial", "for a trial, never shown to annotators"),
                ],
                default="pregenerated",
                max_length=12,
            ),
        ),
        migrations.RemoveConstraint(model_name="prompt", name="own_prompts_have_an_author"),
        migrations.AddConstraint(
            model_name="prompt",
            constraint=models.CheckConstraint(
                name="own_prompts_have_an_author",
                condition=models.Q(source="own", author__isnull=False)
                | models.Q(source__in=("pregenerated", "trial"), author__isnull=True),
            ),
        ),
    ]
