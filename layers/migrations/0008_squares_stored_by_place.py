"""Store sums of cells block by block: a tile of a whole country reads few pages, not one a square."""

import importlib

from django.db import migrations

_before = importlib.import_module("layers.migrations.0004_keep_low_zooms_true")
AS_BEFORE = _before.SUM_CELLS.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")
# Blocks of 16 x 16 squares; the database would otherwise store them as its hashes fall.
BY_PLACE = AS_BEFORE.replace("SELECT summed,", "SELECT * FROM (SELECT summed,").replace(
    "GROUP BY 1, 2, 3, 4, 5;",
    """GROUP BY 1, 2, 3, 4, 5) AS squares(dataset, system, side, north, east)
            ORDER BY floor(squares.east / (squares.side * 16.0)),
                floor(squares.north / (squares.side * 16.0));""",
)
AGAIN = "SELECT layers_sum_cells(id) FROM carroyage_griddataset;"


class Migration(migrations.Migration):
    dependencies = [("layers", "0007_allowances")]
    operations = [migrations.RunSQL(BY_PLACE + AGAIN, AS_BEFORE)]
