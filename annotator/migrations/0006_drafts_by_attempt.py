"""A rejected aligned set is translated again; its earlier drafts stay."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("annotator", "0005_served_model")]

    operations = [
        migrations.RemoveConstraint(
            model_name="translationdraft", name="one_draft_per_set_and_slot"
        ),
        migrations.AddField(
            model_name="translationdraft",
            name="attempt",
            field=models.PositiveSmallIntegerField(
                default=1,
                help_text="Of the set; the drafts of its last attempt are the ones to review.",
            ),
            preserve_default=False,
        ),
        migrations.AddConstraint(
            model_name="translationdraft",
            constraint=models.UniqueConstraint(
                fields=("candidate_set", "attempt", "slot"),
                name="one_draft_per_set_attempt_and_slot",
            ),
        ),
        migrations.AddConstraint(
            model_name="candidateset",
            constraint=models.UniqueConstraint(
                fields=("source_set", "prompt"),
                condition=models.Q(state__in=("queued", "running", "review", "complete")),
                name="one_living_aligned_set_per_source_set_and_prompt",
            ),
        ),
    ]
