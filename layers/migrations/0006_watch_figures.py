"""Note every change of the tables that facilities and figures are read from, and index points."""

from django.db import migrations

WATCHED = (
    "observatory_facility",
    "observatory_indicator",
    "observatory_membership",
    "observatory_observation",
    "observatory_operation",
    "observatory_operationpart",
    "observatory_sourceterms",
)
TRIGGER = """
CREATE TRIGGER layers_note_change AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON {table}
FOR EACH STATEMENT EXECUTE FUNCTION layers_note_change();
"""
INDEXES = """
CREATE INDEX layers_facility_shape ON observatory_facility USING gist (geom_3857);
CREATE INDEX layers_observation_figure ON observatory_observation
    (indicator_id, year DESC, territory_id);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("layers", "0005_latest_generation"),
        ("observatory", "0003_operations"),
        ("observatory", "0004_figures_and_promises"),
    ]
    operations = [
        *[
            migrations.RunSQL(
                TRIGGER.format(table=table), f"DROP TRIGGER layers_note_change ON {table}"
            )
            for table in WATCHED
        ],
        migrations.RunSQL(
            INDEXES, "DROP INDEX layers_facility_shape; DROP INDEX layers_observation_figure"
        ),
    ]
