"""What an attempt cost: faults decide when a set fails, tokens give the speed of a run."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("annotator", "0003_offer_wave")]

    operations = [
        migrations.AddField("candidateset", "faults", models.PositiveSmallIntegerField(default=0, help_text="Attempts that count against the set: unusable answers, timeouts, lost workers. An outage of the server does not.")),
        migrations.AddField("candidateset", "prompt_tokens", models.PositiveIntegerField(null=True, help_text="Of the attempt that was stored last.")),
        migrations.AddField("candidateset", "completion_tokens", models.PositiveIntegerField(null=True)),
    ]
