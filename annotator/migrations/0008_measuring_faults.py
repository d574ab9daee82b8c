import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("annotator", "0007_value_profiles"),
    ]

    operations = [
        migrations.CreateModel(
            name="MeasuringFault",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "measure",
                    models.CharField(
                        help_text="embeddings: or the judge's template, and the model's name.",
                        max_length=240,
                    ),
                ),
                ("faults", models.PositiveSmallIntegerField(default=1)),
                ("not_before", models.DateTimeField()),
                ("detail", models.TextField(help_text="What went wrong the last time.")),
                (
                    "candidate_set",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="measuring_faults",
                        to="annotator.candidateset",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("candidate_set", "measure"), name="one_fault_per_set_and_measure"
                    )
                ],
            },
        ),
    ]
