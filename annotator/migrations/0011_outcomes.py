"""What became of each attempt, kept with its exchanges."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("annotator", "0010_live_sets")]

    operations = [
        migrations.AddField(
            model_name="exchange",
            name="outcome",
            field=models.CharField(
                blank=True,
                default="",
                help_text="What became of the attempt: complete, review, or the reason why neither.",
                max_length=40,
            ),
            preserve_default=False,
        ),
    ]
