"""Note every change of the tables that tiles read, and index the shapes they are cut from."""

from django.db import migrations

# `statements` stops growing at 500: it only tells readers inside the writing transaction that
# something more was written; for everybody else one row per transaction is enough.
FUNCTION = """
CREATE FUNCTION layers_note_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO layers_change (source_table, transaction, noted_at, statements)
    VALUES (TG_TABLE_NAME, pg_current_xact_id()::text::bigint, now(), 1)
    ON CONFLICT (source_table, transaction, noted_at) DO UPDATE
        SET statements = layers_change.statements + 1
        WHERE layers_change.statements < 500;
    RETURN NULL;
END $$;
"""
WATCHED = (
    "carroyage_cell",
    "carroyage_griddataset",
    "carroyage_computedzone",
    "observatory_accessrule",
    "observatory_perimeter",
    "observatory_source",
    "observatory_territory",
)
TRIGGER = """
CREATE TRIGGER layers_note_change AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON {table}
FOR EACH STATEMENT EXECUTE FUNCTION layers_note_change();
"""
# A run writes its progress twice a second; only its end, or its removal, changes what is shown.
RUN_TRIGGERS = """
CREATE TRIGGER layers_note_change_state AFTER UPDATE OF state ON observatory_run
FOR EACH ROW WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION layers_note_change();
CREATE TRIGGER layers_note_change AFTER INSERT OR DELETE OR TRUNCATE ON observatory_run
FOR EACH STATEMENT EXECUTE FUNCTION layers_note_change();
"""
INDEXES = """
CREATE INDEX layers_cell_shape ON carroyage_cell USING gist (geom_3857);
CREATE INDEX layers_perimeter_shape ON observatory_perimeter USING gist (geom_3857);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("layers", "0001_initial"),
        ("carroyage", "0001_initial"),
        ("observatory", "0002_default_access_rules"),
    ]
    operations = [
        migrations.RunSQL(FUNCTION, "DROP FUNCTION layers_note_change()"),
        *[
            migrations.RunSQL(
                TRIGGER.format(table=table), f"DROP TRIGGER layers_note_change ON {table}"
            )
            for table in WATCHED
        ],
        migrations.RunSQL(
            RUN_TRIGGERS,
            "DROP TRIGGER layers_note_change ON observatory_run;"
            "DROP TRIGGER layers_note_change_state ON observatory_run",
        ),
        migrations.RunSQL(
            INDEXES, "DROP INDEX layers_cell_shape; DROP INDEX layers_perimeter_shape"
        ),
    ]
