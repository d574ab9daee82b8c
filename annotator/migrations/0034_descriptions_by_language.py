import django.core.validators
from django.db import migrations, models

import annotator.models.work_settings

BY_LANGUAGE = """
ALTER TABLE annotator_project ALTER COLUMN description TYPE jsonb
USING CASE WHEN description = '' THEN '{}' ELSE jsonb_build_object('en', description) END
"""
PLAIN = """
ALTER TABLE annotator_project ALTER COLUMN description TYPE text
USING COALESCE(description->>'en', '')
"""


class Migration(migrations.Migration):
    dependencies = [
        ("annotator", "0033_findings_in_responses"),
    ]

    operations = [
        migrations.RunSQL(
            BY_LANGUAGE,
            PLAIN,
            state_operations=[
                migrations.AlterField(
                    model_name="project",
                    name="description",
                    field=models.JSONField(
                        blank=True,
                        default=dict,
                        help_text="One or two sentences per language, for people who are asked to join.",
                        verbose_name="description",
                    ),
                ),
            ],
        ),
        migrations.AlterField(
            model_name="project",
            name="group_quotas",
            field=models.JSONField(
                blank=True,
                default=dict,
                help_text="Further places over all the languages of a group of prompts, one group of people a line: FR: 2 asks two people in France, in whichever of its languages they read.",
                validators=[annotator.models.work_settings.validate_counts],
                verbose_name="places of each group of prompts",
            ),
        ),
        migrations.AlterField(
            model_name="project",
            name="quotas",
            field=models.JSONField(
                blank=True,
                default=dict,
                help_text="How many people of which group judge each comparison, one group a line: FR: 1. With country+gender: FR + female: 1. What the overlap leaves is for everyone.",
                validators=[annotator.models.work_settings.validate_counts],
                verbose_name="reserved places",
            ),
        ),
        migrations.AlterField(
            model_name="project",
            name="stratum_by",
            field=models.CharField(
                blank=True,
                default="",
                help_text="What divides people: country, or questions about them joined by +, such as country+gender. Their country comes from the invitation or the panel, or they say it. Whoever did not say is “unknown”. Empty: everyone together.",
                max_length=100,
                validators=[
                    django.core.validators.RegexValidator(
                        "^[a-z][a-z0-9_]*(\\+[a-z][a-z0-9_]*)*\\Z",
                        "Name questions by their slugs, joined by +, for example country or age+gender.",
                    )
                ],
                verbose_name="strata",
            ),
        ),
        migrations.AlterField(
            model_name="project",
            name="targets",
            field=models.JSONField(
                blank=True,
                default=dict,
                help_text="How many judgments are wanted from whom in all, one group a line: 18-34 + female: 500. The group * is everybody else. Whom no line names is not limited.",
                validators=[annotator.models.work_settings.validate_counts],
                verbose_name="targets of the whole project",
            ),
        ),
    ]
