"""The sets that a run made last are found along its index."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("annotator", "0011_outcomes")]

    operations = [
        migrations.RemoveIndex(model_name="candidateset", name="set_by_run_state"),
        migrations.AddIndex(
            model_name="candidateset",
            index=models.Index(name="set_by_run_state", fields=["run", "state", "-id"]),
        ),
    ]
