"""Rows of deposits: a schema of their own, open to the organisation that acts and no other.

The policies bind the owner of the tables too. Nobody acts for an organisation unless the
transaction says so (observatory.organisation), so that a forgotten filter shows nothing.
"""

from django.db import migrations

OWN = "nullif(current_setting('observatory.organisation', true), '')::bigint"

TABLES = """
CREATE SCHEMA deposits;

CREATE TABLE deposits.batch (
    deposit_id bigint NOT NULL REFERENCES importers_deposit (id) ON DELETE CASCADE,
    organisation_id bigint NOT NULL,
    number integer NOT NULL,
    rows integer NOT NULL,
    sealed bytea NOT NULL,
    PRIMARY KEY (deposit_id, number)
);
COMMENT ON COLUMN deposits.batch.sealed IS 'Outcome of each row, under the deposit''s key.';

CREATE TABLE deposits.review (
    deposit_id bigint NOT NULL REFERENCES importers_deposit (id) ON DELETE CASCADE,
    organisation_id bigint NOT NULL,
    row_number bigint NOT NULL,
    outcome smallint NOT NULL,
    alike bytea NOT NULL,
    resolved boolean NOT NULL DEFAULT false,
    sealed bytea NOT NULL,
    PRIMARY KEY (deposit_id, row_number)
);
CREATE INDEX review_alike ON deposits.review (deposit_id, alike);

CREATE TABLE deposits.atom (
    deposit_id bigint NOT NULL REFERENCES importers_deposit (id) ON DELETE CASCADE,
    organisation_id bigint NOT NULL,
    name text NOT NULL,
    rows integer NOT NULL CHECK (rows > 0),
    key_sum numeric(20) NOT NULL CHECK (key_sum >= 0 AND key_sum < 18446744073709551616),
    PRIMARY KEY (deposit_id, name)
);

CREATE TABLE deposits.access (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    organisation_id bigint NOT NULL,
    deposit_id bigint NOT NULL,
    actor_id bigint,
    action text NOT NULL,
    rows bigint NOT NULL DEFAULT 0
);
COMMENT ON TABLE deposits.access IS 'Who read or changed rows: rows are added, never altered.';

CREATE FUNCTION deposits.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the record of accesses can only be added to';
END $$;
CREATE TRIGGER access_only_added BEFORE UPDATE OR DELETE ON deposits.access
    FOR EACH ROW EXECUTE FUNCTION deposits.refuse_change();
CREATE TRIGGER access_not_emptied BEFORE TRUNCATE ON deposits.access
    FOR EACH STATEMENT EXECUTE FUNCTION deposits.refuse_change();
"""

POLICIES = "\n".join(
    f"""
ALTER TABLE deposits.{table} ENABLE ROW LEVEL SECURITY;
ALTER TABLE deposits.{table} FORCE ROW LEVEL SECURITY;
CREATE POLICY own_{table} ON deposits.{table}
    USING (organisation_id = {OWN}) WITH CHECK (organisation_id = {OWN});
"""
    for table in ("batch", "review", "atom", "access")
)


class Migration(migrations.Migration):
    dependencies = [("importers", "0001_deposits")]

    operations = [migrations.RunSQL(TABLES + POLICIES, "DROP SCHEMA deposits CASCADE")]
