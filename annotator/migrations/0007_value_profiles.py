"""The shipped value profiles; what an admin changed or switched off stays so."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from annotator.services.profiles import add_library_profiles


def add(apps: StateApps, _editor: BaseDatabaseSchemaEditor) -> None:
    add_library_profiles(profiles=apps.get_model("annotator", "ValueProfile"))


class Migration(migrations.Migration):
    dependencies = [("annotator", "0006_drafts_by_attempt")]

    operations = [migrations.RunPython(add, migrations.RunPython.noop)]
