"""The committee’s comparison of quarters: one selection, a table, charts, files, snapshots."""
