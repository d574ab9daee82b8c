import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("annotator", "0002_guards")]

    operations = [
        migrations.AddField(
            model_name="offer",
            name="wave",
            field=models.ForeignKey(db_index=False, default=None, help_text="The settings it was shown under; the judgment carries them.", on_delete=django.db.models.deletion.PROTECT, related_name="+", to="annotator.wave"),
            preserve_default=False,
        ),
    ]
