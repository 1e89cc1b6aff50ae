"""Find the latest generation of a level without reading all its territories."""

from django.db import migrations

INDEX = """
CREATE INDEX layers_territory_generation ON observatory_territory
    (level, generation DESC NULLS LAST)
"""


class Migration(migrations.Migration):
    dependencies = [("layers", "0004_keep_low_zooms_true")]
    operations = [migrations.RunSQL(INDEX, "DROP INDEX layers_territory_generation")]
