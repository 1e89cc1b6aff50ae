"""Sum cells over squares when a transaction that changed them commits; forget old outlines."""

from django.db import migrations

MEASURES = (
    "ind", "men", "men_pauv", "men_1ind", "men_5ind", "men_prop", "men_fmp", "ind_snv",
    "men_surf", "men_coll", "men_mais", "log_av45", "log_45_70", "log_70_90", "log_ap90",
    "log_inc", "log_soc", "ind_0_3", "ind_4_5", "ind_6_10", "ind_11_17", "ind_18_24",
    "ind_25_39", "ind_40_54", "ind_55_64", "ind_65_79", "ind_80p", "ind_inc",
)
NAMES = ", ".join(MEASURES)
# Published figures have one decimal: rounding removes what adding floats leaves behind.
SUMS = ", ".join(f"round(sum({name})::numeric, 3)::float8" for name in MEASURES)

KEYS = """
ALTER TABLE layers_square ADD CONSTRAINT layers_square_dataset FOREIGN KEY (dataset_id)
    REFERENCES carroyage_griddataset ON DELETE CASCADE;
ALTER TABLE layers_outline ADD CONSTRAINT layers_outline_perimeter FOREIGN KEY (perimeter_id)
    REFERENCES observatory_perimeter ON DELETE CASCADE;
CREATE INDEX layers_square_shape ON layers_square USING gist (dataset_id, size, geom_3857);
"""

SUM_CELLS = f"""
CREATE FUNCTION layers_sum_cells(summed bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    side integer;
    smaller integer := 0;  -- 0: the cells themselves
BEGIN
    DELETE FROM layers_square WHERE dataset_id = summed;
    FOREACH side IN ARRAY ARRAY[1000, 2000, 4000, 8000, 16000, 32000, 64000] LOOP
        CONTINUE WHEN side <= (SELECT size FROM carroyage_griddataset WHERE id = summed);
        IF smaller = 0 THEN
            INSERT INTO layers_square (dataset_id, epsg, size, north, east, cells, {NAMES})
            SELECT summed, epsg, side, floor(north / side::float8)::int * side,
                floor(east / side::float8)::int * side, count(*), {SUMS}
            FROM carroyage_cell WHERE dataset_id = summed GROUP BY 1, 2, 3, 4, 5;
        ELSE
            INSERT INTO layers_square (dataset_id, epsg, size, north, east, cells, {NAMES})
            SELECT summed, epsg, side, floor(north / side::float8)::int * side,
                floor(east / side::float8)::int * side, sum(cells), {SUMS}
            FROM layers_square WHERE dataset_id = summed AND size = smaller
            GROUP BY 1, 2, 3, 4, 5;
        END IF;
        smaller := side;
    END LOOP;
END $$;
"""

TRIGGERS = """
CREATE FUNCTION layers_note_datasets() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO layers_pendingsum (dataset_id, transaction)
    SELECT DISTINCT dataset_id, pg_current_xact_id()::text::bigint FROM changed
    ON CONFLICT (dataset_id, transaction) DO NOTHING;
    RETURN NULL;
END $$;

CREATE FUNCTION layers_sum_pending() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM carroyage_griddataset WHERE id = NEW.dataset_id) THEN
        PERFORM layers_sum_cells(NEW.dataset_id);
    END IF;
    DELETE FROM layers_pendingsum WHERE id = NEW.id;
    RETURN NULL;
END $$;

CREATE FUNCTION layers_forget_squares() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM layers_square;
    RETURN NULL;
END $$;

CREATE FUNCTION layers_forget_outlines() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM layers_outline WHERE perimeter_id = NEW.id;
    RETURN NULL;
END $$;

CREATE TRIGGER layers_cells_added AFTER INSERT ON carroyage_cell
    REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION layers_note_datasets();
CREATE TRIGGER layers_cells_changed AFTER UPDATE ON carroyage_cell
    REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION layers_note_datasets();
CREATE TRIGGER layers_cells_removed AFTER DELETE ON carroyage_cell
    REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION layers_note_datasets();
CREATE TRIGGER layers_cells_emptied AFTER TRUNCATE ON carroyage_cell
    FOR EACH STATEMENT EXECUTE FUNCTION layers_forget_squares();
CREATE CONSTRAINT TRIGGER layers_sum_pending AFTER INSERT ON layers_pendingsum
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION layers_sum_pending();

CREATE TRIGGER layers_forget_outlines AFTER UPDATE OF geom ON observatory_perimeter
    FOR EACH ROW WHEN (OLD.geom IS DISTINCT FROM NEW.geom)
    EXECUTE FUNCTION layers_forget_outlines();
CREATE TRIGGER layers_note_change AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON layers_outline
    FOR EACH STATEMENT EXECUTE FUNCTION layers_note_change();

-- What was loaded before these triggers existed.
SELECT layers_sum_cells(id) FROM carroyage_griddataset;
"""
UNDO = """
DROP TRIGGER layers_cells_added ON carroyage_cell;
DROP TRIGGER layers_cells_changed ON carroyage_cell;
DROP TRIGGER layers_cells_removed ON carroyage_cell;
DROP TRIGGER layers_cells_emptied ON carroyage_cell;
DROP TRIGGER layers_sum_pending ON layers_pendingsum;
DROP TRIGGER layers_forget_outlines ON observatory_perimeter;
DROP TRIGGER layers_note_change ON layers_outline;
DROP FUNCTION layers_note_datasets, layers_sum_pending, layers_forget_squares,
    layers_forget_outlines, layers_sum_cells;
ALTER TABLE layers_square DROP CONSTRAINT layers_square_dataset;
ALTER TABLE layers_outline DROP CONSTRAINT layers_outline_perimeter;
DROP INDEX layers_square_shape;
"""


class Migration(migrations.Migration):
    dependencies = [("layers", "0003_low_zooms"), ("carroyage", "0001_initial")]
    operations = [migrations.RunSQL(KEYS + SUM_CELLS + TRIGGERS, UNDO)]
