"""Every change of what is published leaves a trace, written by the database itself."""

from django.db import migrations

# Tables whose rows are few: who added each is noted too.
WATCHED = (
    "indicator",
    "seriesbreak",
    "sourceterms",
    "service",
    "scheme",
    "instance",
    "meeting",
    "decision",
    "study",
    "framework",
    "node",
    "nodeactor",
    "frameworkrow",
    "target",
    "crosswalk",
    "followupsheet",
    "sheetresult",
    "fundingline",
    "fundingplace",
    "project",
    "projectshare",
    "statement",
    "facilitylink",
)
# Tables filled by the hundred thousand: an added row names its load, which names its author.
WATCHED_LARGE = ("observation", "facility")
FROZEN = ("review",)

# current_setting(…, true) is empty where nobody said who acts.
WHO = """
    nullif(current_setting('observatory.actor', true), '')::bigint,
    nullif(current_setting('observatory.run', true), '')::bigint,
    coalesce(current_setting('observatory.reason', true), ''),
    session_user, clock_timestamp()
"""
COLUMNS = """observatory_change
    ("table", action, row_id, before, after, actor, run_id, reason, database_role, changed_at)"""

FUNCTIONS = f"""
CREATE FUNCTION observatory_note_insert() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO {COLUMNS}
    SELECT TG_TABLE_NAME, 'insert', n.id, NULL, NULL, {WHO} FROM new_rows n;
    RETURN NULL;
END $$;
CREATE FUNCTION observatory_note_delete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO {COLUMNS}
    SELECT TG_TABLE_NAME, 'delete', o.id, to_jsonb(o), NULL, {WHO} FROM old_rows o;
    RETURN NULL;
END $$;
CREATE FUNCTION observatory_note_update() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO {COLUMNS}
    SELECT TG_TABLE_NAME, 'update', id, d.before, d.after, {WHO}
    FROM old_rows o JOIN new_rows n USING (id)
    CROSS JOIN LATERAL (
        SELECT jsonb_object_agg(b.key, b.value) AS before, jsonb_object_agg(a.key, a.value) AS after
        FROM jsonb_each(to_jsonb(o)) b JOIN jsonb_each(to_jsonb(n)) a USING (key)
        WHERE a.value <> b.value
    ) d
    WHERE d.before IS NOT NULL;
    RETURN NULL;
END $$;
CREATE FUNCTION observatory_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are frozen: make a new one', TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER only_added BEFORE UPDATE OR DELETE ON observatory_change
    FOR EACH ROW EXECUTE FUNCTION observatory_refuse_change();
"""


def _watching(table, added):
    statements = [
        f"""CREATE TRIGGER note_update AFTER UPDATE ON observatory_{table}
            REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
            FOR EACH STATEMENT EXECUTE FUNCTION observatory_note_update()""",
        f"""CREATE TRIGGER note_delete AFTER DELETE ON observatory_{table}
            REFERENCING OLD TABLE AS old_rows
            FOR EACH STATEMENT EXECUTE FUNCTION observatory_note_delete()""",
    ]
    if added:
        statements.append(
            f"""CREATE TRIGGER note_insert AFTER INSERT ON observatory_{table}
            REFERENCING NEW TABLE AS new_rows
            FOR EACH STATEMENT EXECUTE FUNCTION observatory_note_insert()"""
        )
    return ";\n".join(statements) + ";\n"


def _forward():
    frozen = "".join(
        f"""CREATE TRIGGER frozen 
            BEFORE UPDATE OF content, checksum, year, territory_id, made_at OR DELETE
            ON observatory_{table} FOR EACH ROW EXECUTE FUNCTION observatory_refuse_change();\n"""
        for table in FROZEN
    )
    watching = [_watching(table, True) for table in WATCHED]
    watching += [_watching(table, False) for table in WATCHED_LARGE]
    return FUNCTIONS + "".join(watching) + frozen


BACKWARD = """
DROP FUNCTION observatory_note_insert() CASCADE;
DROP FUNCTION observatory_note_delete() CASCADE;
DROP FUNCTION observatory_note_update() CASCADE;
DROP FUNCTION observatory_refuse_change() CASCADE;
"""


class Migration(migrations.Migration):
    dependencies = [("observatory", "0004_figures_and_promises")]
    operations = [migrations.RunSQL(_forward(), BACKWARD)]
